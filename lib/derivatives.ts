// The public derivatives. Each function is its description, computed by the binary, or by the reference where none loads.
import { nativeBackend } from './native/backend';
import { betaGradientOperation } from './operations/beta-gradient';
import { elementwise } from './operations/elementwise';
import { jacobian } from './operations/jacobian';
import { logSumExpGradient } from './operations/log-sum-exp-vjp';
import { product } from './operations/products';
import type { ElementwiseOptions, Fits, JacobianOptions } from './options';
import type { Direction, ElementsOf, Input, Like, Tensor } from './types';

/**
 * The gradient with respect to the logits from that with respect to softmax's result: the vector-Jacobian product, in
 * O(n), without the matrix.
 *
 *     softmaxVjp(p, g)_i = beta p_i (g_i - sum_j p_j g_j)        p = softmax(beta z)
 *
 * Bridle, "Training stochastic model recognition algorithms as networks can lead to maximum mutual information estimation
 * of parameters", 1990. Each element is right to 5 units of roundoff (2^-24 for float32, 2^-53 for float64) of
 * |beta| p_i (|g_i - sum p g| + sum p |g|). For beta = 0 and +-Infinity, where softmax does not change with the logits,
 * it is 0.
 *
 * A class with p = 0 takes no part: its g is not looked at, and its gradient is 0. nonFinite 'ieee' takes the formula as
 * it stands, 'throw' refuses a row with a NaN or an infinity that takes part, or in which nothing takes part.
 *
 * @param p - what softmax returned: one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param g - the gradient with respect to p, of its kind and shape
 * @param options - the beta, temperature or base that softmax was given; axis (one or several); mask; nonFinite; out
 * (which may be p or g)
 * @returns the gradient with respect to the logits, of the kind and shape of p; `out` if it was given
 * @throws the same as softmax, and ERR_INVALID_ARG_TYPE for p and g of two kinds
 * @example
 * softmaxVjp([0.25, 0.75], [1, 0]); // Float64Array [0.1875, -0.1875]
 */
export function softmaxVjp<P extends Input, Out = Like<P>>(
  p: P,
  g: Direction<P>,
  options?: ElementwiseOptions<Out> & Fits<ElementsOf<P>>,
): Out {
  return product(['p', 'g'], nativeBackend.softmaxVjp, softmaxVjp, p, g, options) as Out;
}

/**
 * How softmax's result changes with the logits in the direction t: the Jacobian-vector product, in O(n). As the Jacobian
 * of softmax is symmetric, it is the same as softmaxVjp, in everything.
 *
 *     softmaxJvp(p, t)_i = beta p_i (t_i - sum_j p_j t_j)        p = softmax(beta z)
 *
 * @param p - what softmax returned: one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param t - the direction in which the logits move, of the kind and shape of p
 * @param options - the beta, temperature or base that softmax was given; axis (one or several); mask; nonFinite; out
 * (which may be p or t)
 * @returns the change of p, of its kind and shape; `out` if it was given
 * @throws the same as softmaxVjp
 * @example
 * softmaxJvp([0.5, 0.5], [1, 1]); // Float64Array [0, 0]: a common shift changes nothing
 */
export function softmaxJvp<P extends Input, Out = Like<P>>(
  p: P,
  t: Direction<P>,
  options?: ElementwiseOptions<Out> & Fits<ElementsOf<P>>,
): Out {
  return product(['p', 't'], nativeBackend.softmaxVjp, softmaxJvp, p, t, options) as Out;
}

/**
 * The gradient with respect to the logits from that with respect to log-softmax's result, in O(n).
 *
 *     logSoftmaxVjp(logP, g)_i = beta (g_i - e^(logP_i) sum_j g_j)        logP = logSoftmax(beta z)
 *
 * For beta = 0 and +-Infinity it is 0. A class with logP = -Infinity takes no part: its g is not looked at, and its
 * gradient is 0. nonFinite 'ieee' takes the formula as it stands; 'throw' refuses a row in which what takes part is not
 * finite, or nothing does.
 *
 * @param logP - what logSoftmax returned: one vector (of floats, see Input, or numbers), or a tensor
 * @param g - the gradient with respect to logP, of its kind and shape
 * @param options - the beta, temperature or base that logSoftmax was given; axis (one or several); mask; nonFinite; out
 * (which may be logP or g)
 * @returns the gradient with respect to the logits, of the kind and shape of logP; `out` if it was given
 * @throws the same as softmaxVjp
 * @example
 * logSoftmaxVjp([-Infinity, 0], [5, 1]); // Float64Array [0, 0]
 */
export function logSoftmaxVjp<LogP extends Input, Out = Like<LogP>>(
  logP: LogP,
  g: Direction<LogP>,
  options?: ElementwiseOptions<Out> & Fits<ElementsOf<LogP>>,
): Out {
  return product(['logP', 'g'], nativeBackend.logSoftmaxVjp, logSoftmaxVjp, logP, g, options) as Out;
}

/**
 * How log-softmax's result changes with the logits in the direction t, in O(n).
 *
 *     logSoftmaxJvp(logP, t)_i = beta (t_i - sum_j e^(logP_j) t_j)        logP = logSoftmax(beta z)
 *
 * For beta = 0 and +-Infinity it is 0. A class with logP = -Infinity takes no part, as in logSoftmaxVjp.
 *
 * @param logP - what logSoftmax returned: one vector (of floats, see Input, or numbers), or a tensor
 * @param t - the direction in which the logits move, of the kind and shape of logP
 * @param options - the beta, temperature or base that logSoftmax was given; axis (one or several); mask; nonFinite; out
 * (which may be logP or t)
 * @returns the change of logP, of its kind and shape; `out` if it was given
 * @throws the same as softmaxVjp
 * @example
 * logSoftmaxJvp([-Infinity, 0], [5, 1]); // Float64Array [0, 0]
 */
