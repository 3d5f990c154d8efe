// Arrays that are given away: their buffers are moved to views that nobody else has, so that nothing is copied.
import {
  bufferOf,
  bytesOf,
  Float16Array,
  Float32Array,
  Float64Array,
  Int32Array,
  isArray,
  kindOf,
  lengthOf,
  offsetOf,
  Uint8Array,
  Uint16Array,
} from '../intrinsics';

/** What became of the arguments. */
export interface Given {
  /** The arguments with the moved arrays in place of the caller's. */
  readonly args: unknown[];
  /** The arrays and tensors in the order in which they stand in the call: what the caller gets back. */
  readonly given: unknown[];
  /** The moved arrays, which nobody else has. */
  readonly arrays: unknown[];
}

type View = new (buffer: ArrayBuffer, offset: number, length: number) => unknown;

const constructors: Readonly<Record<string, View | undefined>> = {
  Float16Array,
  Float32Array,
  Float64Array,
  Int32Array,
  Uint8Array,
  Uint16Array,
  BigInt64Array,
};

/** Moves the arrays among the arguments, and those that are values of options. */
export function give(args: readonly unknown[]): Given {
  const places = new Map<unknown, { buffer: ArrayBufferLike; offset: number; length: number }>();
  const note = (array: unknown): unknown => {
    places.set(array, { buffer: bufferOf(array), offset: offsetOf(array), length: lengthOf(array) });
    return array;
  };
  // All is noted before anything is moved: a view of a buffer that is gone has no place any more.
  const noted = args.map((arg) => replace(arg, depth, note));
  const buffers = new Map<ArrayBufferLike, ArrayBuffer | undefined>();
  const views = new Map<unknown, unknown>();
  for (const [array, { buffer, offset, length }] of places) {
    const construct = constructors[kindOf(array) as string];
    if (construct === undefined) continue;
    if (!buffers.has(buffer)) buffers.set(buffer, move(buffer));
    const moved = buffers.get(buffer);
    if (moved !== undefined) views.set(array, new construct(moved, offset, length));
  }
  const given: unknown[] = [];
  const exchange = (array: unknown): unknown => views.get(array) ?? array;
  const exchanged = noted.map((arg) => replace(arg, depth, exchange, (value) => given.push(value)));
  return { args: exchanged, given, arrays: [...views.values()] };
}

// Options may hold arrays, and one of them (gradient) an object of arrays.
const depth = 2;

/** The value with `change` made to each array in it; `found` is told of each array and tensor. */
function replace(
  value: unknown,
  levels: number,
  change: (array: unknown) => unknown,
  found?: (value: unknown) => void,
): unknown {
  if (kindOf(value) !== undefined) {
    const changed = change(value);
    found?.(changed);
    return changed;
  }
  if (typeof value !== 'object' || value === null || isArray(value)) return value;
  const { data, dims, type } = value as { data?: unknown; dims?: unknown; type?: unknown };
  if (dims !== undefined && kindOf(data) !== undefined) {
    const changed = { data: change(data), dims, type };
    found?.(changed);
    return changed;
  }
  if (levels === 0) return value;
  // A generator or a Map among the options stays itself.
  if (levels < depth && keepsItsState(value)) return value;
  // What the object inherits stays inherited. N.B. the object itself is no prototype: V8 would make a hidden class for each
  // call, and each keeps its call alive until the next full collection.
  const changed = Object.create(Object.getPrototypeOf(value)) as object;
  for (const key of Object.getOwnPropertyNames(value)) {
    if (key === 'signal') continue;
    const inner = replace((value as Record<string, unknown>)[key], levels - 1, change, found);
    Object.defineProperty(changed, key, { value: inner, enumerable: true });
  }
  return changed;
}

const keepsItsState = (value: object): boolean =>
  value instanceof Map || typeof (value as { nextUint32?: unknown }).nextUint32 === 'function';

/** The buffer under another owner; undefined for one that cannot be moved, which is then copied like any other. */
function move(buffer: ArrayBufferLike): ArrayBuffer | undefined {
  if (!(buffer instanceof ArrayBuffer) || (buffer as { resizable?: boolean }).resizable === true) return undefined;
  // An option's getter may have taken it meanwhile, which structuredClone would not say: the call itself does.
  if (bytesOf(buffer) === 0) return undefined;
  try {
    return structuredClone(buffer, { transfer: [buffer] });
  } catch {
    return undefined; // of a WebAssembly.Memory
  }
}
