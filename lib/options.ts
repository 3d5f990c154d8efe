// The options of each public function, with the results' types. Types only.
import type { Input, Options, Storage } from './types';

/** Options of a function whose result has the shape of the logits. */
export interface ElementwiseOptions<Out> extends Options {
  /** Storage for the result, which is then returned. It may be the logits themselves, but not overlap them in part. */
  out?: Out | undefined;
}

export interface HardmaxOptions<Out> extends ElementwiseOptions<Out> {
  /** A single axis. */
  axis?: number | undefined;
  /** 'first': 1 at the first maximum. 'split': ties share the 1 equally. Default 'first'. */
  ties?: 'first' | 'split' | undefined;
}

export interface JacobianOptions<Out> extends Options {
  /** A single axis. */
  axis?: number | undefined;
  /** Storage for the matrices, which is then returned. */
  out?: Out | undefined;
}

/** Options of a function whose result is one number for each row. */
export interface ReductionOptions<Out> extends Options {
  /** Whether the axes stay in the result's shape as 1. Default false. */
  keepDims?: boolean | undefined;
  /** Storage for the result: one element for a bare vector, whose number is returned all the same. */
  out?: Out | undefined;
}

export interface LogSumExpOptions<Out> extends ReductionOptions<Out> {
  /** Factors of the exponentials, of any sign, broadcast against the logits' shape. Default 1. */
  weights?: Input | undefined;
  /** Whether to return { value, sign }. Without it the logarithm of a negative sum is NaN. */
  returnSign?: boolean | undefined;
}

export interface ArgmaxOptions<Out> extends ReductionOptions<Out> {
  /** A single axis. */
  axis?: number | undefined;
}

/** log |sum| and the sign of the sum: 1, -1, or 0 for a sum of nothing. */
export interface Signed<Value, Sign = Value> {
  readonly value: Value;
  readonly sign: Sign;
}

/** Says that `out` must have the element type of the result. */
export interface Fits<Elements> {
  out?: Storage<Elements> | undefined;
}
