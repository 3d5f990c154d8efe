// A distribution that classes are drawn from in place of all of them, with the corrections that this takes.
import { invalidValue, outOfRange } from '../errors';
import { Float64Array, Int32Array } from '../intrinsics';
import { validateCount, validateFlag, validateOptions } from '../validate';
import type { AliasTable } from './alias';
import { called, type Ids, readIds } from './arguments';
import { inclusionOf } from './inclusion';
import { type Drawn, type DrawOptions, type Exclusion, type ExpectedCountOptions, readTries } from './proposal-options';
import { type Rng, validateRng } from './rng';

type Counts<Given> = Given extends number ? number : Float64Array;

/**
 * A proposal: a distribution over classes whose probabilities are known exactly. `proposals` makes them. Each class has
 * a whole number of the 2^53 random numbers (an alias table; Walker, 1977), and its probability is exactly that share,
 * within about 2^-53 of the one asked for; only the uniform one is rounded instead. A class of probability 0 is never
 * drawn, every other one can be. A draw takes constant time; the table takes 20 bytes a class, up to 32, and is made at
 * the first draw. At most 2^26 classes, but uniform ones: 2^31 - 1.
 */
export class Proposal {
  readonly classes: number;
  #make: () => AliasTable;
  #table: AliasTable | undefined;
  /** The inclusion probabilities that were asked for last, without exclusion. */
  #inclusion: { readonly k: number; readonly of: (id: number) => number } | undefined;

  /** @internal */
  constructor(classes: number, make: () => AliasTable) {
    this.classes = classes;
    this.#make = make;
  }

  /** @internal What native code draws from. */
  get table(): AliasTable {
    this.#table ??= this.#make();
    return this.#table;
  }

  /** @internal The distribution has changed. */
  protected renew(): void {
    this.#table = undefined;
    this.#inclusion = undefined;
  }

  /**
   * Classes drawn one after the other.
   *
   * @param k - how many
   * @param options - `rng`; `unique`: without replacement, in the order of drawing; `exclude`
   * @throws RangeError (ERR_OUT_OF_RANGE) where there are not k different classes to be drawn, or an excluded one is none
   */
  sample(k: number, options: DrawOptions): Int32Array {
    return called(this.sample, () => this.#drawn(k, options).ids);
  }

  /** The same, and how many draws it took. */
  draw(k: number, options: DrawOptions): Drawn {
    return called(this.draw, () => this.#drawn(k, options));
  }

  /**
   * The logarithm of the probability of each id in a single draw; -Infinity for what is never drawn.
   *
   * @param ids - a class, or an array of them
   * @param options - `exclude`
   */
  logProbability<Given extends Ids>(ids: Given, options: Exclusion = {}): Counts<Given> {
    return called(this.logProbability, () => {
      validateOptions(options);
      const { table } = this;
      const excluded = this.#excluded(options.exclude);
      const left = this.#left(excluded);
      const logarithm = (id: number): number => Math.log(excluded.has(id) ? 0 : table.share(id) / left);
      return each('ids', ids, this.classes, logarithm);
    });
  }

  /**
   * How often each id is expected among k draws. With replacement k q. Without (`unique`) the probability to be among
   * them, which is, with exponential clocks of rates q,
   *
   *     integral over t of q_i e^(-q_i t) P(fewer than k others have rung by t)
   *
   * computed to 1e-12 where classes times k is at most 32,768, by the trapezoidal rule and sums over all counts. Beyond,
   * it is an expansion, whose first term is 1 - e^(-q_i t) with sum k (Rosen, "Asymptotic theory for successive
   * sampling", 1972): its relative error is below 0.3 / v^2 (measured where both can be computed), where v is the variance
   * of the number of rings by t, k / 2 or so unless few classes have nearly all of the mass. The form 'tensorflow' is
   * 1 - (1 - q)^tries, or k q where no draw was thrown away, which is that of TensorFlow's candidate samplers and takes
   * the number of tries for a constant.
   *
   * @param ids - a class, or an array of them
   * @param k - how many are drawn
   * @param options - `unique`, `exclude`; `form`, `tries`. An exclusion with `unique` takes time for every class
   */
  expectedCount<Given extends Ids>(ids: Given, k: number, options: ExpectedCountOptions = {}): Counts<Given> {
    return called(this.expectedCount, () => each('ids', ids, this.classes, this.#counting(k, options)));
  }

  /** Its logarithm: what is subtracted from the logits of drawn classes (see `expectedCount`). */
  logExpectedCount<Given extends Ids>(ids: Given, k: number, options: ExpectedCountOptions = {}): Counts<Given> {
    return called(this.logExpectedCount, () => {
      const count = this.#counting(k, options);
      return each('ids', ids, this.classes, (id) => Math.log(count(id)));
    });
  }

  #drawn(k: number, options: DrawOptions): Drawn {
    const count = validateCount('k', k);
    validateOptions(options);
    const rng = validateRng('options.rng', options.rng);
    const unique = validateFlag('options.unique', options.unique);
    const excluded = this.#excluded(options.exclude);
    let { table } = this;
    let left = this.#left(excluded);
    if (unique) this.#checkSupport(count, excluded);
    const taken = new Set(excluded);
    const ids = new Int32Array(count);
    let filled = 0;
    let tries = 0;
    // The table is exchanged for one of what is left where most draws would be thrown away. `mass` is what that one has
    // among all that were not excluded.
    let mass = 1;
    let base = left;
    while (filled < count) {
      if (left < table.total / 16) {
        mass *= left / base;
        table = table.without(taken);
        left = table.total;
        base = left;
      }
      const id = table.draw(rng);
      if (excluded.has(id)) continue;
      tries += triesUntil(mass, rng);
      if (unique && taken.has(id)) continue;
      ids[filled] = id;
      filled += 1;
      if (!unique) continue;
      taken.add(id);
      left -= table.share(id);
    }
    return { ids, tries };
  }

  #excluded(exclude: unknown): Set<number> {
    return new Set(exclude === undefined ? [] : readIds('options.exclude', exclude, this.classes));
  }

  /** What the classes that are not excluded share, a whole number. */
  #left(excluded: ReadonlySet<number>): number {
    let left = this.table.total;
    for (const id of excluded) left -= this.table.share(id);
    if (left <= 0) throw invalidValue('options.exclude', 'must leave a class that can be drawn', [...excluded]);
    return left;
  }

  #checkSupport(k: number, excluded: ReadonlySet<number>): void {
    const { table } = this;
    let found = 0;
    for (let id = 0; id < this.classes && found < k; id += 1) if (table.share(id) > 0 && !excluded.has(id)) found += 1;
    if (found < k) throw outOfRange('k', `<= ${found}, the number of classes that can be drawn`, k);
  }

