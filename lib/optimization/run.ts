// Runs a search to its end, at once; lib/native/turns.ts does it in turns with the event loop.
import { aborted } from '../errors';
import type { Evaluation } from './search';

/** What wants something computed at points, and ends with a result. */
export type Asking<Result> = Generator<Float64Array, Result, Evaluation>;

/** Computes a function at a point: an Evaluation, or of a backend that gives promises one of it. */
export type Evaluate = (point: Float64Array) => unknown;

/** Gives the result, or a promise of it. The signal ends it before the next evaluation. */
export type Run = <Result>(search: Asking<Result>, evaluate: Evaluate, signal?: AbortSignal) => unknown;

export const atOnce: Run = (search, evaluate, signal) => {
  let next = search.next();
  while (next.done !== true) {
    if (signal?.aborted) throw aborted(signal.reason);
    next = search.next(evaluate(next.value) as Evaluation);
  }
  return next.value;
};
