// Binary trees over classes, which hierarchical softmax walks down.
import { atCallSite, invalidType, invalidValue, outOfRange, shapeMismatch } from '../errors';
import { Float64Array, Int32Array, isArray, kindOf, lengthOf } from '../intrinsics';
import { validateCount, validateOptions } from '../validate';
import { decode, encode } from './bytes';
import { byCount, depthOf, huffman, type Made, packageMerge } from './huffman-codes';
import { childrenOf, type GivenPath, type Paths, pathsOf, validateTree } from './tree-paths';

/** How often each class occurs. */
export type Counts = readonly number[] | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array;

/** The way to a class, from the root on: inner nodes, and the bit by which each is left. */
export interface Code {
  readonly nodes: Int32Array;
  readonly bits: Uint8Array;
}

export interface FromCountsOptions {
  /** The most bits that a code may have; at least log2 of the number of classes. Default: no limit. */
  maxLength?: number | undefined;
}

/** A path as it is given. */
export interface PathLike {
  readonly nodes: readonly number[] | Int32Array;
  readonly bits: readonly number[] | Uint8Array | Int32Array;
}

export interface FromPathsOptions {
  /** Whose words the paths are in. Default 'word2vec', which are those of this library. */
  convention?: 'word2vec' | 'fasttext' | undefined;
}

const made = Symbol('made');
const countKinds = ['Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array'];

/**
 * A full binary tree whose leaves are the classes 0 ... n - 1, and so with n - 1 inner nodes, 0 ... n - 2. It does not
 * change. One class alone has an empty code. Made by `HuffmanTree.fromCounts`, `fromPaths` or `fromBytes`.
 *
 * @example
 * const tree = HuffmanTree.fromCounts([5, 2, 1, 1]);
 * tree.codeOf(2); // { nodes: [2, 1, 0], bits: [0, 1, 0] }
 * tree.expectedLength([5, 2, 1, 1]); // 1.666...
 */
export class HuffmanTree {
  readonly #tree: Made;
  readonly #paths: Paths;

  /** @internal */
  constructor(token: symbol, tree: Made) {
    if (token !== made) throw invalidValue('tree', 'must be made by HuffmanTree.fromCounts or fromPaths', undefined);
    this.#tree = tree;
    this.#paths = pathsOf(tree);
  }

  /**
   * The tree of the least expected code length: Huffman, "A method for the construction of minimum-redundancy codes",
   * 1952. In O(n), on classes sorted by count. The two of the least count are joined, first and second by bits 0 and 1; of
   * equal counts those made first, and classes, in the order of their ids, before inner nodes. Inner nodes are numbered as
   * they are made: the root is n - 2. Equal counts give a balanced tree.
   *
   * With `maxLength` the best tree of codes no longer than that (package-merge: Larmore and Hirschberg, "A fast algorithm
   * for optimal length-limited Huffman codes", 1990), in O(n maxLength); the same tree where that is short enough.
   *
   * @param counts - for each class a safe integer >= 0; one of count 0 is a class like the others, with a long code
   * @throws RangeError (ERR_OUT_OF_RANGE) for no counts, counts that are no such integers, counts whose sum is none, and
   * a maxLength under which there are too few codes
   */
  static fromCounts(counts: Counts, options: FromCountsOptions = {}): HuffmanTree {
    try {
      validateOptions(options);
      const { maxLength } = options;
      const numbers = readCounts(counts);
      if (numbers.length === 0) throw outOfRange('counts.length', '>= 1', 0);
      const total = totalOf(numbers);
      const order = byCount(numbers);
      const limit = maxLength === undefined ? Infinity : validateCount('options.maxLength', maxLength);
      const least = Math.ceil(Math.log2(numbers.length));
      if (limit < least) throw outOfRange('options.maxLength', `>= ${least} for ${numbers.length} classes`, limit);
      const best = huffman(numbers, order);
      const fits = limit >= numbers.length || depthOf(best) <= limit;
      return new HuffmanTree(made, fits ? best : packageMerge(numbers, order, limit, total));
    } catch (error) {
      throw atCallSite(error, HuffmanTree.fromCounts);
    }
  }

