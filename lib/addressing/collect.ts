// A state made of all that a source gives, chunk by chunk, as it comes.
import { aborted, invalidType } from '../errors';
import { isArray, kindOf } from '../intrinsics';
import { iteratorOf, unlessAborted } from '../operations/sources';
import { validateOptions } from '../validate';

interface Pushing {
  push(logits: unknown, options: object): unknown;
}

/** Chunks are what push takes, or { logits, offset?, values? }. */
export async function collectInto<State extends Pushing>(
  source: unknown,
  options: unknown,
  make: (options: unknown) => State,
): Promise<State> {
  validateOptions(options);
  const signal = readSignal((options as { signal?: unknown }).signal);
  const state = make(options);
  const iterator = iteratorOf(source);
  try {
    for (;;) {
      if (signal?.aborted) throw aborted(signal.reason);
      const { done, value } = await unlessAborted(iterator.next(), signal);
      if (done === true) return state;
      const { logits, offset, values } = chunkOf(value);
      await state.push(logits, { offset, values, signal });
    }
  } catch (error) {
    // The source is told, but not waited for: it may be what does not answer.
    Promise.resolve(iterator.return?.()).catch(() => {});
    throw error;
  }
}

function readSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw invalidType('options.signal', 'an instance of AbortSignal', signal);
}

function chunkOf(value: unknown): { logits: unknown; offset?: unknown; values?: unknown } {
  const isPlain = typeof value === 'object' && value !== null && !isArray(value) && kindOf(value) === undefined;
  if (!isPlain || !('logits' in value)) return { logits: value };
  return value as { logits: unknown; offset?: unknown; values?: unknown };
}
