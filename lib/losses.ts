// The public losses. Each function is its description, computed by the binary, or by the reference where none loads.
import { nativeBackend } from './native/backend';
import { divergence } from './operations/divergence';
import { linearLoss } from './operations/linear-cross-entropy';
import { crossEntropyOperation, loss, nllLossOperation } from './operations/loss';
import type {
  CrossEntropyOptions,
  CrossEntropyResult,
  Fits,
  LinearCrossEntropyOptions,
  LinearCrossEntropyResult,
  NllLossOptions,
  NllLossResult,
  ReductionOptions,
  Target,
} from './options';
import type { ElementsOf, Input, Reduced, RowElementsOf, Tensor, TensorLike } from './types';

/**
 * Softmax cross-entropy: how much the target costs under the softmax of the logits, in nats, with its gradients.
 *
 *     loss = -sum_c w_c y_c log softmax(beta z)_c + zLoss log^2 sum_c e^(beta z_c)
 *     gradient = beta (p_c (sum w y + 2 zLoss log sum) - w_c y_c)
 *
 * The definitions of PyTorch's CrossEntropyLoss: with class indices the mean divides by the sum of the targets' class
 * weights, with probabilities by the number of rows; label smoothing is y' = (1 - epsilon) y + epsilon / K (Szegedy and
 * others, "Rethinking the Inception architecture", 2016), or Megatron-LM's, which gives epsilon to the other classes
 * alone. The z-loss: Chowdhery and others, "PaLM", 2022. softcap: Gemma 2, 2024. The forward pass and the gradient are
 * one computation: the logits are read from memory once. 0 log 0 = 0: a logit of -Infinity without target costs nothing.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param target - a class for each row: a number for one vector, an Int32Array, a BigInt64Array, numbers, or a tensor of
 * them, shaped as the logits without the axis; or probabilities: floats, or numbers, as many as the logits (numbers as
 * many as rows are classes)
 * @param options - weight; ignoreIndex (-100); labelSmoothing (0); reduction ('mean'); zLoss (0); softcap; gradient
 * (false) and, with probabilities, targetGradient (false): true, or storage; beta, temperature or base; axis; mask;
 * nonFinite
 * @returns loss: one float64 number, with 'none' one for each row; totalWeight: what the mean divides by; logSumExp of
 * each row (0 where ignored); the gradients that were asked for, of the reduced loss, with 'none' of each row's own. The
 * mean over nothing is NaN, its gradient 0. Masked classes have gradient 0; a target on one costs Infinity.
 * @throws the same as softmax; ERR_OUT_OF_RANGE names the row of a class index that is not one. Nothing is then written.
 * @example
 * crossEntropy([1, 2, 4], 0).loss; // 3.169846019556285...
 * @example
 * crossEntropy([1, 2, 4], 2, { gradient: true }).gradient; // Float64Array [0.042..., 0.114..., -0.156...]
 */
export function crossEntropy<
  Logits extends Input,
  const Chosen extends CrossEntropyOptions<ElementsOf<Logits>> = Record<never, never>,
>(logits: Logits, target: Target, options?: Chosen): CrossEntropyResult<Logits, Chosen> {
  return loss(
    crossEntropyOperation,
    nativeBackend.crossEntropy,
    crossEntropy,
    logits,
    target,
    options,
  ) as CrossEntropyResult<Logits, Chosen>;
}

/**
 * Negative log-likelihood: cross-entropy of log-probabilities that are given, without the softmax.
 *
 *     loss = -sum_c w_c y_c logP_c,   gradient = -w_c y_c
 *
 * PyTorch's NLLLoss, and the same with probabilities as targets; the rules of crossEntropy.
 *
 * @param logProbabilities - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param target - class indices or probabilities, as for crossEntropy
 * @param options - weight; ignoreIndex (-100); reduction ('mean'); gradient (false); axis
 * @returns loss, totalWeight and, if asked for, the gradient in the log-probabilities, as crossEntropy
 * @throws the same as crossEntropy
 * @example
 * nllLoss(logSoftmax([1, 2, 4]), 0).loss; // 3.169846019556285...
 */