  /**
   * The tree of given paths, one for each class, as word2vec, gensim and fastText keep them, or of any tree of one's own.
   *
   * - 'word2vec' (its `point` and `code`): paths begin at the root, and sigma(score) is the probability of bit 0. These are
   *   the words of this library.
   * - 'fasttext' (its `paths` and `codes`): paths begin at the leaf, and sigma(score) is the probability of bit 1. Both are
   *   turned around: `codeOf` gives the path from the root, and the other bit.
   *
   * Either way the probabilities are those of that library with the same rows of weights.
   *
   * @throws TypeError (ERR_INVALID_ARG_VALUE) or RangeError (ERR_OUT_OF_RANGE) where the paths are not those of a full
   * binary tree: the message says which, and where
   * @example
   * HuffmanTree.fromPaths([
   *   { nodes: [1], bits: [1] },
   *   { nodes: [1, 0], bits: [0, 0] },
   *   { nodes: [1, 0], bits: [0, 1] },
   * ]).depth; // 2
   */
  static fromPaths(paths: readonly PathLike[], options: FromPathsOptions = {}): HuffmanTree {
    try {
      validateOptions(options);
      const { convention = 'word2vec' } = options;
      if (convention !== 'word2vec' && convention !== 'fasttext') {
        throw invalidValue('options.convention', "must be one of: 'word2vec', 'fasttext'", convention);
      }
      if (!isArray(paths)) throw invalidType('paths', 'an instance of Array', paths);
      if (paths.length === 0) throw outOfRange('paths.length', '>= 1', 0);
      return new HuffmanTree(made, childrenOf(readPaths(paths, convention === 'fasttext')));
    } catch (error) {
      throw atCallSite(error, HuffmanTree.fromPaths);
    }
  }

  /** The number of classes, n. There are n - 1 inner nodes. */
  get classes(): number {
    return this.#paths.offsets.length - 1;
  }

  /** The length of the longest code. */
  get depth(): number {
    return this.#paths.depth;
  }

  /** The way to a class, in new arrays. Throws a RangeError (ERR_OUT_OF_RANGE) for an id that is none. */
  codeOf(id: number): Code {
    const { offsets, nodes, bits } = this.#paths;
    if (typeof id !== 'number') throw atCallSite(invalidType('id', 'of type number', id), this.codeOf);
    if (!(Number.isInteger(id) && id >= 0 && id < this.classes)) {
      throw atCallSite(outOfRange('id', `an integer >= 0 and < ${this.classes}`, id), this.codeOf);
    }
    const start = offsets[id] as number;
    const end = offsets[id + 1] as number;
    return { nodes: nodes.slice(start, end), bits: bits.slice(start, end) };
  }

  /**
   * The mean length of a code, in bits, when classes are drawn in proportion to the counts: sum c_i length_i / sum c_i. For
   * a tree of those counts it is less than their entropy plus 1.
   *
   * @throws RangeError (ERR_SOFTMAX_SHAPE_MISMATCH) for another number of counts, (ERR_OUT_OF_RANGE) where all are 0
   */
  expectedLength(counts: Counts): number {
    try {
      const numbers = readCounts(counts);
      const { classes } = this;
      if (numbers.length !== classes) {
        throw shapeMismatch('counts', `have ${classes} elements, one for each class`, String(numbers.length));
      }
      const total = totalOf(numbers);
      if (total === 0) throw outOfRange('counts', 'of a sum > 0', 0);
      const { offsets } = this.#paths;
      let sum = 0;
      for (let id = 0; id < classes; id += 1) {
        sum += (numbers[id] as number) * ((offsets[id + 1] as number) - (offsets[id] as number));
      }
      return sum / total;
    } catch (error) {
      throw atCallSite(error, this.expectedLength);
    }
  }

