// Arguments as users give them, read once. Everything that can run user code (getters, proxies, elements of plain
// arrays) happens in the `read` functions; the `measure` functions run after all reading is done, so that what they find
// stays true until the computation.
import { detached, invalidType, invalidValue, outOfRange, printShape, shapeMismatch } from '../errors';
import { Float32Array, Float64Array, isArray, isDetached, kindOf, lengthOf } from '../intrinsics';
import { own } from '../ownership';
import { sizeOf } from '../shape';
import type { FloatArray, Floats } from '../types';
import { arrayOfKind, widened, widenedKind } from './halves';

/** An array with the name that errors call it by. `dims` is undefined for a bare one. */
export interface Given<Data> {
  readonly name: string;
  readonly data: Data;
  /** The kind of typed array; 'float16' or 'bfloat16' for what a Uint16Array holds. */
  readonly kind: string;
  readonly dims: readonly number[] | undefined;
}

const floatKinds: readonly string[] = ['Float32Array', 'Float64Array'];
const anyFloatKinds: readonly string[] = [...floatKinds, 'Float16Array', 'float16', 'bfloat16'];
const tensorWords = 'an object with data and dims';

/** Whether a value is an array of floats of either type, of any realm. */
export function isFloats(value: unknown): value is FloatArray {
  const kind = kindOf(value);
  return kind === 'Float32Array' || kind === 'Float64Array';
}

export function readLogits(value: unknown): Given<Floats> {
  return readAnyFloats('logits', value);
}

/** Floats of 32 or 64 bits, or numbers, which become float64. */
export function readFloats(name: string, value: unknown): Given<FloatArray> {
  return readAmong(name, value, floatKinds) as Given<FloatArray>;
}

/** Floats of any type, or numbers, which become float64. */
export function readAnyFloats(name: string, value: unknown): Given<Floats> {
  return readAmong(name, value, anyFloatKinds);
}

function readAmong(name: string, value: unknown, kinds: readonly string[]): Given<Floats> {
  if (isArray(value)) return { name, data: readNumbers(name, value), kind: 'Float64Array', dims: undefined };
  const arrays = kinds.filter((kind) => kind === arrayOfKind(kind));
  return readArray(name, value, kinds, `an instance of ${arrays.join(', ')} or Array, or ${tensorWords}`);
}

/** Floats of the kind of another argument, of 32 or 64 bits, or numbers, which are rounded to it. */
export function readLike(name: string, value: unknown, kind: string): Given<FloatArray> {
  return readAnyLike(name, value, kind) as Given<FloatArray>;
}

/** The same for any kind of floats. Numbers are rounded to float32 where it is one of 16 bits. */
export function readAnyLike(name: string, value: unknown, kind: string): Given<Floats> {
  const array = arrayOfKind(kind);
  if (!isArray(value)) return readArray(name, value, [kind], `an instance of ${array} or Array, or ${tensorWords}`);
  const numbers = readNumbers(name, value);
  if (kind === 'Float64Array') return { name, data: numbers, kind, dims: undefined };
  return { name, data: own(new Float32Array(numbers)), kind: 'Float32Array', dims: undefined };
}

export function readMask(name: string, value: unknown): Given<Uint8Array> {
  return readArray(name, value, ['Uint8Array'], `an instance of Uint8Array, or ${tensorWords}`);
}

/** Storage for results of one kind. */
export function readStorage<Data>(name: string, value: unknown, kind: string): Given<Data> {
  return readArray(name, value, [kind], `an instance of ${arrayOfKind(kind)}, or ${tensorWords}`);
}

