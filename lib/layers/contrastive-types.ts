// NoiseContrastive as users see it. Types only.
import type { Tensor } from '../types';
import type {
  CandidateGradientOptions,
  CandidateTrainOptions,
  SampledSoftmax,
  SamplingOptions,
  Targets,
} from './sampled-types';
import type {
  ClassIds,
  Examples,
  Hidden,
  LayerGradients,
  OutputLayer,
  PromisedLayer,
  SignalOptions,
  SparseGradient,
  TrainResult,
} from './types';

export interface NoiseContrastiveOptions extends SamplingOptions {
  /**
   * The logarithm of the partition function, log Z: a number that stays (default 0: scores that normalise themselves);
   * 'learned', one number for all; 'context', one for each of so many `contexts`. Learned ones begin at log(classes),
   * what it is where all scores are 0.
   */
  logPartition?: number | 'fixed' | 'learned' | 'context' | undefined;
  /** How many contexts there are, for logPartition 'context'. */
  contexts?: number | undefined;
  /** Negative sampling: see NoiseContrastive. Default false. */
  negativeSampling?: boolean | undefined;
}

/** The context of each row: for logPartition 'context', where it must be given. */
export interface ContextOptions {
  contexts?: ClassIds | undefined;
}

export interface ContrastiveTrainOptions extends CandidateTrainOptions, ContextOptions {
  /**
   * A limit > 0 for the magnitudes of an example's gradient in its scores: where their sum, 1 - sigma(D_target) + sum
   * over noise sigma(D_w), is greater, they are scaled down to it. Default: Infinity, the exact gradient. With share
   * 'batch' only. The sum of a softmax is never above 2, and nor is this one on average where scores normalise
   * themselves; but it reaches samples + 1 where a context gives too much mass, and plain gradient descent with steps
   * that suit a softmax diverges. With a limit of 2 it learns. But it is slow to leave scores that begin far from
   * normalised: give `bias` the logarithms of how often each class comes. Pascanu, Mikolov and Bengio, "On the difficulty
   * of training recurrent neural networks", 2013, section 3.2, scale the whole gradient.
   */
  scoreGradientLimit?: number | undefined;
}

export interface ContrastiveGradients extends LayerGradients {
  /** Of a learned log partition: the contexts (of one for all: 0) and their gradients. */
  readonly logPartitionGradient?: SparseGradient;
}

/**
 * Noise-contrastive estimation: a class is told from k samples of noise q, by logistic losses of
 *
 *     D_w = z_w - log Z - log(k q_w),   z_w = <w_w, h> + b_w
 *     loss = -log sigma(D_target) - sum over noise log sigma(-D_w)
 *
 * At the optimum e^(z - log Z) is the distribution of the classes: scores normalise themselves, and log Z, fixed or
 * learned, is the logarithm of their partition function. As k grows the gradient tends to that of maximum likelihood.
 * Gutmann and Hyvarinen, "Noise-contrastive estimation", 2010; Mnih and Teh, "A fast and simple algorithm for training
 * neural probabilistic language models", 2012. With `removeAccidentalHits: true` it is "sampled logistic", nce_loss of
 * TensorFlow with that option: something else, which learns log-odds.
 *
 * `negativeSampling: true` drops the correction: D = z (Mikolov and others, "Distributed representations of words and
 * phrases", 2013). That is no model of a density: its optimum is z = log(p / (k q)), good vectors, no probabilities.
 * Noise that is the target of its example is then left out, not drawn anew, as in word2vec (removeAccidentalHits).
 *
 * Default: noise of each example's own, with replacement, hits kept. `logProbability`, `distribution`, `topK` and `sample`
 * are those of the full softmax of the same parameters, normalised exactly. With share 'example' a step of `trainStep` is
 * one example (`batchSize`), with 'window' a run of examples of one target; threads update without locks. With 'batch'
 * (some hundred samples) it is the whole call, and the results do not depend on `threads`.
 *
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE) and RangeError (ERR_OUT_OF_RANGE, with the position of
 * an id; ERR_SOFTMAX_SHAPE_MISMATCH). Nothing is then changed.
 * @example
 * new NoiseContrastive({ classes: 4, dim: 1, proposal: proposals.uniform(4), samples: 1, negativeSampling: true, removeAccidentalHits: false }).lossAndGradient([1], 2, { rng: new Rng(1) }).loss; // 1.386...
 * new NoiseContrastive({ classes: 9, dim: 1, proposal: proposals.logUniform(9), samples: 5, logPartition: 'learned' }).trainStep({ table: new EmbeddingTable({ size: 4, dim: 1 }), rows: [0, 3] }, [2, 1], { learningRate: 0.1, rng: new Rng(1) }).loss;
 */
export interface NoiseContrastive
  extends Omit<OutputLayer, 'lossAndGradient' | 'trainStep'>,
    Omit<SampledSoftmax, keyof OutputLayer | 'form'> {
  readonly negativeSampling: boolean;
  /** The number that it is; or the parameters, [] or [contexts]. */
  readonly logPartition: number | Tensor;
  /** Weight and bias gradients are of the targets and the noise. One of `rng` and `candidates` must be given. */
  lossAndGradient(
    hidden: Hidden,
    targets: Targets,
    options: CandidateGradientOptions & ContextOptions,
  ): ContrastiveGradients;
  trainStep(examples: Examples, targets: ClassIds, options: ContrastiveTrainOptions): TrainResult;
}

export interface NoiseContrastiveConstructor {
  new (options: NoiseContrastiveOptions): NoiseContrastive;
  readonly prototype: NoiseContrastive;
  /** The layer whose toBytes gave these. Its proposal is the same distribution, which no longer learns. */
  fromBytes(bytes: Uint8Array): NoiseContrastive;
}

/** NoiseContrastive of softmax-native/promises. */
export interface PromisedNoiseContrastive
  extends Omit<PromisedLayer, 'lossAndGradient' | 'trainStep'>,
    Pick<
      NoiseContrastive,
      'proposal' | 'samples' | 'share' | 'unique' | 'removeAccidentalHits' | 'negativeSampling' | 'logPartition'
    > {
  lossAndGradient(
    hidden: Hidden,
    targets: Targets,
    options: CandidateGradientOptions & ContextOptions & SignalOptions,
  ): Promise<ContrastiveGradients>;
  trainStep(
    examples: Examples,
    targets: ClassIds,
    options: ContrastiveTrainOptions & SignalOptions,
  ): Promise<TrainResult>;
}

export interface PromisedNoiseContrastiveConstructor {
  new (options: NoiseContrastiveOptions): PromisedNoiseContrastive;
  readonly prototype: PromisedNoiseContrastive;
  fromBytes(bytes: Uint8Array): PromisedNoiseContrastive;
}