  #counting(k: number, options: ExpectedCountOptions): (id: number) => number {
    const count = validateCount('k', k);
    validateOptions(options);
    const unique = validateFlag('options.unique', options.unique);
    const tries = readTries(options.form, options.tries, unique);
    const { table } = this;
    const excluded = this.#excluded(options.exclude);
    const left = this.#left(excluded);
    const probability = (id: number): number => (excluded.has(id) ? 0 : table.share(id) / left);
    if (!unique || tries === count) return (id) => count * probability(id);
    if (tries !== undefined) return (id) => -Math.expm1(tries * Math.log1p(-probability(id)));
    this.#checkSupport(count, excluded);
    if (excluded.size === 0 && this.#inclusion?.k === count) return this.#inclusion.of;
    const q = new Float64Array(this.classes);
    const places = new Int32Array(this.classes).fill(-1);
    let size = 0;
    for (let id = 0; id < this.classes; id += 1) {
      const value = probability(id);
      if (value === 0) continue;
      q[size] = value;
      places[id] = size;
      size += 1;
    }
    const inclusion = inclusionOf(q.subarray(0, size), count);
    const of = (id: number): number => ((places[id] as number) < 0 ? 0 : inclusion(places[id] as number));
    if (excluded.size === 0) this.#inclusion = { k: count, of };
    return of;
  }
}

/** How many draws it takes to hit a mass: 1 for all of it, else the geometric distribution. */
const triesUntil = (mass: number, rng: Rng): number =>
  mass === 1 ? 1 : 1 + Math.floor(Math.log(rng.uniform()) / Math.log1p(-mass));

/** A number for one id, else an array of one for each. */
function each<Given extends Ids>(
  name: string,
  ids: Given,
  classes: number,
  value: (id: number) => number,
): Counts<Given> {
  const values = Float64Array.from(readIds(name, ids, classes), value);
  return (typeof ids === 'number' ? values[0] : values) as Counts<Given>;
}
