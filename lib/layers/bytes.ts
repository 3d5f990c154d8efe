// Layers and tables as bytes. All numbers are little-endian:
//   "SMNB" | version u16 | kind u16 | length of all in bytes f64 | count u32, numbers f64 | count u32, arrays | CRC-32 u32
// An array is: element type u32, length f64, elements. The checksum is of everything before it.
import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import { corrupted, invalidType, truncated } from '../errors';
import { Float32Array, Float64Array, Int32Array, kindOf, lengthOf, Uint8Array } from '../intrinsics';

const magic = 0x424e4d53; // "SMNB"
const version = 1;

/** What the bytes are of. A number is never given to something else. */
export const kinds = {
  EmbeddingTable: 1,
  FullSoftmax: 2,
  AdaptiveSoftmax: 3,
  HuffmanTree: 4,
  HierarchicalSoftmax: 5,
  SampledSoftmax: 6,
  NoiseContrastive: 7,
  SoftmaxState: 8,
  Memory: 9,
} as const;

export type Kind = keyof typeof kinds;

export type StoredArray = Float32Array | Float64Array | Int32Array | Uint8Array | Uint32Array;

/** What is stored; who reads it knows what stands where. */
export interface Stored {
  readonly numbers: readonly number[];
  readonly arrays: readonly StoredArray[];
}

/** By their numbers in the format. Floats are parameters, and are read into shared memory. */
const elementTypes = [
  { kind: 'Float32Array', size: 4, make: (n: number) => new Float32Array(new SharedArrayBuffer(4 * n)) },
  { kind: 'Float64Array', size: 8, make: (n: number) => new Float64Array(new SharedArrayBuffer(8 * n)) },
  { kind: 'Int32Array', size: 4, make: (n: number) => new Int32Array(n) },
  { kind: 'Uint8Array', size: 1, make: (n: number) => new Uint8Array(n) },
  { kind: 'Uint32Array', size: 4, make: (n: number) => new Uint32Array(n) },
] as const;

const typeOf = (array: StoredArray): number => elementTypes.findIndex(({ kind }) => kind === kindOf(array));
const bytesOf = (array: StoredArray): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.length * array.BYTES_PER_ELEMENT);

const headBytes = 16;
const leastBytes = headBytes + 4 + 4 + 4;

export function encode(kind: Kind, { numbers, arrays }: Stored): Uint8Array {
  const ofArrays = arrays.reduce((sum, array) => sum + 12 + array.length * array.BYTES_PER_ELEMENT, 0);
  const length = leastBytes + 8 * numbers.length + ofArrays;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint16(4, version, true);
  view.setUint16(6, kinds[kind], true);
  view.setFloat64(8, length, true);
  view.setUint32(headBytes, numbers.length, true);
  let at = headBytes + 4;
  for (const number of numbers) {
    view.setFloat64(at, number, true);
    at += 8;
  }
  view.setUint32(at, arrays.length, true);
  at += 4;
  for (const array of arrays) {
    view.setUint32(at, typeOf(array), true);
    view.setFloat64(at + 4, array.length, true);
    at += 12;
    const from = bytesOf(array);
    bytes.set(from, at);
    inLittleEndian(bytes.subarray(at, at + from.length), array.BYTES_PER_ELEMENT);
    at += from.length;
  }
  view.setUint32(at, crc32(bytes.subarray(0, at)), true);
  return bytes;
}

/** What `encode` was given. Refuses bytes that are not whole, were changed, or are of something else. */
export function decode(kind: Kind, name: string, value: unknown): Stored {
  if (kindOf(value) !== 'Uint8Array') throw invalidType(name, 'an instance of Uint8Array', value);
  // A copy, which nobody changes after the checksum was found right.
  const bytes = new Uint8Array(value as Uint8Array);
  const received = lengthOf(bytes);
  if (received < leastBytes) throw truncated(name, leastBytes, received);
  const view = new DataView(bytes.buffer);
  if (view.getUint32(0, true) !== magic) throw corrupted(name, 'begin with SMNB');
  if (view.getUint16(4, true) !== version) throw corrupted(name, `be of version ${version} of the format`);
  const length = view.getFloat64(8, true);
  if (received < length) throw truncated(name, length, received);
  const end = received - 4;
  if (received !== length || crc32(bytes.subarray(0, end)) !== view.getUint32(end, true)) {
    throw corrupted(name, 'be what toBytes gave, as its checksum says');
  }
  if (view.getUint16(6, true) !== kinds[kind]) throw corrupted(name, `be of: ${kind}`);
  return read(name, bytes.subarray(0, end), view);
}

/** The checksum was right, which somebody may have forged: nothing is made that is larger than what is there. */
function read(name: string, bytes: Uint8Array, view: DataView): Stored {
  let at = headBytes;
  const take = (length: number): number => {
    if (!(length >= 0 && length <= bytes.length - at)) throw corrupted(name, 'be what toBytes gave');
    at += length;
    return at - length;
  };
  const numbers: number[] = [];
  const arrays: StoredArray[] = [];
  for (let left = view.getUint32(take(4), true); left > 0; left -= 1) numbers.push(view.getFloat64(take(8), true));
  for (let left = view.getUint32(take(4), true); left > 0; left -= 1) {
    const type = elementTypes[view.getUint32(take(4), true)];
    const length = view.getFloat64(take(8), true);
    const from = take(type === undefined || !Number.isInteger(length) ? -1 : length * type.size);
    const { make, size } = type as NonNullable<typeof type>;
    const array = make(length);
    const to = bytesOf(array);
    to.set(bytes.subarray(from, at));
    inLittleEndian(to, size);
    arrays.push(array);
  }
  return { numbers, arrays };
}

const swaps = endianness() === 'BE';

/** From the machine's order to the format's, or back. */
function inLittleEndian(bytes: Uint8Array, size: number): void {
  if (!swaps || size === 1) return;
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
