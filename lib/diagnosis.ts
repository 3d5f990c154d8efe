// The function that looks at logits instead of computing with them, by the binary or by the reference.
import { nativeBackend } from './native/backend';
import { diagnosis } from './operations/diagnose';
import type { Diagnosed } from './options';
import type { Input, Options } from './types';

export type { Diagnosed, Diagnoses, Diagnosis, DiagnosisOf } from './options';

/**
 * What a row of logits does to softmax and to its gradient: how certain it is, how much of the gradient is left, and how
 * exact its probabilities are. Everything is computed in float64, in terms of sums without the maximum, so that a row of
 * gap 64 has 1 - pMax = 1.6e-28 and a gradient, and not 0.
 *
 *     a = beta z,  p = softmax(a),  d_i = max a - a_i,  S = sum e^-d_i,  J = beta (diag p - p p')
 *     pMax = 1 / S              oneMinusPMax = (S - 1) / S       gap = the least d_i > 0
 *     entropy = log S + sum p d             effectiveClasses = e^entropy
 *     jacobianTrace = |beta| sum p (1 - p)  jacobianNorm = |beta| times the greatest root x of sum p^2 / (p - x) = 1
 *
 * The root: Golub, "Some modified matrix eigenvalue problems", SIAM Review 15, 1973. That a saturated row has no gradient
 * is why attention divides by the square root of d (Vaswani et al., "Attention is all you need", 2017): `saturated` says
 * so of a row with sum p (1 - p) < 1/1000, and `suggestedScale` is the factor c on the logits with which its maximum would
 * have 9/10: sum of e^(-c d) over all others = 1/9. It is inversely proportional to the logits' scale.
 *
 * `relativeErrorBound` bounds |computed p_i - p_i| / p_i of softmax of this very row, with the same options, for every p_i
 * that is a normal number of the logits' type: 2 roundings, the exponentials, their sum, and the rounding errors that the
 * subtractions z - max in fact have (componentwise and a posteriori; the norm-wise bound a priori of Blanchard, Higham and
 * Higham, IMA Journal of Numerical Analysis 41, 2021, has n and the range of z in it).
 *
 * Where +Infinity logits or an infinite beta decide, k classes have 1/k each: gap is Infinity, and the derivative is that
 * of softmaxJacobian, 0 for an infinite beta; with one class of them the row is saturated, and no factor helps: 0. With
 * beta 0 all classes tie, and the derivative is 0. A row in which nothing takes part has 0 in all fields but max
 * (-Infinity), gap (Infinity) and suggestedScale (1). A row whose softmax is NaN has NaN in all but ties (0), saturated
 * (false) and firstNonFinite.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - beta, temperature or base; axis (one or several); mask; nonFinite
 * @returns an object of numbers and one boolean for one vector; of tensors without the axes for a tensor (Float64Array;
 * Int32Array for ties, firstNonFinite and saturated, which is 0 or 1)
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE (axis, base), ERR_SOFTMAX_SHAPE_MISMATCH,
 * ERR_SOFTMAX_DETACHED, ERR_SOFTMAX_NON_FINITE
 * @example
 * diagnose([64, 128, 192]).oneMinusPMax; // 1.603810890548638e-28
 */
export function diagnose<Logits extends Input>(logits: Logits, options?: Options): Diagnosed<Logits> {
  return diagnosis(nativeBackend.diagnose, diagnose, logits, options) as Diagnosed<Logits>;
}
