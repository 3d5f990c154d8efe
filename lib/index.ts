// The public names of softmax-native. Each function is its description, computed by the binary, or by the reference
// where none loads.
import { atCallSite } from './errors';
import { nativeBackend, useThreads } from './native/backend';
import { argmaxOperation } from './operations/argmax';
import { elementwise } from './operations/elementwise';
import { hardmaxOperation } from './operations/hardmax';
import { logSumExpOperation, smoothMaxOperation } from './operations/log-sum-exp';
import { reduction } from './operations/reduction';
import { logSoftmaxOperation, softmaxOperation } from './operations/softmax';

export type { Read, ReadGradients, ReadOptions } from './addressing/memory-types';
export type {
  CollectOptions,
  PushOptions,
  SoftmaxStateOptions,
  StateChunk,
  TopOfState,
} from './addressing/state-types';
export { attention, attentionVjp } from './attention';
export type {
  AttentionGradients,
  AttentionOptions,
  AttentionResult,
  AttentionVjpOptions,
  ScoreOptions,
} from './attention-options';
export { gumbelSoftmax, gumbelSoftmaxVjp, sample } from './decoding';
export * from './distributions';
export type { AdaptiveGradients, AdaptiveSoftmaxOptions } from './layers/adaptive-types';
export type {
  ContextOptions,
  ContrastiveGradients,
  ContrastiveTrainOptions,
  NoiseContrastiveOptions,
} from './layers/contrastive-types';
export { EmbeddingTable, type EmbeddingTableOptions } from './layers/embedding-table';
export type { FullSoftmaxOptions } from './layers/full-types';
export type { HierarchicalSoftmaxOptions } from './layers/hierarchical-types';
export {
  type Code,
  type Counts,
  type FromCountsOptions,
  type FromPathsOptions,
  HuffmanTree,
  type PathLike,
} from './layers/huffman-tree';
export type {
  CandidateGradientOptions,
  CandidateTrainOptions,
  GivenCandidates,
  SampledGradients,
  SampledSoftmaxOptions,
  SamplingOptions,
} from './layers/sampled-types';
export type {
  ClassIds,
  Examples,
  Hidden,
  LayerGradients,
  LossAndGradientOptions,
  OutputLayer,
  PromisedLayer,
  SparseGradient,
  TopK,
  TrainOptions,
  TrainResult,
} from './layers/types';
export { crossEntropy, klDivergence, linearCrossEntropy, nllLoss } from './losses';
export { Memory, SoftmaxState } from './memories';
export * from './models';
export type {
  ClassIndices,
  CrossEntropyOptions,
  CrossEntropyResult,
  LabelSmoothing,
  LinearCrossEntropyOptions,
  LinearCrossEntropyResult,
  LinearGradientChoice,
  LossOptions,
  NllLossOptions,
  NllLossResult,
  Target,
} from './options';
export { AdaptiveSoftmax, FullSoftmax, HierarchicalSoftmax, NoiseContrastive, SampledSoftmax } from './output-layers';
export { type CheckUnbiasedOptions, checkUnbiased, type UnbiasedReport } from './random/check-unbiased';
export { type ImportanceEstimate, importanceSampling } from './random/importance';
export type { Proposal } from './random/proposal';
export type { Drawn, DrawOptions, Exclusion, ExpectedCountOptions } from './random/proposal-options';
export { type LearnedProposal, proposals, type UnigramOptions } from './random/proposals';
export { Rng, type RngState } from './random/rng';
export type { Stage } from './token-calls';
export type { GumbelOptions, SampleOptions, SampleResult, TokenLogProbabilities } from './tokens/types';

import type {
  ArgmaxOptions,
  ElementwiseOptions,
  Fits,
  HardmaxOptions,
  LogSumExpOptions,
  ReductionOptions,
  Signed,
} from './options';
import type { ElementsOf, Input, Like, Reduced, RowElementsOf, Tensor } from './types';
import { validateCount } from './validate';

