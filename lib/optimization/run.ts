// Runs what is made of steps to its end, at once; lib/native/turns.ts does it in turns with the event loop.
import { aborted } from '../errors';

/**
 * Gives the result of a generator, or a promise of it. What it yields is given to `perform`, and it gets what that gives,
 * or what the promise is of. The signal ends it before the next step.
 */
export type Run = <Request, Value, Result>(
  steps: Generator<Request, Result, Value>,
  perform: (request: Request) => unknown,
  signal?: AbortSignal,
) => unknown;

export const atOnce: Run = <Request, Value, Result>(
  steps: Generator<Request, Result, Value>,
  perform: (request: Request) => unknown,
  signal?: AbortSignal,
): Result => {
  let next = steps.next();
  while (next.done !== true) {
    if (signal?.aborted) throw aborted(signal.reason);
    next = steps.next(perform(next.value) as Value);
  }
  return next.value;
};

/** A step that is done by calling it. */
export type Task = () => unknown;

export const performTask = (task: Task): unknown => task();