export function logSoftmaxJvp<LogP extends Input, Out = Like<LogP>>(
  logP: LogP,
  t: Direction<LogP>,
  options?: ElementwiseOptions<Out> & Fits<ElementsOf<LogP>>,
): Out {
  return product(['logP', 't'], nativeBackend.logSoftmaxJvp, logSoftmaxJvp, logP, t, options) as Out;
}

/**
 * The gradient with respect to the logits from that with respect to log-sum-exp, without weights.
 *
 *     logSumExpVjp(z, g)_i = beta g softmax(beta z)_i
 *
 * With g = 1 / beta it is the gradient of smoothMax, which is softmax itself. For beta = 0 and +-Infinity it is 0.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param g - a number for one vector; for a tensor one for each row, of the logits' kind, in a tensor without the axes or
 * with the axes as 1, or in an array
 * @param options - beta, temperature or base; axis (one or several); mask; nonFinite; out (which may be the logits)
 * @returns the gradient with respect to the logits, of their kind and shape; `out` if it was given
 * @throws the same as softmaxVjp
 * @example
 * logSumExpVjp([3, 3], 1); // Float64Array [0.5, 0.5]
 */
export function logSumExpVjp<Logits extends Input, Out = Like<Logits>>(
  logits: Logits,
  g: number | Direction<Logits>,
  options?: ElementwiseOptions<Out> & Fits<ElementsOf<Logits>>,
): Out {
  return logSumExpGradient(nativeBackend.logSumExpVjp, logSumExpVjp, logits, g, options) as Out;
}

/**
 * The derivative of softmax in beta.
 *
 *     softmaxBetaGradient(z)_i = d softmax(beta z)_i / d beta = p_i (z_i - sum_j p_j z_j)
 *
 * That in the temperature is -beta^2 times as much, that in the base 1 / base times. The logits are taken relative to
 * their maximum, so that a common offset costs no accuracy. It is 0 where p does not change with beta: at +-Infinity, and
 * in a row in which an infinite logit decides. With nonFinite 'ieee' an infinite logit makes its row NaN.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - beta, temperature or base; axis (one or several); mask; nonFinite; out (which may be the logits)
 * @returns the derivatives, of the kind and shape of the logits; `out` if it was given
 * @throws the same as softmax
 * @example
 * softmaxBetaGradient([1000, 1002], { beta: 0 }); // Float64Array [-0.5, 0.5]
 */
export function softmaxBetaGradient<Logits extends Input, Out = Like<Logits>>(
  logits: Logits,
  options?: ElementwiseOptions<Out> & Fits<ElementsOf<Logits>>,
): Out {
  const { softmaxBetaGradient: kernel } = nativeBackend;
  return elementwise(betaGradientOperation, kernel, softmaxBetaGradient, logits, options) as Out;
}

/**
 * The Jacobian of softmax, a matrix for each row of logits; also beta times the covariance of a one-hot draw, and the
 * Hessian of smoothMax.
 *
 *     J_ij = d softmax(beta z)_i / d z_j = beta p_i (delta_ij - p_j)
 *
 * It is symmetric to the bit, and 1 - p_i is computed as the sum of the other p where it is small: a saturated softmax has
 * a small Jacobian and not none. For beta = 0 and +-Infinity it is 0. Where only products with it are wanted, softmaxVjp
 * needs no matrix.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - beta, temperature or base; axis (one); mask; nonFinite; out
 * @returns a tensor of the logits' kind: [n, n] for a vector of n, the shape without the axis and then [n, n] for a tensor;
 * `out` if it was given
 * @throws the same as softmax
 * @example
 * softmaxJacobian([3, 3]).data; // Float64Array [0.25, -0.25, -0.25, 0.25]
 */
export function softmaxJacobian<Logits extends Input, Out = Tensor<ElementsOf<Logits>>>(
  logits: Logits,
  options?: JacobianOptions<Out> & Fits<ElementsOf<Logits>>,
): Out {
  return jacobian(nativeBackend.softmaxJacobian, softmaxJacobian, logits, options) as Out;
}

/**
 * The Jacobian of log-softmax, a matrix for each row of logits.
 *
 *     J_ij = d logSoftmax(beta z)_i / d z_j = beta (delta_ij - p_j)
 *
 * 1 - p_i is computed as in softmaxJacobian. A class whose log-probability is -Infinity has a row of zeros, but for
 * nonFinite 'ieee'. For beta = 0 and +-Infinity the matrix is 0.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - beta, temperature or base; axis (one); mask; nonFinite; out
 * @returns a tensor of the logits' kind: [n, n] for a vector of n, the shape without the axis and then [n, n] for a tensor;
 * `out` if it was given
 * @throws the same as softmax
 * @example
 * logSoftmaxJacobian([3, 3]).data; // Float64Array [0.5, -0.5, -0.5, 0.5]
 */
export function logSoftmaxJacobian<Logits extends Input, Out = Tensor<ElementsOf<Logits>>>(
  logits: Logits,
  options?: JacobianOptions<Out> & Fits<ElementsOf<Logits>>,
): Out {
  return jacobian(nativeBackend.logSoftmaxJacobian, logSoftmaxJacobian, logits, options) as Out;
}