export {
  logSoftmaxJacobian,
  logSoftmaxJvp,
  logSoftmaxVjp,
  logSumExpVjp,
  softmaxBetaGradient,
  softmaxJacobian,
  softmaxJvp,
  softmaxVjp,
} from './derivatives';
export { type Diagnosed, type Diagnoses, type Diagnosis, type DiagnosisOf, diagnose } from './diagnosis';
export type { CodedError, ErrorCode } from './errors';
export { type BackendInfo, backend } from './native/backend';
export type {
  ArgmaxOptions,
  ElementwiseOptions,
  HardmaxOptions,
  JacobianOptions,
  LogSumExpOptions,
  ReductionOptions,
  Signed,
} from './options';
export type {
  Direction,
  Float16ArrayLike,
  FloatArray,
  Floats,
  HalfArray,
  Input,
  NonFinite,
  Options,
  Reduction,
  Scale,
  Tensor,
  TensorLike,
} from './types';

/**
 * Softmax: a probability for each class from a real number for each class.
 *
 *     softmax(z)_i = e^(beta z_i) / sum_j e^(beta z_j)
 *
 * Gibbs's canonical distribution, named softmax by Bridle, "Probabilistic interpretation of feedforward classification
 * network outputs", 1990. The greatest logit is subtracted before the product with beta, so nothing overflows; the
 * accuracy of that form: Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax functions",
 * IMA Journal of Numerical Analysis 41, 2021.
 *
 * beta = +Infinity is the arg max limit (ties share the mass equally), -Infinity the arg min limit, 0 is uniform. By
 * default +Infinity logits share all the mass, and a row in which nothing takes part gives zeros; see `nonFinite`.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - beta, temperature or base; axis; mask; nonFinite; out
 * @returns probabilities of the logits' kind and shape, in [0, 1]; numbers give a Float64Array; `out` if it was given
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE (axis, base), ERR_SOFTMAX_SHAPE_MISMATCH,
 * ERR_SOFTMAX_DETACHED, ERR_SOFTMAX_OVERLAP, ERR_SOFTMAX_NON_FINITE. `out` is then as it was.
 * @example
 * softmax([1, 2, 4], { base: 2 }); // Float64Array [0.0909..., 0.1818..., 0.7272...]: 2, 4 and 16 of 22
 */
export function softmax<Logits extends Input, Out = Like<Logits>>(
  logits: Logits,
  options?: ElementwiseOptions<Out> & Fits<ElementsOf<Logits>>,
): Out {
  return elementwise(softmaxOperation, nativeBackend.softmax, softmax, logits, options) as Out;
}

/**
 * The logarithm of softmax, right to a relative ulp also where a class is all but certain.
 *
 *     logSoftmax(z)_i = beta (z_i - max) - log1p(sum of all but one maximum of e^(beta (z_j - max)))
 *
 * Blanchard, Higham and Higham 2021 (see softmax); the sum without the maximum: SciPy's logsumexp. In nats.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - beta, temperature or base; axis; mask; nonFinite; out
 * @returns log-probabilities of the logits' kind and shape, at most 0; -Infinity for what takes no part
 * @throws the same as softmax
 * @example
 * logSoftmax([0, -40]); // Float64Array [-4.248354255291589e-18, -40]
 */
export function logSoftmax<Logits extends Input, Out = Like<Logits>>(
  logits: Logits,
  options?: ElementwiseOptions<Out> & Fits<ElementsOf<Logits>>,
): Out {
  return elementwise(logSoftmaxOperation, nativeBackend.logSoftmax, logSoftmax, logits, options) as Out;
}

/**
 * The logarithm of a sum of exponentials, for each row: the log-partition function of softmax.
 *
 *     logSumExp(z) = log sum_j w_j e^(beta z_j) = beta max + log1p(the rest)
 *
 * Blanchard, Higham and Higham 2021 (see softmax). Weights may have any sign: the result is then log |sum|, and
 * `returnSign` gives the sign of the sum. Of nothing it is -Infinity.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - beta, temperature or base; axis (one or several); mask; nonFinite; weights; keepDims; returnSign; out
 * @returns a number for one vector (rounded to float32 for a Float32Array), a tensor without the axes for a tensor;
 * with returnSign { value, sign } of them
 * @throws the same as softmax
 * @example
 * logSumExp([0, -40]); // 4.248354255291589e-18
 */
