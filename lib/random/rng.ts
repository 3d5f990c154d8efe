// The random number generator. Whatever draws takes one: there is no hidden state, and a seed says all.
import { atCallSite, invalidType, outOfRange } from '../errors';
import { called } from './arguments';
import { philox4x32 } from './philox';

/** Where a generator stands: JSON as it is. Numbers of up to 66 bits are written as decimal strings. */
export interface RngState {
  readonly seed: string;
  readonly stream: string;
  /** How many words of 32 bits of the stream have been taken. */
  readonly taken: string;
}

const most = (1n << 64n) - 1n;
const wordsOfStream = 1n << 66n;
const low = (value: bigint): number => Number(value & 0xffffffffn);
const high = (value: bigint): number => Number(value >> 32n);

/**
 * Random numbers from a seed: Philox4x32-10, a generator that counts.
 *
 *     words 4i ... 4i + 3 = Philox(key = seed, counter = (i, stream))
 *
 * Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011; it passes BigCrush. The same seed
 * and stream give the same numbers in every release, on every machine, in C++ and in TypeScript. Streams of one seed are
 * independent of each other; each has 2^66 words. It is no generator for secrets.
 *
 * @param seed - an integer >= 0: a safe one, or a bigint below 2^64
 * @param stream - which of the sequences of the seed; the same. Default 0
 * @throws TypeError (ERR_INVALID_ARG_TYPE) where one is neither number nor bigint; RangeError (ERR_OUT_OF_RANGE) where it
 * is negative, fractional or too great
 * @example
 * new Rng(1).uniform(); // 0.890...
 * new Rng(1).integer(6); // 5
 */
export class Rng {
  readonly #key: Uint32Array;
  /** Of the block that comes next. */
  readonly #counter: Uint32Array;
  readonly #block = new Uint32Array(4);
  /** How many words of the block have been taken. */
  #used = 4;

  constructor(seed: number | bigint, stream: number | bigint = 0) {
    const key = called(Rng as never, () => readWord('seed', seed, most));
    const sequence = called(Rng as never, () => readWord('stream', stream, most));
    this.#key = Uint32Array.of(low(key), high(key));
    this.#counter = Uint32Array.of(0, 0, low(sequence), high(sequence));
  }

  /** The next word: an integer in [0, 2^32). */
  nextUint32(): number {
    if (this.#used === 4) {
      const counter = this.#counter;
      philox4x32(this.#key, counter, this.#block);
      counter[0] = (counter[0] as number) + 1;
      if (counter[0] === 0) counter[1] = (counter[1] as number) + 1;
      this.#used = 0;
    }
    const word = this.#block[this.#used] as number;
    this.#used += 1;
    return word;
  }

  /** An integer in [0, 2^53), of two words. */
  nextUint53(): number {
    const upper = this.nextUint32();
    return upper * 0x200000 + (this.nextUint32() >>> 11);
  }

  /** A real number in the open interval (0, 1), of two words: a multiple of 2^-53, or 2^-54 for what is below the first. */
  uniform(): number {
    const bits = this.nextUint53();
    return bits === 0 ? 2 ** -54 : bits * 2 ** -53;
  }

  /**
   * An integer in [0, n), each exactly as likely as the others: equal shares of [0, 2^53), and another draw where one
   * falls behind them.
   *
   * @param n - an integer >= 1, a safe one
   * @throws RangeError (ERR_OUT_OF_RANGE) where it is not
   */
  integer(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1) throw atCallSite(refusal(n), this.integer);
    const share = Math.floor(2 ** 53 / n);
    for (;;) {
      const drawn = Math.floor(this.nextUint53() / share);
      if (drawn < n) return drawn;
    }
  }

  /**
   * Goes on as if `words` words had been taken, in no time. Behind the last word of the stream comes the first.
   *
   * @param words - how many: an integer >= 0, a safe one or a bigint
   */
  advance(words: number | bigint): this {
    this.#moveTo(this.#taken() + called(this.advance, () => readWord('words', words)));
    return this;
  }

  /** Another sequence of the same seed, from its start: see the constructor. */
  fork(stream: number | bigint): Rng {
    return called(this.fork, () => new Rng(this.#seed(), stream));
  }

  /** Where it stands, to be kept: `Rng.fromState` goes on from there. */
  get state(): RngState {
    const stream = join(this.#counter[2], this.#counter[3]);
    return { seed: String(this.#seed()), stream: String(stream), taken: String(this.#taken()) };
  }

  /** What JSON.stringify writes: the state. */
  toJSON(): RngState {
    return this.state;
  }

  /**
   * The generator that had this state.
   *
   * @throws TypeError (ERR_INVALID_ARG_TYPE) where a part is no string of digits; RangeError (ERR_OUT_OF_RANGE) where it
   * is too great
   */
  static fromState(state: RngState): Rng {
    return called(Rng.fromState, () => {
      if (typeof state !== 'object' || state === null) throw invalidType('state', 'of type object', state);
      const { seed, stream, taken } = state;
      const rng = new Rng(readDigits('state.seed', seed, most), readDigits('state.stream', stream, most));
      rng.#moveTo(readDigits('state.taken', taken, wordsOfStream - 1n));
      return rng;
    });
  }

  #seed(): bigint {
    return join(this.#key[0], this.#key[1]);
  }

  #taken(): bigint {
    const index = join(this.#counter[0], this.#counter[1]);
    return (index * 4n - BigInt(4 - this.#used)) & (wordsOfStream - 1n);
  }

  #moveTo(taken: bigint): void {
    const index = (taken >> 2n) & most;
    this.#counter[0] = low(index);
    this.#counter[1] = high(index);
    this.#used = 4;
    for (let words = taken & 3n; words > 0n; words -= 1n) this.nextUint32();
  }
}

/**
 * The seed of a call that draws for many examples, in native code or here: two words, lower first. Example k draws from
 * stream k of this seed (native/random/philox.hpp has the rule), and the generator is two words further, whatever the
 * examples need.
 */
export function drawSeed(rng: Rng): readonly [low: number, high: number] {
  const first = rng.nextUint32();
  return [first, rng.nextUint32()];
}

/** The generator of example k of such a call. */
export const exampleRng = ([lower, upper]: readonly [low: number, high: number], k: number): Rng =>
  new Rng(join(lower, upper), k);

/** An option that must be a generator. */
export function validateRng(name: string, value: unknown): Rng {
  if (!(value instanceof Rng)) throw invalidType(name, 'an instance of Rng', value);
  return value;
}

const join = (lower: number | undefined, upper: number | undefined): bigint =>
  (BigInt(upper as number) << 32n) | BigInt(lower as number);

const refusal = (n: unknown): Error =>
  typeof n === 'number' ? outOfRange('n', 'a safe integer >= 1', n) : invalidType('n', 'of type number', n);

function readWord(name: string, value: unknown, limit?: bigint): bigint {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0) throw outOfRange(name, 'a safe integer >= 0', value);
    return BigInt(value);
  }
  if (typeof value !== 'bigint') throw invalidType(name, 'of type number or bigint', value);
  if (value < 0n || (limit !== undefined && value > limit)) {
    throw outOfRange(name, limit === undefined ? '>= 0' : `>= 0 and <= ${limit}`, value);
  }
  return value;
}

function readDigits(name: string, value: unknown, limit: bigint): bigint {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value))
    throw invalidType(name, 'a string of at most 20 digits', value);
  const number = BigInt(value);
  if (number > limit) throw outOfRange(name, `<= ${limit}`, value);
  return number;
}
