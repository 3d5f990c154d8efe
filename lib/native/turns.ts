// Runs what is made of steps in turns with the event loop: what they want computed runs as jobs, and where that is done
// before a job could be handed over, the loop gets its turn every few milliseconds.
import { aborted } from '../errors';
import { beforeWork, withSignal } from './jobs';

const mostMilliseconds = 5;

/** The first step begins at once, so that what it finds wrong with the arguments is thrown. */
export function inTurns<Request, Value, Result>(
  steps: Generator<Request, Result, Value>,
  perform: (request: Request) => unknown,
  signal?: AbortSignal,
): Promise<Result> | Result {
  beforeWork();
  const first = steps.next();
  if (first.done === true) return first.value;
  const begin = (request: Request): unknown => withSignal(signal, () => perform(request));
  return continued(steps, begin, begin(first.value), signal);
}

async function continued<Request, Value, Result>(
  steps: Generator<Request, Result, Value>,
  begin: (request: Request) => unknown,
  first: unknown,
  signal: AbortSignal | undefined,
): Promise<Result> {
  let value = first;
  let since = performance.now();
  for (;;) {
    const isLate = performance.now() - since > mostMilliseconds;
    if (value instanceof Promise) value = await value;
    else if (isLate) await turn();
    if (isLate) since = performance.now();
    if (signal?.aborted) throw aborted(signal.reason);
    const next = steps.next(value as Value);
    if (next.done === true) return next.value;
    value = begin(next.value);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
