// The errors of the library: standard classes with a `code`, in the sentences of Node's own. They are made where a check
// fails and shown as if made by the public function: `atCallSite` cuts the frames of the library off the stack.
import { inspect } from 'node:util';

/** The `code` of every error that the library throws on purpose. */
export type ErrorCode =
  | 'ERR_INVALID_ARG_TYPE'
  | 'ERR_INVALID_ARG_VALUE'
  | 'ERR_OUT_OF_RANGE'
  | 'ERR_SOFTMAX_SHAPE_MISMATCH'
  | 'ERR_SOFTMAX_DETACHED'
  | 'ERR_SOFTMAX_OVERLAP'
  | 'ERR_SOFTMAX_NON_FINITE'
  | 'ERR_SOFTMAX_NOT_FITTED'
  | 'ERR_SOFTMAX_NATIVE_LOAD'
  | 'ERR_MEMORY_ALLOCATION_FAILED'
  | 'ERR_SOFTMAX_TOO_MANY_JOBS'
  | 'ERR_SOFTMAX_TRUNCATED'
  | 'ERR_SOFTMAX_CORRUPTED'
  | 'ABORT_ERR';

/** An error with a code, as Node's own errors are. */
export interface CodedError extends Error {
  code: ErrorCode;
}

const made = new WeakSet<object>();

function coded(Base: ErrorConstructor, code: ErrorCode, message: string): CodedError {
  const error = Object.assign(new Base(message), { code });
  made.add(error);
  return error;
}

type Entry = ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/** The error with a stack that begins at the caller of `entry`, headed as Node does: `TypeError [CODE]: message`. */
export function atCallSite(error: unknown, entry: Entry): unknown {
  if (typeof error !== 'object' || error === null || !made.has(error)) return error;
  const shown = error as CodedError;
  const { name } = shown;
  const own = Object.getOwnPropertyDescriptor(shown, 'name');
  Object.defineProperty(shown, 'name', { value: `${name} [${shown.code}]`, configurable: true });
  Error.captureStackTrace(shown, entry);
  void shown.stack; // The header is written when the stack is first read.
  Reflect.deleteProperty(shown, 'name');
  if (own !== undefined) Object.defineProperty(shown, 'name', own);
  return shown;
}

/** The error with the stack of a place that was on the way to it and is gone. */
export function stackOf(error: unknown, site: { readonly stack: string }): unknown {
  if (typeof error !== 'object' || error === null || !made.has(error)) return error;
  const shown = error as CodedError;
  const frames = site.stack.split('\n').slice(1);
  const header = `${shown.name} [${shown.code}]: ${shown.message}`;
  Object.defineProperty(shown, 'stack', {
    value: [header, ...frames].join('\n'),
    configurable: true,
    writable: true,
  });
  return shown;
}

const place = (name: string): string => (name.includes('.') ? 'property' : 'argument');

/** `expected` completes "must be ...": 'of type number', 'an instance of Uint8Array'. */
export function invalidType(name: string, expected: string, received: unknown): CodedError {
  return coded(
    TypeError,
    'ERR_INVALID_ARG_TYPE',
    `The "${name}" ${place(name)} must be ${expected}. Received ${describe(received)}`,
  );
}

/** `reason` completes "The argument 'x' ...": 'must not be NaN', 'must be one of: ...'. */
export function invalidValue(name: string, reason: string, received: unknown): CodedError {
  return coded(
    TypeError,
    'ERR_INVALID_ARG_VALUE',
    `The ${place(name)} '${name}' ${reason}. Received ${short(received, 128)}`,
  );
}

/** `range` completes "It must be ...". */
export function outOfRange(name: string, range: string, received: unknown): CodedError {
  return coded(
    RangeError,
    'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${range}. Received ${short(received, 128)}`,
  );
}

/** `expected` completes "must ...": 'have 6 elements to match shape [2, 3]'. */
export function shapeMismatch(name: string, expected: string, received: string): CodedError {
  return coded(
    RangeError,
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    `The "${name}" ${place(name)} must ${expected}. Received ${received}`,
  );
}

export function detached(name: string): CodedError {
  return coded(
    TypeError,
    'ERR_SOFTMAX_DETACHED',
    `The "${name}" ${place(name)} must not be detached: its buffer was transferred, or shrunk from under it`,
  );
}

/** `inPlace` says that it may be the very region of the other. */
export function overlap(name: string, other: string, inPlace: boolean): CodedError {
  const way = inPlace ? ' in part: give the same region, or another one' : ': give another region';
  return coded(RangeError, 'ERR_SOFTMAX_OVERLAP', `The "${name}" ${place(name)} must not overlap "${other}"${way}`);
}

/** `names` are those of the arguments of which one has the row. */
export function nonFinite(row: number, names: readonly string[] = ['logits']): CodedError {
  const quoted = names.map((name) => `"${name}"`).join(' and ');
  return coded(
    RangeError,
    'ERR_SOFTMAX_NON_FINITE',
    `Row ${row} of ${quoted} must be finite and have an element that takes part, as options.nonFinite is 'throw'`,
  );
}

/** Of a model that is asked for what it has not learnt yet. */
export function notFitted(model: string): CodedError {
  return coded(Error, 'ERR_SOFTMAX_NOT_FITTED', `The ${model} has learnt nothing yet: fit comes first`);
}

export function nativeLoad(message: string): CodedError {
  return coded(Error, 'ERR_SOFTMAX_NATIVE_LOAD', message);
}

export function outOfMemory(): CodedError {
  return coded(RangeError, 'ERR_MEMORY_ALLOCATION_FAILED', 'Failed to allocate the memory that the call works in');
}

/** Refused at once, before anything is copied: what waits holds memory. */
export function tooManyJobs(count: number): CodedError {
  return coded(
    RangeError,
    'ERR_SOFTMAX_TOO_MANY_JOBS',
    `At most ${count} calls of this thread may be in flight. Await some before you make more`,
  );
}

/** Of bytes to read from: there must be `expected`, which is more than there are. */
export function truncated(name: string, expected: number, received: number): CodedError {
  return coded(
    RangeError,
    'ERR_SOFTMAX_TRUNCATED',
    `The "${name}" ${place(name)} must have ${expected} bytes or more, as it says. Received ${received}`,
  );
}

/** Of bytes to read from. `expected` completes "must ...". */
export function corrupted(name: string, expected: string): CodedError {
  return coded(TypeError, 'ERR_SOFTMAX_CORRUPTED', `The "${name}" ${place(name)} must ${expected}`);
}

/** As Node's own: named AbortError, with the signal's reason as its cause. */
export function aborted(cause: unknown): CodedError {
  const error = coded(Error, 'ABORT_ERR', 'The operation was aborted');
  Object.defineProperty(error, 'name', { value: 'AbortError', configurable: true, writable: true });
  return Object.assign(error, { cause });
}

/** A shape as errors print it: [2, 3]. */
export const printShape = (dims: readonly (number | string)[]): string => `[${dims.join(', ')}]`;

/** Node's description of a received value. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
    return typeof name === 'string' && name !== '' ? `an instance of ${name}` : inspect(value, { depth: -1 });
  }
  return `type ${typeof value} (${short(value, 28)})`;
}

function short(value: unknown, limit: number): string {
  const text = inspect(value, { colors: false, depth: 0 });
  return text.length > limit ? `${text.slice(0, limit - 3)}...` : text;
}