  /** The tree as bytes, for `fromBytes`. */
  toBytes(): Uint8Array {
    return encode('HuffmanTree', { numbers: [this.#tree.root], arrays: [this.#tree.children] });
  }

  /**
   * The tree that `toBytes` wrote.
   *
   * @throws RangeError (ERR_SOFTMAX_TRUNCATED) for bytes that are not all there, TypeError (ERR_SOFTMAX_CORRUPTED) for
   * others that toBytes did not write
   */
  static fromBytes(bytes: Uint8Array): HuffmanTree {
    try {
      const { numbers, arrays } = decode('HuffmanTree', 'bytes', bytes);
      return treeFrom(numbers[0], arrays[0]);
    } catch (error) {
      throw atCallSite(error, HuffmanTree.fromBytes);
    }
  }

  /** @internal The arrays of a tree, which nobody may change. */
  static arraysOf(tree: HuffmanTree): Made & Paths {
    const { children, root } = tree.#tree;
    const { offsets, nodes, bits, depth } = tree.#paths;
    return { children, root, offsets, nodes, bits, depth };
  }
}

/** Of numbers and arrays that were bytes. */
export function treeFrom(root: unknown, children: unknown): HuffmanTree {
  const array = kindOf(children) === 'Int32Array' ? (children as Int32Array) : new Int32Array(1);
  return new HuffmanTree(made, validateTree({ children: array, root: typeof root === 'number' ? root : NaN }));
}

/** Counts in an array of our own. */
function readCounts(value: unknown): Float64Array {
  if (!isArray(value) && !countKinds.includes(kindOf(value) as string)) {
    throw invalidType('counts', `an instance of ${countKinds.join(', ')} or Array`, value);
  }
  const given = value as ArrayLike<unknown>;
  const counts = new Float64Array(isArray(value) ? value.length : lengthOf(value));
  for (let id = 0; id < counts.length; id += 1) {
    const count = given[id];
    if (typeof count !== 'number' && typeof count !== 'bigint') {
      throw invalidType(`counts[${id}]`, 'of type number', count);
    }
    const number = Number(count);
    if (!Number.isSafeInteger(number) || number < 0) throw outOfRange(`counts[${id}]`, 'a safe integer >= 0', count);
    counts[id] = number;
  }
  return counts;
}

/** Sums of sums must be exact. */
function totalOf(counts: Float64Array): number {
  let total = 0;
  for (const count of counts) total += count;
  if (total > Number.MAX_SAFE_INTEGER) throw outOfRange('counts', 'of a sum that is a safe integer', total);
  return total;
}

function readPaths(paths: readonly unknown[], isFastText: boolean): GivenPath[] {
  return Array.from(paths, (path, id) => {
    const name = `paths[${id}]`;
    if (typeof path !== 'object' || path === null) throw invalidType(name, 'an object with nodes and bits', path);
    const { nodes, bits } = path as { nodes?: unknown; bits?: unknown };
    const given = {
      nodes: readIntegers(`${name}.nodes`, nodes, ['Int32Array']),
      bits: readIntegers(`${name}.bits`, bits, ['Uint8Array', 'Int32Array']),
    };
    return isFastText ? { nodes: given.nodes.reverse(), bits: given.bits.reverse().map((bit) => 1 - bit) } : given;
  });
}

function readIntegers(name: string, value: unknown, kinds: readonly string[]): Float64Array {
  if (!isArray(value) && !kinds.includes(kindOf(value) as string)) {
    throw invalidType(name, `an instance of ${kinds.join(', ')} or Array`, value);
  }
  const given = value as ArrayLike<unknown>;
  const numbers = new Float64Array(isArray(value) ? value.length : lengthOf(value));
  for (let i = 0; i < numbers.length; i += 1) {
    const number = given[i];
    if (typeof number !== 'number') throw invalidType(`${name}[${i}]`, 'of type number', number);
    numbers[i] = number;
  }
  return numbers;
}
