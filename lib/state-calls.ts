// What the mergeable states ask a backend for. Types only.
import type { Canonical, FloatArray } from './types';

/** Where stands what in StateCall.fields: native/operations/softmax_state.hpp has the same list. */
export type StateFields = Float64Array;

/** The sums of a run of logits, one row of n > 0. */
export interface StateCall extends Canonical {
  readonly logits: FloatArray;
  /** Ten numbers, written: see lib/addressing/mass.ts. */
  readonly fields: StateFields;
  /** The indices of the greatest keys, best first; of equals the lower one. */
  readonly ids: Int32Array | undefined;
  /** Their logits. */
  readonly best: Float64Array | undefined;
  /** [n, width], of the logits' element type, and their weighted sums. */
  readonly values: FloatArray | undefined;
  readonly width: number;
  readonly valueSums: Float64Array | undefined;
}

/** out = e^(|beta| (key - max) - logTotal), for a finite beta that is not 0, and a finite max. */
export interface StateProbabilitiesCall extends Canonical {
  readonly logits: FloatArray;
  readonly out: FloatArray;
  /** The greatest key, and the logarithm of the sum of exponentials relative to it. */
  readonly max: number;
  readonly logTotal: number;
}
