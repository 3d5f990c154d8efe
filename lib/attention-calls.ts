// What a backend is told of attention. Types only.
import type { Canonical, FloatArray } from './types';

/** Steps of an array that is broadcast to scores [batch, heads, queries, keys]. */
export interface ScoreStrides {
  readonly batch: number;
  readonly head: number;
  readonly query: number;
  readonly key: number;
}

/**
 * The scores of attention: a row for each query, its logits the scores of the n keys. Query [batch, heads, queries, depth],
 * key [batch, keyHeads, n, depth], value [batch, keyHeads, n, width]; outer = batch heads queries.
 */
export interface AttentionScores extends Canonical {
  readonly query: FloatArray;
  readonly key: FloatArray;
  readonly value: FloatArray;
  readonly heads: number;
  readonly keyHeads: number;
  readonly queries: number;
  readonly depth: number;
  readonly width: number;
  readonly scale: number;
  /** 0 = none. */
  readonly softcap: number;
  /** Key j takes part for query i only where first <= j - i <= last. Integers, or infinite. */
  readonly first: number;
  readonly last: number;
  readonly scoreMaskStrides: ScoreStrides | undefined;
  readonly bias: FloatArray | undefined;
  readonly biasStrides: ScoreStrides | undefined;
}

export interface AttentionCall extends Canonical {
  readonly scores: AttentionScores;
  readonly out: FloatArray;
  readonly logSumExp: FloatArray | undefined;
  readonly weights: FloatArray | undefined;
}

/** Gradients in the direction `direction`; `out` and `logSumExp`, if there, are what attention gave. */
export interface AttentionVjpCall extends Canonical {
  readonly scores: AttentionScores;
  readonly direction: FloatArray;
  readonly out: FloatArray | undefined;
  readonly logSumExp: FloatArray | undefined;
  readonly queryGradient: FloatArray;
  readonly keyGradient: FloatArray;
  readonly valueGradient: FloatArray;
  readonly biasGradient: FloatArray | undefined;
}
