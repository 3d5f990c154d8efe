// SampledSoftmax, and what the layers that learn from sampled classes share, as users see them. Types only.
import type { Share } from '../candidate-calls';
import type { Proposal } from '../random/proposal';
import type { Rng } from '../random/rng';
import type { FloatType, Input, TensorLike } from '../types';
import type {
  ClassIds,
  Examples,
  Hidden,
  LayerGradients,
  LossAndGradientOptions,
  OutputLayer,
  PromisedLayer,
  SignalOptions,
  TrainOptions,
  TrainResult,
} from './types';

export type { Share };

/** Targets: an id for each row, or for several targets a row (each with the same part of its mass) a tensor [rows, T]. */
export type Targets = ClassIds | TensorLike;

/** Candidates that the caller has drawn. */
export interface GivenCandidates {
  /** The classes: [n], the same for all rows, or a tensor [rows, n]. One may stand there several times. */
  ids: ClassIds | TensorLike;
  /** The logarithm of how often each is expected, which is subtracted from its score. Default: the proposal's. */
  logExpectedCount?: Input | undefined;
  /**
   * The same for the targets. Default: the proposal's; of SampledSoftmax in the form 'negatives', where logExpectedCount
   * is given, 0.
   */
  targetLogExpectedCount?: Input | undefined;
}

export interface CandidateGradientOptions extends LossAndGradientOptions {
  /**
   * Where candidates are drawn from. A call takes two numbers of it as a seed (`drawSeed`); what is drawn for a group of
   * rows is drawn from the stream of that seed that the number of its first row is.
   */
  rng?: Rng | undefined;
  /** Candidates instead: nothing is drawn. */
  candidates?: GivenCandidates | undefined;
}

export interface CandidateTrainOptions extends TrainOptions {
  /** Where candidates are drawn from, as in lossAndGradient: examples are rows. */
  rng: Rng;
}

export interface SamplingOptions {
  /** Number of classes. */
  classes: number;
  /** Elements of a hidden vector. */
  dim: number;
  /** The element type of the parameters and of all that is computed with them. Default 'float32'. */
  type?: FloatType | undefined;
  /** Whether each class has a number that is added to its logit; or their first values. Default false. */
  bias?: boolean | Input | undefined;
  /** First values, [classes, dim]. What lies in a SharedArrayBuffer is adopted, else copied. Default: zeros. */
  weight?: Input | undefined;
  /** The distribution that candidates are drawn from: one of `proposals`, of as many classes. */
  proposal: Proposal;
  /** How many candidates are drawn at a time. */
  samples: number;
  /**
   * Who shares candidates. 'batch': all that see the same parameters, by matrix products: for hundreds of samples.
   * 'example': no one; for a few samples. 'window': consecutive examples with the same target, which then see the same
   * parameters, up to `batchSize` (default 32) of them.
   */
  share?: Share | undefined;
  /** Whether a class is drawn at most once; with share 'batch' only. */
  unique?: boolean | undefined;
  /** Whether a candidate that is a target of its row is left out. */
  removeAccidentalHits?: boolean | undefined;
}

export interface SampledSoftmaxOptions extends SamplingOptions {
  /**
   * What is corrected for the sampling. 'expectedCount' (default): the logarithm of how often a class is expected among
   * the samples is subtracted from the scores of candidates and of targets: sampled_softmax_loss of TensorFlow. 'negatives':
   * candidates are draws from the classes other than the target, whose own score is not corrected: then the sum of
   * exponentials is an unbiased estimate of the partition function.
   */
  form?: 'expectedCount' | 'negatives' | undefined;
}

/** One for each row. */
export interface SampledGradients extends LayerGradients {
  /** The effective sample size of the candidates, (sum r)^2 / sum r^2 of their weights r = e^score. */
  readonly ess: Float64Array;
  /** The estimate of the logarithm of the partition function, sum e^logit over all classes. */
  readonly logZ: Float64Array;
  /**
   * Its standard error by the spread of the weights (`importanceSampling`), as of draws with replacement: an upper guess
   * for unique ones. NaN for a single candidate.
   */
  readonly logZStandardError: Float64Array;
}

