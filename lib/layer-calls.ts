// What the output layers ask a backend for. Types only.
import type { Canonical, FloatArray } from './types';

/** Rows of hidden vectors [outer, depth] and the n classes of a linear layer: logits = hidden matrix^T + bias. */
export interface LinearSource extends Canonical {
  readonly hidden: FloatArray;
  /** [n, depth] and [n]. */
  readonly matrix: FloatArray;
  readonly bias: FloatArray | undefined;
  readonly depth: number;
}

/** Where the clusters of an adaptive softmax end, and what they project to. */
export interface AdaptiveShape {
  readonly dim: number;
  readonly hasBias: boolean;
  /** Where the shortlist ends, and then each cluster: the last is the number of classes. */
  readonly ends: readonly number[];
  /** Elements of the projected hidden vectors of each cluster. */
  readonly widths: readonly number[];
}

/** Rows of hidden vectors [outer, dim] and an adaptive softmax, all of whose parameters are one array. */
export interface AdaptiveSource extends Canonical {
  readonly hidden: FloatArray;
  readonly parameters: FloatArray;
  readonly shape: AdaptiveShape;
}

/** What is written of each row's distribution. */
export type Form = 'logits' | 'probabilities' | 'logProbabilities';

/** The n numbers of each row. */
export type Distribution<Source> = Source & { readonly form: Form; readonly out: FloatArray };

/** The best classes of each row, best first; of equals the lower id. */
export type Best<Source> = Source & {
  readonly k: number;
  readonly ids: Int32Array;
  readonly out: FloatArray;
};

/** A class for each row, by a number in (0, 1); -1 where the probabilities are NaN. */
export type Drawn<Source> = Source & { readonly uniforms: Float64Array; readonly out: Int32Array };

/** The losses of an adaptive softmax, and gradients of `factor` times their sum. */
export interface AdaptiveLossCall extends AdaptiveSource {
  readonly targets: Int32Array;
  readonly factor: number;
  readonly out: FloatArray;
  readonly hiddenGradient: FloatArray | undefined;
  /** Laid out as the parameters. */
  readonly gradient: FloatArray | undefined;
  /** Written by the computation. */
  readonly totals: { loss: number };
}

/** Examples whose hidden vectors are rows of a table, or means of bags of rows, and how they are learnt; `outer` of them. */
export interface TrainCall extends Canonical {
  /** [size, dim], trained in place. */
  readonly table: FloatArray;
  readonly size: number;
  readonly depth: number;
  readonly rows: Int32Array;
  readonly offsets: Int32Array | undefined;
  readonly targets: Int32Array;
  readonly learningRate: number;
  readonly tableLearningRate: number;
  /** Examples of a step; 0 = all. */
  readonly batchSize: number;
  /** Written by the computation: the sum of the losses. */
  readonly totals: { loss: number };
}

export type LinearTrainCall = TrainCall & { readonly matrix: FloatArray; readonly bias: FloatArray | undefined };
export type AdaptiveTrainCall = TrainCall & { readonly parameters: FloatArray; readonly shape: AdaptiveShape };
