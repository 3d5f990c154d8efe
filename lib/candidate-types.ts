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
   * mean of a over its targets.
   */
  readonly reports: Float64Array;
}

/** Candidates drawn from an alias table, where nothing but numbers is known of it: to be drawn behind JavaScript's back. */
export interface CandidateDraws {
  /** Of the alias table of the proposal. */
  readonly thresholds: Uint32Array;
  readonly aliases: Int32Array;
  /** Drawn until there are as many different ones as wanted. */
  readonly unique: boolean;
  /** Of the generator, as two words, lower first. Set s is drawn from stream s of it. */
  readonly seed: readonly [number, number];
  /** The candidates of a set: what the numbers above say, for who cannot draw. */
  readonly draw: (set: number) => Int32Array;
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
 * of a table, or the mean of some. The parameters are changed in place.
 */
export interface TrainCandidatesCall extends Canonical, CandidateLoss, CandidateDraws {
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
  /** The log partition as a number that is not learned. */
  readonly fixedLogPartition: number;
  /** [classes]: subtracted from the scores of candidates. */
  readonly logCounts: Float64Array | undefined;
  readonly targetCorrection: TargetCorrection;
  readonly share: Share;
  /** Examples that see the same parameters. */
  readonly batchSize: number;
  readonly learningRate: number;
  readonly tableLearningRate: number;
  readonly threads: number;
  /** Written by the computation: the sum of the losses, each before its example was learnt. */
  readonly totals: { loss: number };
}
