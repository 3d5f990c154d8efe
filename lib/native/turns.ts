// Runs a search in turns with the event loop: what it wants computed runs as jobs, and where that is done before a job
// could be handed over, the loop gets its turn every few milliseconds.
import { aborted } from '../errors';
import { withSignal } from './jobs';

interface Asking<Point, Value, Result> extends Generator<Point, Result, Value> {}

const mostMilliseconds = 5;

/** The first evaluation begins at once, so that what it finds wrong with the arguments is thrown. */
export function inTurns<Point, Value, Result>(
  search: Asking<Point, Value, Result>,
  evaluate: (point: Point) => unknown,
  signal?: AbortSignal,
): Promise<Result> | Result {
  const compute = (point: Point): unknown => withSignal(signal, () => evaluate(point));
  const first = search.next();
  return first.done === true ? first.value : continued(search, compute, compute(first.value), signal);
}

async function continued<Point, Value, Result>(
  search: Asking<Point, Value, Result>,
  compute: (point: Point) => unknown,
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
    const next = search.next(value as Value);
    if (next.done === true) return next.value;
    value = compute(next.value);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
