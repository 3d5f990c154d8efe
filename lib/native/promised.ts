// Makes a function that gives a promise of one that gives a result: the options `signal` and `transfer`, and errors with
// the stack of the caller, who is gone when they happen.
import { aborted, atCallSite, invalidType, stackOf } from '../errors';
import { isArray } from '../intrinsics';
import { owning } from '../ownership';
import { onlyChecking, withSignal } from './jobs';
import { type Given, give } from './transfer';

type Function = (...args: never[]) => unknown;

/** `call` is told to compute with jobs; `optionsAt` is the position of its options. */
export function promised<Promised>(optionsAt: number, call: Function): Promised {
  const entry = (...args: unknown[]): Promise<unknown> => {
    try {
      const { signal, transfer } = readPromiseOptions(args[optionsAt]);
      const compute = (given: unknown[]) => (): unknown => withSignal(signal, () => call(...(given as never[])));
      if (!transfer) return settled(owning([], compute(args)), entry);
      onlyChecking(compute(args));
      if (signal?.aborted) throw aborted(signal.reason);
      const moved = give(args);
      return returning(moved, () => settled(owning(moved.arrays, compute(moved.args)), entry));
    } catch (error) {
      return Promise.reject(atCallSite(error, entry));
    }
  };
  return entry as Promised;
}

function readPromiseOptions(options: unknown): { signal: AbortSignal | undefined; transfer: boolean } {
  // What is no options object the function itself will refuse.
  if (typeof options !== 'object' || options === null || isArray(options))
    return { signal: undefined, transfer: false };
  const { signal, transfer } = options as { signal?: unknown; transfer?: unknown };
  if (transfer !== undefined && typeof transfer !== 'boolean') {
    throw invalidType('options.transfer', 'of type boolean', transfer);
  }
  return { signal: signal === undefined ? undefined : readSignal(signal), transfer: transfer === true };
}

function readSignal(signal: unknown): AbortSignal {
  const given = signal as AbortSignal;
  const isSignal = typeof signal === 'object' && signal !== null && typeof given.aborted === 'boolean';
  if (!isSignal || typeof given.addEventListener !== 'function') {
    throw invalidType('options.signal', 'an instance of AbortSignal', signal);
  }
  return given;
}

function settled(result: unknown, entry: Function): Promise<unknown> {
  if (!(result instanceof Promise)) return Promise.resolve(result);
  const site = {};
  Error.captureStackTrace(site, entry);
  return result.catch((error: unknown) => {
    throw stackOf(error, site as { stack: string });
  });
}

/** The arrays come back with the result, or with the error. */
async function returning({ given }: Given, compute: () => Promise<unknown>): Promise<unknown> {
  try {
    return { result: await compute(), transferred: given };
  } catch (error) {
    if (typeof error === 'object' && error !== null) Object.assign(error, { transferred: given });
    throw error;
  }
}