export function nllLoss<
  Logits extends Input,
  const Chosen extends NllLossOptions<ElementsOf<Logits>> = Record<never, never>,
>(logProbabilities: Logits, target: Target, options?: Chosen): NllLossResult<Logits, Chosen> {
  return loss(nllLossOperation, nativeBackend.nllLoss, nllLoss, logProbabilities, target, options) as NllLossResult<
    Logits,
    Chosen
  >;
}

/**
 * The Kullback-Leibler divergence of two softmax distributions, for each row: what it costs, in nats, to take q for p.
 *
 *     KL(p || q) = sum_i p_i (log p_i - log q_i),   p = softmax(beta logits), q = softmax(beta otherLogits)
 *
 * Kullback and Leibler, "On information and sufficiency", 1951. 0 log 0 = 0; Infinity where p has mass and q has none.
 * Summed in float64 from terms that do not cancel, so that it is right also for rows that all but agree.
 *
 * @param logits - of p: one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param otherLogits - of q: the same shape
 * @param options - beta, temperature or base; axis (one or several); mask (of both); nonFinite; keepDims; out
 * @returns a number for one vector, a tensor without the axes for a tensor
 * @throws the same as softmax
 * @example
 * klDivergence([1, 2, 4], [0, 0, 0]); // 0.57434567194043...
 */
export function klDivergence<Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
  logits: Logits,
  otherLogits: Input,
  options?: ReductionOptions<Rows> & Fits<RowElementsOf<Logits>>,
): Reduced<Logits, Rows> {
  return divergence(nativeBackend.klDivergence, klDivergence, logits, otherLogits, options) as Reduced<Logits, Rows>;
}

/**
 * Cross-entropy of a linear layer: the loss of many classes without the memory for their logits.
 *
 *     crossEntropy(hidden weight^T + bias, target), and its gradients in hidden, weight and bias
 *
 * The logits are made a tile of 512 classes at a time, folded into a running maximum and sum (Milakov and Gimelshein,
 * "Online normalizer calculation for softmax", 2018), and for the gradients kept, up to 32 MiB of them, or made again:
 * the memory needed besides the results grows with the rows, not with rows times classes. In float32 each sum over the
 * depth, the classes or the rows is made of chains of 256 fused multiply-adds. The idea: Wijmans and others, "Cut your
 * losses in large-vocabulary language models", 2024.
 *
 * What has the gradient 0 contributes nothing: NaN in an ignored row or in a masked class reaches no gradient.
 *
 * @param hidden - one vector of d numbers, or a tensor [..., d]: a row for each target
 * @param weight - a tensor [classes, d] of the same kind
 * @param target - a class for each row, or probabilities [..., classes], as for crossEntropy
 * @param options - bias, one number for each class; gradient (false): true for all, or { hidden, weight, bias }, each
 * true or storage, that of hidden may be hidden itself; and those of crossEntropy but axis and targetGradient: weight
 * (of the classes), ignoreIndex, labelSmoothing, reduction, zLoss, softcap, beta, temperature or base, mask (broadcast
 * to [..., classes]), nonFinite
 * @returns loss, totalWeight and logSumExp as crossEntropy; hiddenGradient like hidden, weightGradient like weight and
 * biasGradient like bias, as asked for: of the reduced loss, with reduction 'none' of the sum of the rows' losses
 * @throws the same as crossEntropy
 * @example
 * linearCrossEntropy([1, 2], { data: Float64Array.of(1, 0, 0, 1, 1, 1), dims: [3, 2] }, 2).loss; // 0.4076059644443...
 */
export function linearCrossEntropy<
  Hidden extends Input,
  const Chosen extends LinearCrossEntropyOptions<ElementsOf<Hidden>> = Record<never, never>,
>(hidden: Hidden, weight: TensorLike, target: Target, options?: Chosen): LinearCrossEntropyResult<Hidden, Chosen> {
  return linearLoss(
    nativeBackend.linearCrossEntropy,
    linearCrossEntropy,
    hidden,
    weight,
    target,
    options,
  ) as LinearCrossEntropyResult<Hidden, Chosen>;
}
