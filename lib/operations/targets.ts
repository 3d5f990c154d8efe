// The targets of losses, read once: class indices into an array of our own, so that no other thread can change one
// after it was checked; probabilities that another thread may write are copied.
import { invalidType, outOfRange, printShape, shapeMismatch } from '../errors';
import { Float32Array, Float64Array, Int32Array, isArray, isShared, kindOf, lengthOf } from '../intrinsics';
import { own } from '../ownership';
import { type Layout, reducedDims, sizeOf } from '../shape';
import type { FloatArray, Floats } from '../types';
import { type Given, measure, measureLength, readDims, readHalfType, readNumbers } from './arguments';
import { isHalf, widened } from './halves';

type Indices = Int32Array | BigInt64Array | Float64Array;

/** A target as given: numbers may be indices or probabilities, which their count decides. */
export type GivenTarget = Given<Indices | Floats> & { readonly form: 'number' | 'numbers' | 'indices' | 'floats' };

const expected =
  'of type number, an instance of Int32Array, BigInt64Array, Float32Array, Float64Array or Array, or an object with data and dims';

export function readTarget(name: string, value: unknown): GivenTarget {
  if (typeof value === 'number') {
    return { name, data: Float64Array.of(value), kind: 'Float64Array', dims: undefined, form: 'number' };
  }
  if (isArray(value)) {
    return { name, data: readNumbers(name, value), kind: 'Float64Array', dims: undefined, form: 'numbers' };
  }
  const kind = kindOf(value);
  if (kind !== undefined) return readArray(name, value, kind, undefined, () => invalidType(name, expected, value));
  if (typeof value !== 'object' || value === null) throw invalidType(name, expected, value);
  const { data, dims } = value as { data?: unknown; dims?: unknown };
  if (data === undefined || dims === undefined) throw invalidType(name, expected, value);
  const dataName = `${name}.data`;
  const wanted = 'an instance of Int32Array, BigInt64Array, Float32Array, Float64Array or Array';
  if (isArray(data)) {
    const shape = readDims(`${name}.dims`, dims);
    return { name, data: readNumbers(dataName, data), kind: 'Float64Array', dims: shape, form: 'numbers' };
  }
  const array = kindOf(data);
  const held = array === 'Uint16Array' ? readHalfType(`${name}.type`, value) : (array ?? '');
  return readArray(name, data, held, readDims(`${name}.dims`, dims), () => invalidType(dataName, wanted, data));
}

function readArray(
  name: string,
  data: unknown,
  kind: string,
  dims: readonly number[] | undefined,
  refusal: () => Error,
): GivenTarget {
  if (kind === 'Float32Array' || kind === 'Float64Array' || isHalf(kind)) {
    return { name, data: data as Floats, kind, dims, form: 'floats' };
  }
  if (kind !== 'Int32Array' && kind !== 'BigInt64Array') throw refusal();
  return { name, data: data as Indices, kind, dims, form: 'indices' };
}

/** Checked targets: of one of the two kinds. */
export interface Targets {
  readonly classes: Int32Array | undefined;
  readonly probabilities: { readonly data: Floats; readonly kind: string } | undefined;
}

/** Everything is read by now: what is measured here stays true. */
export function measureTarget(
  given: GivenTarget,
  dims: readonly number[],
  layout: Layout,
  ignoreIndex: number,
): Targets {
  const rows = layout.outer * layout.inner;
  const found = measure(given);
  const isIndices =
    given.form === 'indices' ||
    given.form === 'number' ||
    (given.form === 'numbers' && (given.dims === undefined ? found[0] === rows : !sameDims(found, dims)));
  if (isIndices) {
    validateShape(given, found, [reducedDims(dims, layout.reduced, false), reducedDims(dims, layout.reduced, true)]);
    return { classes: readClasses(given, layout.n, ignoreIndex), probabilities: undefined };
  }
  validateShape(given, found, [dims]);
  const { data, kind } = given as Given<Floats>;
  return { classes: undefined, probabilities: isShared(data) ? copyOf(data, kind) : { data, kind } };
}

function validateShape(given: GivenTarget, found: readonly number[], allowed: readonly (readonly number[])[]): void {
  const [wanted] = allowed as [readonly number[]];
  if (given.dims !== undefined) {
    if (allowed.some((dims) => sameDims(dims, found))) return;
    throw shapeMismatch(given.name, `have shape ${printShape(wanted)}`, `shape ${printShape(found)}`);
  }
  if (found[0] === sizeOf(wanted)) return;
  const size = sizeOf(wanted);
  const elements = size === 1 ? '1 element' : `${size} elements`;
  throw shapeMismatch(given.name, `have ${elements} to match shape ${printShape(wanted)}`, String(found[0]));
}

/** The classes, -1 for an ignored row. */
function readClasses(given: GivenTarget, n: number, ignoreIndex: number): Int32Array {
  const { data, dims, form, name } = given;
  const length = measureLength(name, data);
  const classes = own(new Int32Array(length));
  for (let row = 0; row < length; row += 1) {
    const value = data[row] as number | bigint;
    const index = Number(value);
    if (index === ignoreIndex) classes[row] = -1;
    else if (index >= 0 && index < n && index <= 0x7fffffff && Math.floor(index) === index) classes[row] = index;
    else {
      const place = form === 'number' ? name : `${name}${dims === undefined ? '' : '.data'}[${row}]`;
      if (index === index && !Number.isInteger(index) && Number.isFinite(index)) {
        throw outOfRange(place, 'an integer', value);
      }
      throw outOfRange(place, `>= 0 and < ${n}, or ${ignoreIndex} (options.ignoreIndex)`, value);
    }
  }
  return classes;
}

/** In storage of our own, as it is computed with. */
function copyOf(data: Floats, kind: string): { data: FloatArray; kind: string } {
  if (kind === 'Float64Array') return { data: own(new Float64Array(data as FloatArray)), kind };
  const wide = kind === 'Float32Array' ? own(new Float32Array(data as FloatArray)) : widened(kind, data);
  return { data: wide as FloatArray, kind: 'Float32Array' };
}

const sameDims = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((dim, axis) => dim === b[axis]);

/** A factor for each class, copied: finite, not negative. */
export function measureWeight(given: Given<Floats>, n: number): FloatArray {
  const found = measure(given);
  if (sizeOf(found) !== n || found.length !== 1) {
    const one = n === 1 ? '1 element' : `${n} elements`;
    const received = given.dims === undefined ? String(lengthOf(given.data)) : `shape ${printShape(found)}`;
    throw shapeMismatch(given.name, `have ${one}, one for each class`, received);
  }
  const { data: weight } = copyOf(given.data, given.kind);
  for (let c = 0; c < n; c += 1) {
    const value = weight[c] as number;
    if (!(value >= 0 && value < Infinity)) throw outOfRange(`${given.name}[${c}]`, 'finite and >= 0', value);
  }
  return weight;
}
