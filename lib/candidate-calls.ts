// What the layers that learn from sampled classes ask of a backend. Types only, like lib/types.
import type { Canonical, FloatArray } from './types';

/** How the scores of targets and candidates become a loss. */
export interface CandidateLoss {
  /** A logistic loss of each score (noise-contrastive estimation); else cross-entropy with softmax over all of a row. */
  readonly logistic: boolean;
  /** Whether candidates that are a target of their row take no part. */
  readonly withoutHits: boolean;
}

/**
 * The loss of rows of hidden values against their targets and sampled candidates. `outer` is the number of rows, `n`
 * that of a row's candidates. The score of class w in row r is
 *   a = <weight_w, hidden_r> + bias_w - logPartition_r - correction
 * and the targets of a row share its mass evenly.
 */
export interface CandidateCall extends Canonical, CandidateLoss {
  /** [outer, depth], [classes, depth] and [classes]. */
  readonly hidden: FloatArray;
  readonly matrix: FloatArray;
  readonly bias: FloatArray | undefined;
  readonly depth: number;
  readonly classes: number;
  /** The classes that take part, ascending, each once: what targets and candidates are positions of. */
  readonly ids: Int32Array;
  /** [outer, several] */
  readonly targets: Int32Array;
  readonly several: number;
  /** [n], the same for all rows; [outer, n] where each row has its own. */
  readonly candidates: Int32Array;
  readonly ownCandidates: boolean;
  /** Subtracted from the scores: of the shape of targets, and of candidates. */
  readonly targetCorrection: Float64Array;
  readonly candidateCorrection: Float64Array;
  /** [outer] */
  readonly logPartition: Float64Array | undefined;
  /** What gradients are multiplied by. */
  readonly factor: number;
  /** [outer] */
  readonly losses: FloatArray;
  /** [outer, depth], and [ids.length, depth] and [ids.length] of the classes that take part. */
  readonly hiddenGradient: FloatArray;
  readonly matrixGradient: FloatArray;
  readonly biasGradient: FloatArray | undefined;
  /**
   * [outer, 4]: the logarithms of sum e^a and of sum e^2a over the candidates, the sum of dloss/da over the row, and the
   * logarithm of sum e^(a + correction) over its targets.
   */
  readonly reports: Float64Array;
}

/** Who shares candidates: no one, consecutive examples of the same target, or all that see the same parameters. */
export type Share = 'example' | 'window' | 'batch';

/**
 * What is subtracted from the score of a target: nothing, the log expected count as from candidates, or what makes the
 * candidates draws from the classes other than the target.
 */
export type TargetCorrection = 'none' | 'count' | 'negatives';

/**
 * Stochastic gradient descent over `outer` examples with `n` candidates each: the hidden values of an example are a row
 * of a table, or the mean of some. The parameters are changed in place. A score is as in CandidateCall.
 */
export interface CandidateTraining extends Canonical, CandidateLoss {
  /** [tableRows, depth] */
  readonly table: FloatArray;
  readonly tableRows: number;
  readonly depth: number;
  /** The row of each example; with offsets, those from offsets[e] to offsets[e + 1] are the example's. */
  readonly rows: Int32Array;
  readonly offsets: Int32Array | undefined;
  readonly targets: Int32Array;
  /** [classes, depth] and [classes] */
  readonly matrix: FloatArray;
  readonly bias: FloatArray | undefined;
  readonly classes: number;
  /** The log partition as a parameter: one, or one for each context; the context of each example. */
  readonly logPartition: FloatArray | undefined;
  readonly contexts: Int32Array | undefined;
  /** The log partition where it is no parameter. */
  readonly fixedLogPartition: number;
  /** Examples that see the same parameters: so many, fewer at the end. */
  readonly batchSize: number;
  readonly learningRate: number;
  readonly tableLearningRate: number;
  readonly threads: number;
  /** Written by the computation: the sum of the losses, each before its example was learnt. */
  readonly totals: { loss: number };
}

/** With candidates that a minibatch shares. Threads share its products: the result does not depend on them. */
export interface SharedTrainingCall extends CandidateTraining {
  /** [batches, n] */
  readonly candidates: Int32Array;
  /** Subtracted from scores: [batches, n] and [outer]. */
  readonly candidateCorrection: Float64Array;
  readonly targetCorrection: Float64Array;
  /** Where the magnitudes of an example's gradient in its scores sum to more, they are scaled down to it. */
  readonly scoreGradientLimit: number;
}

/** With candidates drawn on the way. Threads learn side by side, without locks. */
export interface OwnTrainingCall extends CandidateTraining {
  /** Of the alias table of the proposal, empty for a uniform one. */
  readonly thresholds: Float64Array;
  readonly aliases: Int32Array;
  /** Of the generator, as two words, lower first. What begins with example e draws from stream e of it. */
  readonly seed: readonly [low: number, high: number];
  /** The candidates drawn from a stream, for who cannot draw from the table. */
  readonly draw: (stream: number) => Int32Array;
  /** Subtracted from the scores of candidates: of each class, or one for all. */
  readonly logCounts: Float64Array | undefined;
  readonly corrects: TargetCorrection;
  /**
   * Whether consecutive examples of the same target share the candidates of the first of them and see the same
   * parameters; at most batchSize of them.
   */
  readonly window: boolean;
}