function readArray<Data>(name: string, value: unknown, kinds: readonly string[], expected: string): Given<Data> {
  const bare = kindOf(value);
  if (bare !== undefined || typeof value !== 'object' || value === null) {
    const kind = kinds.find((wanted) => wanted === bare || (kinds.length === 1 && arrayOfKind(wanted) === bare));
    if (kind === undefined) throw invalidType(name, expected, value);
    return { name, data: value as Data, kind, dims: undefined };
  }
  const { data, dims } = value as { data?: unknown; dims?: unknown };
  if (data === undefined || dims === undefined) throw invalidType(name, expected, value);
  const kind = kindOf(data);
  if (!kinds.some((wanted) => arrayOfKind(wanted) === kind)) {
    const arrays = [...new Set(kinds.map(arrayOfKind))];
    throw invalidType(`${name}.data`, `an instance of ${arrays.join(' or ')}`, data);
  }
  const held = kind === 'Uint16Array' ? readHalfType(`${name}.type`, value, kinds) : (kind as string);
  return { name, data: data as Data, kind: held, dims: readDims(`${name}.dims`, dims) };
}

/** What the Uint16Array of a tensor holds: one of these kinds, and the only one if the tensor does not say. */
export function readHalfType(name: string, tensor: object, kinds = anyFloatKinds): string {
  const { type } = tensor as { type?: unknown };
  const possible = kinds.filter((kind) => arrayOfKind(kind) === 'Uint16Array');
  const held = type === undefined && possible.length === 1 ? possible[0] : possible.find((kind) => kind === type);
  if (held !== undefined) return held;
  throw invalidValue(name, `must be '${possible.join("' or '")}' for data in a Uint16Array`, type);
}

export function readNumbers(name: string, values: readonly unknown[]): Float64Array {
  const { length } = values;
  const data = own(new Float64Array(length));
  for (let i = 0; i < length; i += 1) {
    const value = values[i];
    if (typeof value !== 'number') throw invalidType(`${name}[${i}]`, 'of type number', value);
    data[i] = value;
  }
  return data;
}

export function readDims(name: string, dims: unknown): number[] {
  if (!isArray(dims)) throw invalidType(name, 'an instance of Array', dims);
  const copy: number[] = [];
  const { length } = dims;
  for (let axis = 0; axis < length; axis += 1) {
    const dim: unknown = dims[axis];
    if (typeof dim !== 'number') throw invalidType(`${name}[${axis}]`, 'of type number', dim);
    if (!Number.isSafeInteger(dim) || dim < 0 || Object.is(dim, -0)) {
      throw outOfRange(`${name}[${axis}]`, 'an integer >= 0', dim);
    }
    copy.push(dim);
  }
  return copy;
}

/** How many axes there will be. Axes may be objects with code in them, and so are read before anything is measured. */
export const rankOf = ({ dims }: Given<unknown>): number => (dims === undefined ? 1 : dims.length);

/** The shape of an array that is there: [length] for a bare one. */
export function measure(given: Given<unknown>): readonly number[] {
  const length = measureLength(given.name, given.data);
  const { dims, name } = given;
  if (dims === undefined) return [length];
  if (sizeOf(dims) !== length) throw wrongLength(`${name}.data`, dims, length);
  return dims;
}

export function measureLength(name: string, data: unknown): number {
  const length = lengthOf(data);
  if (length === 0 && isDetached(data)) throw detached(name);
  return length;
}

/** An array that is there, as it is computed with. */
export function measureWidened(given: Given<Floats>): Given<FloatArray> {
  const { name, dims, kind } = given;
  measure(given);
  return { name, data: widened(kind, given.data), kind: widenedKind(kind), dims };
}

/** Checks that storage is there and has the shape wanted, or, if bare, as many elements. */
export function measureStorage(given: Given<unknown>, dims: readonly number[]): void {
  const found = measure(given);
  if (given.dims === undefined) {
    if (found[0] !== sizeOf(dims)) throw wrongLength(given.name, dims, found[0] as number);
  } else if (!sameDims(found, dims)) {
    throw shapeMismatch(given.name, `have shape ${printShape(dims)}`, `shape ${printShape(found)}`);
  }
}

export function wrongLength(name: string, dims: readonly number[], length: number): Error {
  const size = sizeOf(dims);
  const elements = size === 1 ? '1 element' : `${size} elements`;
  return shapeMismatch(name, `have ${elements} to match shape ${printShape(dims)}`, String(length));
}

const sameDims = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((dim, axis) => dim === b[axis]);
