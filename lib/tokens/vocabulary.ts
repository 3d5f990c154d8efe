// The options of `sample` that name tokens, read, checked and copied: what came so far, what may come, and biases.
import { invalidType, outOfRange, shapeMismatch } from '../errors';
import { Float64Array, Int32Array, isArray, kindOf, lengthOf } from '../intrinsics';
import { measureLength } from '../operations/arguments';
import { own } from '../ownership';

const idWords = 'an instance of Int32Array, BigInt64Array or Array';

/** The ids, copied. The name of an element is made only where it is refused: histories are long. */
function readIds(name: string, given: unknown, vocabulary: number): Int32Array {
  const kind = kindOf(given);
  if (kind !== 'Int32Array' && kind !== 'BigInt64Array' && !isArray(given)) throw invalidType(name, idWords, given);
  const length = isArray(given) ? given.length : measureLength(name, given);
  const ids = own(kind === 'Int32Array' ? new Int32Array(given as Int32Array) : new Int32Array(length));
  if (kind === 'Int32Array') {
    for (let i = 0; i < length; i += 1) {
      // As unsigned numbers negative ones are too great.
      if ((ids[i] as number) >>> 0 >= vocabulary) throw unknownId(`${name}[${i}]`, vocabulary, ids[i]);
    }
    return ids;
  }
  for (let i = 0; i < length; i += 1) {
    const value = (given as ArrayLike<unknown>)[i];
    const id = typeof value === 'bigint' ? Number(value) : value;
    if (typeof id !== 'number') throw invalidType(`${name}[${i}]`, 'of type number', value);
    if (!(Number.isInteger(id) && id >= 0 && id < vocabulary)) throw unknownId(`${name}[${i}]`, vocabulary, value);
    ids[i] = id;
  }
  return ids;
}

const unknownId = (name: string, vocabulary: number, value: unknown): Error =>
  outOfRange(name, `an integer >= 0 and < ${vocabulary} (the vocabulary)`, value);

export interface Histories {
  readonly history: Int32Array | undefined;
  readonly offsets: Int32Array | undefined;
}

/** The tokens so far of each row: ids for one row, an array of them for several. */
export function readHistory(value: unknown, rows: number, vocabulary: number): Histories {
  if (value === undefined) return { history: undefined, offsets: undefined };
  const name = 'options.history';
  const isNested = isArray(value) && value.length > 0 && typeof value[0] === 'object';
  if (!isNested) {
    if (rows !== 1) throw invalidType(name, `an instance of Array of ${rows} arrays of ids, one for each row`, value);
    return joined([readIds(name, value, vocabulary)]);
  }
  if (value.length !== rows) {
    throw shapeMismatch(name, `have ${rows} arrays of ids, one for each row`, String(value.length));
  }
  return joined(Array.from(value, (ids, r) => readIds(`${name}[${r}]`, ids, vocabulary)));
}

function joined(parts: readonly Int32Array[]): Histories {
  const offsets = own(new Int32Array(parts.length + 1));
  parts.forEach((part, r) => {
    offsets[r + 1] = (offsets[r] as number) + lengthOf(part);
  });
  const length = offsets[parts.length] as number;
  if (length === 0) return { history: undefined, offsets: undefined };
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return { history: only, offsets };
  const history = own(new Int32Array(length));
  parts.forEach((part, r) => {
    const start = offsets[r] as number;
    const count = (offsets[r + 1] as number) - start;
    for (let i = 0; i < count; i += 1) history[start + i] = part[i] as number;
  });
  return { history, offsets };
}

export interface Biases {
  readonly biasIds: Int32Array | undefined;
  readonly biases: Float64Array | undefined;
}

/** Each id once; of several biases of one id in an array the sum counts. */
export function readBiases(value: unknown, vocabulary: number): Biases {
  if (value === undefined) return { biasIds: undefined, biases: undefined };
  const name = 'options.logitBias';
  if (!(value instanceof Map) && !isArray(value)) throw invalidType(name, 'an instance of Map or Array', value);
  const sums = new Map<number, number>();
  let i = 0;
  for (const pair of value as Iterable<unknown>) {
    if (!isArray(pair)) throw invalidType(`${name}[${i}]`, 'an instance of Array of an id and a number', pair);
    const [id, bias] = pair as unknown[];
    if (typeof id !== 'number') throw invalidType(`${name}[${i}][0]`, 'of type number', id);
    if (!(Number.isInteger(id) && id >= 0 && id < vocabulary)) throw unknownId(`${name}[${i}][0]`, vocabulary, id);
    if (typeof bias !== 'number') throw invalidType(`${name}[${i}][1]`, 'of type number', bias);
    if (!(bias < Infinity)) throw outOfRange(`${name}[${i}][1]`, 'a number < Infinity', bias);
    sums.set(id, (sums.get(id) ?? 0) + bias);
    i += 1;
  }
  if (sums.size === 0) return { biasIds: undefined, biases: undefined };
  return { biasIds: own(Int32Array.from(sums.keys())), biases: own(Float64Array.from(sums.values())) };
}

/** What may be drawn, as bits: of all rows, or of each where `allow` has them for each. Undefined: everything. */
export function readAllowed(allow: unknown, deny: unknown, rows: number, vocabulary: number): Int32Array | undefined {
  if (allow === undefined && deny === undefined) return undefined;
  const words = Math.ceil(vocabulary / 32);
  const bits = allowedBits(allow, words, rows, vocabulary);
  if (deny === undefined) return bits;
  const denied = readIds('options.deny', deny, vocabulary);
  const [length, count] = [lengthOf(bits), lengthOf(denied)];
  for (let first = 0; first < length; first += words) {
    for (let i = 0; i < count; i += 1) {
      const id = denied[i] as number;
      bits[first + (id >>> 5)] = (bits[first + (id >>> 5)] as number) & ~(1 << (id & 31));
    }
  }
  return bits;
}

function allowedBits(allow: unknown, words: number, rows: number, vocabulary: number): Int32Array {
  if (allow === undefined) {
    const all = own(new Int32Array(words));
    for (let word = 0; word < words; word += 1) all[word] = -1;
    return all;
  }
  if (kindOf(allow) === 'Uint32Array') {
    const length = measureLength('options.allow', allow);
    if (length !== words && length !== words * rows) {
      const each = rows === 1 ? '' : `, or ${words * rows} for ${rows} rows`;
      throw shapeMismatch(
        'options.allow',
        `have ${words} words of 32 bits for ${vocabulary} tokens${each}`,
        `${length}`,
      );
    }
    return own(new Int32Array(allow as Uint32Array));
  }
  const ids = readIds('options.allow', allow, vocabulary);
  const bits = own(new Int32Array(words));
  const count = lengthOf(ids);
  for (let i = 0; i < count; i += 1) {
    const id = ids[i] as number;
    bits[id >>> 5] = (bits[id >>> 5] as number) | (1 << (id & 31));
  }
  return bits;
}
