// Drawing classes by given probabilities in constant time: alias tables (Walker, "An efficient method for generating
// discrete random variables with general distributions", 1977). native/random/alias.hpp draws the same classes from the
// same numbers.
import { outOfRange } from '../errors';
import { Float64Array, Int32Array } from '../intrinsics';
import type { Rng } from './rng';
import { sharesOf, whole } from './shares';

/** Of weights: so the most probable class has more numbers than there are classes, and can make up for all of them. */
export const mostClasses = 2 ** 26;

/**
 * A table has 2^k columns, at least one for each class, each 2^(53 - k) numbers of 53 bits wide: those below the
 * column's threshold belong to the class of its index, the others to its alias. So the probability of a class is its
 * share of 2^53 numbers, and known exactly. A table without columns is the uniform distribution, and all shares are 1.
 *
 * The arrays lie in shared memory, which cannot be taken away while native code draws from it.
 */
export class AliasTable {
  readonly classes: number;
  readonly thresholds: Float64Array;
  readonly aliases: Int32Array;
  /** What the shares add up to. */
  readonly total: number;
  readonly #shares: Float64Array | undefined;
  #logQ: Float64Array | undefined;

  /** The uniform distribution, or that of shares that add up to 2^53. */
  constructor(classes: number, shares?: Float64Array) {
    const columns = shares === undefined ? 0 : 2 ** Math.ceil(Math.log2(classes));
    this.classes = classes;
    this.total = shares === undefined ? classes : whole;
    this.#shares = shares;
    this.thresholds = new Float64Array(new SharedArrayBuffer(8 * columns));
    this.aliases = new Int32Array(new SharedArrayBuffer(4 * columns));
    if (shares !== undefined) fillColumns(this.thresholds, this.aliases, shares);
  }

  /** By weights >= 0 of which some is greater than 0, in proportion. */
  static fromWeights(weights: ArrayLike<number>): AliasTable {
    if (weights.length > mostClasses) throw outOfRange('classes', `<= ${mostClasses}`, weights.length);
    return new AliasTable(weights.length, sharesOf(weights));
  }

  /** A class, of one number of the generator; of a uniform distribution rarely more. */
  draw(rng: Rng): number {
    const { thresholds } = this;
    const columns = thresholds.length;
    if (columns === 0) return rng.integer(this.classes);
    const bits = rng.nextUint53();
    const width = whole / columns;
    const column = Math.floor(bits / width);
    return bits - column * width < (thresholds[column] as number) ? column : (this.aliases[column] as number);
  }

  /** A whole number: the probability of a class times the total. */
  share(id: number): number {
    return this.#shares === undefined ? 1 : (this.#shares[id] as number);
  }

  /** The logarithm of each class's probability; of a uniform distribution the one of all. */
  get logQ(): Float64Array {
    if (this.#logQ === undefined) {
      const length = this.#shares === undefined ? 1 : this.classes;
      this.#logQ = new Float64Array(new SharedArrayBuffer(8 * length));
      for (let id = 0; id < length; id += 1) this.#logQ[id] = Math.log(this.share(id) / this.total);
    }
    return this.#logQ;
  }

  /** The same distribution over the classes that are not among `ids`. */
  without(ids: Iterable<number>): AliasTable {
    const left = new Float64Array(this.classes);
    for (let id = 0; id < left.length; id += 1) left[id] = this.share(id);
    for (const id of ids) left[id] = 0;
    return AliasTable.fromWeights(left);
  }
}

/**
 * One sweep over the columns: a class with more than a column's width fills up the columns of those with less, and when
 * it has no more than a width left it takes its own column, which the next such class fills up. In whole numbers this
 * comes out even.
 */
function fillColumns(thresholds: Float64Array, aliases: Int32Array, shares: Float64Array): void {
  const columns = thresholds.length;
  const width = whole / columns;
  const share = (column: number): number => (column < shares.length ? (shares[column] as number) : 0);
  const after = (column: number, isHeavy: boolean): number => {
    let next = column + 1;
    while (next < columns && share(next) > width !== isHeavy) next += 1;
    return next;
  };
  let light = after(-1, false);
  let heavy = after(-1, true);
  let left = heavy < columns ? share(heavy) : 0;
  while (heavy < columns) {
    if (left > width) {
      thresholds[light] = share(light);
      aliases[light] = heavy;
      left -= width - share(light);
      light = after(light, false);
    } else {
      const next = after(heavy, true);
      thresholds[heavy] = left;
      aliases[heavy] = next < columns ? next : heavy;
      if (next < columns) left += share(next) - width;
      heavy = next;
    }
  }
  // What remains has exactly its own column.
  for (; light < columns; light = after(light, false)) {
    thresholds[light] = width;
    aliases[light] = light;
  }
}
