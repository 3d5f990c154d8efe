// The options of `sample` that name tokens, read, checked and copied: what came so far, what may come, and biases.
import { invalidType, outOfRange, shapeMismatch } from '../errors';
import { Float64Array, Int32Array, isArray, kindOf, lengthOf } from '../intrinsics';
import { own } from '../ownership';

const idWords = 'an instance of Int32Array, BigInt64Array or Array';

/** Appends ids to `to`. The name of an element is made only where it is refused: histories are long. */
function appendIds(name: string, given: unknown, vocabulary: number, to: number[]): void {
  const kind = kindOf(given);
  if (kind !== 'Int32Array' && kind !== 'BigInt64Array' && !isArray(given)) throw invalidType(name, idWords, given);
  const ids = given as ArrayLike<unknown>;
  const length = isArray(given) ? given.length : lengthOf(given);
  for (let i = 0; i < length; i += 1) {
    const value = ids[i];
    const id = typeof value === 'bigint' ? Number(value) : value;
    if (typeof id !== 'number') throw invalidType(`${name}[${i}]`, 'of type number', value);
    if (!(Number.isInteger(id) && id >= 0 && id < vocabulary)) {
      throw outOfRange(`${name}[${i}]`, `an integer >= 0 and < ${vocabulary} (the vocabulary)`, value);
    }
    to.push(id);
  }
}

export interface Histories {
  readonly history: Int32Array | undefined;
  readonly offsets: Int32Array | undefined;
}

/** The tokens so far of each row: ids for one row, an array of them for several. */
export function readHistory(value: unknown, rows: number, vocabulary: number): Histories {
  if (value === undefined) return { history: undefined, offsets: undefined };
  const name = 'options.history';
  const ids: number[] = [];
  const offsets = own(new Int32Array(rows + 1));
  const isNested = isArray(value) && value.length > 0 && typeof value[0] === 'object';
  if (!isNested) {
    if (rows !== 1) throw invalidType(name, `an instance of Array of ${rows} arrays of ids, one for each row`, value);
    appendIds(name, value, vocabulary, ids);
    offsets[1] = ids.length;
  } else {
    if (value.length !== rows) {
      throw shapeMismatch(name, `have ${rows} arrays of ids, one for each row`, String(value.length));
    }
    for (let r = 0; r < rows; r += 1) {
      appendIds(`${name}[${r}]`, value[r], vocabulary, ids);
      offsets[r + 1] = ids.length;
    }
  }
  return ids.length === 0
    ? { history: undefined, offsets: undefined }
    : { history: own(Int32Array.from(ids)), offsets };
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
    if (!(Number.isInteger(id) && id >= 0 && id < vocabulary)) {
      throw outOfRange(`${name}[${i}][0]`, `an integer >= 0 and < ${vocabulary} (the vocabulary)`, id);
    }
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
  const denied: number[] = [];
  appendIds('options.deny', deny, vocabulary, denied);
  for (let first = 0; first < bits.length; first += words) {
    for (const id of denied) bits[first + (id >>> 5)] = (bits[first + (id >>> 5)] as number) & ~(1 << (id & 31));
  }
  return bits;
}

function allowedBits(allow: unknown, words: number, rows: number, vocabulary: number): Int32Array {
  if (allow === undefined) return own(new Int32Array(words).fill(-1));
  if (kindOf(allow) === 'Uint32Array') {
    const length = lengthOf(allow);
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
  const ids: number[] = [];
  appendIds('options.allow', allow, vocabulary, ids);
  const bits = own(new Int32Array(words));
  for (const id of ids) bits[id >>> 5] = (bits[id >>> 5] as number) | (1 << (id & 31));
  return bits;
}