export function logSumExp<Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
  logits: Logits,
  options: LogSumExpOptions<Rows> & Fits<RowElementsOf<Logits>> & { returnSign: true },
): Signed<Reduced<Logits, Rows>, Reduced<Logits, Tensor<RowElementsOf<Logits>>>>;
export function logSumExp<Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
  logits: Logits,
  options?: LogSumExpOptions<Rows> & Fits<RowElementsOf<Logits>> & { returnSign?: false | undefined },
): Reduced<Logits, Rows>;
export function logSumExp(logits: Input, options?: object): unknown {
  return reduction(logSumExpOperation, nativeBackend.logSumExp, logSumExp, logits, options);
}

/**
 * The smooth maximum of each row: log-sum-exp in the units of the logits.
 *
 *     smoothMax(z) = (1/beta) log sum_j e^(beta z_j) = max + log1p(the rest) / beta
 *
 * It tends to max z for beta -> Infinity and to min z for -Infinity, and exceeds the maximum by at most log(n) / beta.
 * Cook, "Basic properties of the soft maximum", 2011; Boyd and Vandenberghe, "Convex Optimization", section 3.1.5.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - beta, temperature or base; axis (one or several); mask; nonFinite; keepDims; out
 * @returns a number for one vector, a tensor without the axes for a tensor
 * @throws the same as softmax
 * @example
 * smoothMax([1, 2, 4], { beta: 100 }); // 4
 */
export function smoothMax<Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
  logits: Logits,
  options?: ReductionOptions<Rows> & Fits<RowElementsOf<Logits>>,
): Reduced<Logits, Rows> {
  return reduction(smoothMaxOperation, nativeBackend.logSumExp, smoothMax, logits, options) as Reduced<Logits, Rows>;
}

/**
 * The index of the greatest logit of each row, the first of several; with a negative beta that of the least. A NaN is
 * greater than all else, as for NumPy and PyTorch. -1 where the mask leaves nothing.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - beta, temperature or base (their sign counts); axis (one); mask; nonFinite; keepDims; out (Int32Array)
 * @returns a number for one vector, a tensor of Int32Array without the axis for a tensor
 * @throws the same as softmax, and ERR_OUT_OF_RANGE where there is nothing to choose from
 * @example
 * argmax([1, 3, 3]); // 1
 */
export function argmax<Logits extends Input, Rows = Tensor<Int32Array>>(
  logits: Logits,
  options?: ArgmaxOptions<Rows> & Fits<Int32Array>,
): Reduced<Logits, Rows> {
  return reduction(argmaxOperation, nativeBackend.argmax, argmax, logits, options) as Reduced<Logits, Rows>;
}

/**
 * One-hot: 1 at the greatest logit of each row and 0 elsewhere.
 *
 * With ties 'first' (default) the first of several has the 1, as in ONNX's Hardmax; with 'split' they share it equally,
 * which is the limit of softmax for beta -> Infinity. A row in which nothing takes part gives zeros.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - ties; beta, temperature or base (their sign counts); axis (one); mask; nonFinite; out
 * @returns zeros and ones of the logits' kind and shape
 * @throws the same as softmax
 * @example
 * hardmax([1, 3, 3], { ties: 'split' }); // Float64Array [0, 0.5, 0.5]
 */
export function hardmax<Logits extends Input, Out = Like<Logits>>(
  logits: Logits,
  options?: HardmaxOptions<Out> & Fits<ElementsOf<Logits>>,
): Out {
  return elementwise(hardmaxOperation, nativeBackend.hardmax, hardmax, logits, options) as Out;
}

/**
 * Sets how many threads a large call may use. Results never depend on it.
 *
 * @param threads - from 1 on, or 0 for the default: all processors for large work, one for small
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 * @example
 * setThreads(1);
 */
export function setThreads(threads: number): void {
  try {
    useThreads(validateCount('threads', threads));
  } catch (error) {
    throw atCallSite(error, setThreads);
  }
}
