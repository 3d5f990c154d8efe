// AdaptiveSoftmax as users see it. Types only.
import type { FloatArray, FloatType, Input, Tensor } from '../types';
import type {
  ClassIds,
  Hidden,
  LayerGradients,
  LossAndGradientOptions,
  OutputLayer,
  PromisedLayer,
  SignalOptions,
  SparseGradient,
} from './types';

export interface AdaptiveSoftmaxOptions {
  /** Number of classes, which are sorted: the most frequent is 0. */
  classes: number;
  /** Elements of a hidden vector. */
  dim: number;
  /** Where the shortlist ends, and then each cluster but the last: ascending, the last below `classes`. At most 64. */
  cutoffs: readonly number[] | Int32Array;
  /** Cluster i sees dim / divValue^(i + 1) elements, rounded down, but at least one. Greater than 0. Default 4. */
  divValue?: number | undefined;
  /** The element type of the parameters and of all that is computed with them. Default 'float32'. */
  type?: FloatType | undefined;
  /** Whether each class of the head has a number that is added to its logit. Default false. */
  bias?: boolean | undefined;
  /** Of the first values of the projections. Default 0. */
  seed?: number | bigint | undefined;
  /**
   * All parameters, in the order in which they are listed here: weight, bias, then of each cluster projection and tail.
   * An array over a SharedArrayBuffer is used itself, anything else is copied. Default: projections uniform in
   * (-1 / sqrt(dim), 1 / sqrt(dim)) from Rng(seed), all else zeros.
   */
  parameters?: Input | undefined;
}

/** With what the clusters add. */
export interface AdaptiveGradients extends LayerGradients {
  /** Of the projection of each cluster, [width, dim]. */
  readonly projectionGradients: readonly Tensor[];
  /** Of the rows of the tail of each cluster; without ids where no target is in it. */
  readonly tailGradients: readonly SparseGradient[];
}

/**
 * Adaptive softmax: frequent classes at full width, rare ones in clusters that see fewer elements of the hidden vector
 * and are computed only where a target is in them.
 *
 *     log P(c) = log softmax(W h + b)_c                                        c < cutoffs[0]
 *     log P(c) = log softmax(W h + b)_(cutoffs[0] + i) + log softmax(T_i A_i h)_(c - cutoffs[i])   c in cluster i
 *
 * Grave, Joulin, Cisse, Grangier and Jegou, "Efficient softmax approximation for GPUs", 2017; the function of PyTorch's
 * AdaptiveLogSoftmaxWithLoss, whose `div_value` and `head_bias` are divValue and bias. It is a model of its own, and an
 * exact one: `distribution` sums to 1, and `topK` opens a cluster only where it may have one of the best. `weight` is W
 * [cutoffs[0] + clusters, dim], whose last rows are the clusters', and `weightGradient` has all its rows. A step of
 * `trainStep` is the whole call, unless `batchSize` says otherwise; its results do not depend on `threads`.
 *
 * Rare classes stand behind a product of two matrices: what steps of a size that suits FullSoftmax make of them may grow
 * without bound, to NaN. It helps when the head begins with what is known: `bias: true`, and in `bias.data` the
 * logarithms of how often each of its classes and each cluster comes.
 *
 * @throws the same as FullSoftmax
 * @example
 * new AdaptiveSoftmax({ classes: 100, dim: 8, cutoffs: [10, 40] }).logProbability([1, 0, 0, 0, 0, 0, 0, 0], 3); // -2.484...
 * @example
 * new AdaptiveSoftmax({ classes: 100, dim: 8, cutoffs: [10, 40] }).weight.dims[0]; // 12
 */
export interface AdaptiveSoftmax extends OutputLayer {
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  /** Of each cluster, [width, dim]: A. */
  readonly projections: readonly Tensor[];
  /** Of each cluster, [classes of it, width]: T. */
  readonly tails: readonly Tensor[];
  /** All parameters, of which the others are views. */
  readonly parameters: FloatArray;
  lossAndGradient(hidden: Hidden, targets: ClassIds, options?: LossAndGradientOptions): AdaptiveGradients;
}

export interface AdaptiveSoftmaxConstructor {
  new (options: AdaptiveSoftmaxOptions): AdaptiveSoftmax;
  readonly prototype: AdaptiveSoftmax;
  /** The layer whose toBytes gave these. */
  fromBytes(bytes: Uint8Array): AdaptiveSoftmax;
}

/** AdaptiveSoftmax of softmax-native/promises. */
export interface PromisedAdaptiveSoftmax
  extends PromisedLayer,
    Pick<AdaptiveSoftmax, 'cutoffs' | 'divValue' | 'projections' | 'tails' | 'parameters'> {
  lossAndGradient(
    hidden: Hidden,
    targets: ClassIds,
    options?: LossAndGradientOptions & SignalOptions,
  ): Promise<AdaptiveGradients>;
}

export interface PromisedAdaptiveSoftmaxConstructor {
  new (options: AdaptiveSoftmaxOptions): PromisedAdaptiveSoftmax;
  readonly prototype: PromisedAdaptiveSoftmax;
  fromBytes(bytes: Uint8Array): PromisedAdaptiveSoftmax;
}