/**
 * Softmax learnt from sampled classes: cross-entropy over the target and some candidates drawn from a proposal q, their
 * scores corrected for how they were drawn (importance sampling).
 *
 *     s_j = z_j - log(expected count of j),   z_j = <w_j, h> + b_j
 *     loss = log(e^s_t + sum over candidates e^s_j) - s_t
 *
 * The forms of the correction are described at the option `form`. The loss is less than that of the full softmax on
 * average (Jensen), and its gradient is unbiased only where q is proportional to e^z; both vanish as the samples grow.
 * Default: unique samples shared by the batch, corrected by their true inclusion probabilities, accidental hits left out.
 * With replacement ('unique: false') hits are kept by default: to mask them leaves a bias that more samples do not remove.
 *
 * `logProbability`, `distribution`, `topK` and `sample` are exact: the full softmax of the same parameters. With share
 * 'batch' a step of `trainStep` is the whole call, unless `batchSize` says otherwise, and its results do not depend on
 * `threads`; else an example, with threads that update without locks.
 *
 * Bengio and Senecal, "Adaptive importance sampling to accelerate training of a neural probabilistic language model",
 * 2008; Jean, Cho, Memisevic and Bengio, "On using very large target vocabulary for neural machine translation", 2015;
 * Rawat, Chen, Yu, Suresh and Kumar, "Sampled softmax with random Fourier features", 2019.
 *
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE) and RangeError (ERR_OUT_OF_RANGE, with the position of
 * an id, also for a target that the proposal gives no probability; ERR_SOFTMAX_SHAPE_MISMATCH). Nothing is then changed.
 * @example
 * new SampledSoftmax({ classes: 4, dim: 1, proposal: proposals.uniform(4), samples: 4 }).lossAndGradient([1], 2, { rng: new Rng(1) }).loss; // 1.386...
 * new SampledSoftmax({ classes: 9, dim: 1, proposal: proposals.logUniform(9), samples: 3, form: 'negatives' }).trainStep({ table: new EmbeddingTable({ size: 4, dim: 1 }), rows: [0, 3] }, [2, 1], { learningRate: 0.1, rng: new Rng(1) }).loss;
 */
export interface SampledSoftmax extends Omit<OutputLayer, 'lossAndGradient' | 'trainStep'> {
  readonly proposal: Proposal;
  readonly samples: number;
  readonly share: Share;
  readonly unique: boolean;
  readonly removeAccidentalHits: boolean;
  readonly form: 'expectedCount' | 'negatives';
  /** Weight and bias gradients are of the targets and candidates. One of `rng` and `candidates` must be given. */
  lossAndGradient(hidden: Hidden, targets: Targets, options: CandidateGradientOptions): SampledGradients;
  trainStep(examples: Examples, targets: ClassIds, options: CandidateTrainOptions): TrainResult;
}

export interface SampledSoftmaxConstructor {
  new (options: SampledSoftmaxOptions): SampledSoftmax;
  readonly prototype: SampledSoftmax;
  /** The layer whose toBytes gave these. Its proposal is the same distribution, which no longer learns. */
  fromBytes(bytes: Uint8Array): SampledSoftmax;
}

/** SampledSoftmax of softmax-native/promises. */
export interface PromisedSampledSoftmax
  extends Omit<PromisedLayer, 'lossAndGradient' | 'trainStep'>,
    Pick<SampledSoftmax, 'proposal' | 'samples' | 'share' | 'unique' | 'removeAccidentalHits' | 'form'> {
  lossAndGradient(
    hidden: Hidden,
    targets: Targets,
    options: CandidateGradientOptions & SignalOptions,
  ): Promise<SampledGradients>;
  trainStep(
    examples: Examples,
    targets: ClassIds,
    options: CandidateTrainOptions & SignalOptions,
  ): Promise<TrainResult>;
}

export interface PromisedSampledSoftmaxConstructor {
  new (options: SampledSoftmaxOptions): PromisedSampledSoftmax;
  readonly prototype: PromisedSampledSoftmax;
  fromBytes(bytes: Uint8Array): PromisedSampledSoftmax;
}
