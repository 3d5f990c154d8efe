// Sources of what comes piece by piece: iterables, and those that take their time.
import { aborted, invalidType } from '../errors';

export function iteratorOf(source: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  const iterable = source as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  const method = iterable?.[Symbol.asyncIterator] ?? iterable?.[Symbol.iterator];
  if (typeof method !== 'function') throw invalidType('source', 'an async iterable or an iterable', source);
  return (method as (this: unknown) => AsyncIterator<unknown> | Iterator<unknown>).call(source);
}

/** The result, or as soon as the signal says so an AbortError. */
export async function unlessAborted<Result>(result: Result, signal: AbortSignal | undefined): Promise<Awaited<Result>> {
  if (signal === undefined) return await result;
  let abort = (): void => {};
  const abortion = new Promise<never>((_, reject) => {
    abort = () => reject(aborted(signal.reason));
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([result, abortion]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
