// What drawing tokens asks a backend for. Types only.
import type { Canonical, FloatArray } from './types';

/** What is done to the logits of a row before one of its tokens is drawn, in the order in which it is asked for. */
export type Stage = 'bias' | 'penalties' | 'temperature' | 'minP' | 'topK' | 'topP' | 'typicalP';

/** What the bits in a Uint16Array mean. */
export type HalfType = 'float16' | 'bfloat16';

/**
 * Tokens drawn from the rows of logits [outer, n], all arguments checked and copied. `beta` is that of the stage
 * 'temperature'; before it logits count as they are.
 */
export interface SampleCall extends Canonical {
  /** Bits where `half` says of what. */
  readonly logits: FloatArray | Uint16Array;
  readonly half: HalfType | undefined;
  /** Bit id % 32 of word floor(id / 32) says whether a token may be drawn; of all rows, or of each. */
  readonly allowed: Int32Array | undefined;
  /** The tokens so far of all rows, those of row r from offsets[r] to offsets[r + 1] - 1. */
  readonly history: Int32Array | undefined;
  readonly offsets: Int32Array | undefined;
  /** Each id once, and what is added to its logit: a number < Infinity, -Infinity for a ban. */
  readonly biasIds: Int32Array | undefined;
  readonly biases: Float64Array | undefined;
  readonly repetition: number;
  readonly presence: number;
  readonly frequency: number;
  /** 'bias' and 'penalties' before the others. What is not there is not done. */
  readonly stages: readonly Stage[];
  readonly topK: number;
  readonly topP: number;
  /** log minP */
  readonly leastLog: number;
  readonly typicalP: number;
  /** Whether what equals the last that a filter keeps is kept, too. */
  readonly keepsTies: boolean;
  readonly count: number;
  readonly replace: boolean;
  /** [outer, count], each in (0, 1). */
  readonly uniforms: Float64Array;
  /** How many of the most likely tokens are listed besides. */
  readonly top: number;
  /** For each row `count` drawn ids, then `top` ids. -1 where logits are NaN, -2 where there is nothing left to draw. */
  readonly ids: Int32Array;
  /**
   * For each row: log-probabilities of the drawn, then of the top ids; the same two before all stages; how many tokens the
   * filters keep, their mass before the filters, the entropy of what is drawn from.
   */
  readonly values: Float64Array;
}

/** Numbers of a row in `values`. */
export type Summary = 'kept' | 'keptMass' | 'entropy';

/**
 * The Gumbel-softmax of logits [outer, n, inner], or where there is a `direction` its derivative times that:
 * z'_i = logits_i + noise_i, rounded to float32 where `single`; softmax(beta z').
 */
export interface GumbelCall extends Canonical {
  /** Bits where `half` says of what; the direction and the result, too. */
  readonly logits: FloatArray | Uint16Array;
  readonly half: HalfType | undefined;
  readonly single: boolean;
  /** Whether the result is one-hot at the first greatest z'. */
  readonly hard: boolean;
  readonly direction: FloatArray | Uint16Array | undefined;
  readonly out: FloatArray | Uint16Array;
  /** Which number of the stream each element has; undefined where they are in one order. */
  readonly positions: Float64Array | undefined;
  /** Two words, the lower first. */
  readonly seed: readonly [low: number, high: number];
  /** The noise of each element, -log(-log U) for the uniform numbers of stream 0 of the seed. */
  readonly noise: () => Float64Array;
}
