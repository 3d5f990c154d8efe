// Whether an estimator's mean is what it should be, found by running it.
import { aborted, invalidType, outOfRange, shapeMismatch } from '../errors';
import { Float64Array } from '../intrinsics';
import { validateCount, validateOptions } from '../validate';
import { called, finite, type Numbers, type Range, readNumber, readNumbers } from './arguments';
import { beyond } from './normal';
import { Rng } from './rng';

/** One number, or as many as there are components. */
export type Estimate = number | Numbers;

const share: Range = { includes: (value) => value > 0 && value < 1, words: '> 0 and < 1' };

export interface CheckUnbiasedOptions {
  /** How often the estimator runs: an integer >= 2. Some thousands, so that means are nearly normal. */
  draws: number;
  /** Run i has the generator `new Rng(seed, i)`. */
  seed: number | bigint;
  /** How likely an unbiased estimator may be called biased. Between 0 and 1. Default 0.001. */
  significance?: number | undefined;
}

/** A component of the estimate against its exact value. */
export interface ComponentReport {
  readonly mean: number;
  readonly exact: number;
  /** Of the mean: the standard deviation of the runs by the root of their number. */
  readonly standardError: number;
  /** (mean - exact) / standardError; 0 where they differ by rounding alone. */
  readonly z: number;
}

export interface UnbiasedReport {
  readonly components: readonly ComponentReport[];
  /** The greatest |z| of a component. */
  readonly greatestZ: number;
  /** How likely one so great would be were the estimator unbiased: at most (Bonferroni) components P(|normal| > z). */
  readonly probability: number;
  /** Whether that is at least the significance. */
  readonly unbiased: boolean;
}

/**
 * Runs an estimator many times and compares its mean with the exact value.
 *
 * Each component's mean is normal about its expectation, by the central limit theorem; the component that differs most,
 * in standard errors, decides. Bonferroni's correction keeps the chance to call an unbiased estimator biased below
 * `significance`, however many components there are and however they depend on each other. That the answer is
 * `unbiased` means that a bias of several `standardError` would have been seen, no more. Differences below 1e-12 of the
 * exact value are rounding.
 *
 * @param estimator - called with a generator for each run; gives a number, or an array of the length of `exact`
 * @param exact - what its mean should be
 * @param options - `draws`, `seed`, `significance`
 * @throws TypeError (ERR_INVALID_ARG_TYPE); RangeError: ERR_OUT_OF_RANGE, also of numbers that are not finite,
 * ERR_SOFTMAX_SHAPE_MISMATCH where an estimate has another length than `exact`
 * @example
 * checkUnbiased((rng) => rng.uniform(), 0.5, { draws: 1000, seed: 1 }).unbiased; // true
 * checkUnbiased((rng) => rng.uniform(), 0.6, { draws: 1000, seed: 1 }).unbiased; // false
 */
export function checkUnbiased(
  estimator: (rng: Rng) => Estimate,
  exact: Estimate,
  options: CheckUnbiasedOptions,
): UnbiasedReport {
  return called(checkUnbiased, () => {
    const runs = new Runs(estimator, exact, options);
    for (let i = 0; i < runs.count; i += 1) runs.add(estimator(runs.rng(i)));
    return runs.report();
  });
}

/** The same of an estimator that gives promises, one run after the other, until the signal. */
export async function checkUnbiasedInTurn(
  estimator: (rng: Rng) => Estimate | Promise<Estimate>,
  exact: Estimate,
  options: CheckUnbiasedOptions & { signal?: AbortSignal | undefined },
): Promise<UnbiasedReport> {
  const runs = new Runs(estimator, exact, options);
  const { signal } = options;
  for (let i = 0; i < runs.count; i += 1) {
    if (signal?.aborted) throw aborted(signal.reason);
    runs.add(await estimator(runs.rng(i)));
  }
  return runs.report();
}

/** The runs so far, of which there is a mean and a spread (Welford, 1962). */
class Runs {
  readonly count: number;
  readonly #seed: number | bigint;
  readonly #significance: number;
  readonly #exact: Float64Array;
  readonly #mean: Float64Array;
  readonly #squares: Float64Array;
  #done = 0;

  constructor(estimator: unknown, exact: unknown, options: CheckUnbiasedOptions) {
    if (typeof estimator !== 'function') throw invalidType('estimator', 'of type function', estimator);
    this.#exact = readEstimate('exact', exact);
    validateOptions(options);
    this.count = validateCount('options.draws', options.draws);
    if (this.count < 2) throw outOfRange('options.draws', 'an integer >= 2', options.draws);
    this.#seed = options.seed;
    this.rng(0);
    const { significance = 0.001 } = options;
    this.#significance = readNumber('options.significance', significance, share);
    this.#mean = new Float64Array(this.#exact.length);
    this.#squares = new Float64Array(this.#exact.length);
  }

  rng(run: number): Rng {
    return new Rng(this.#seed, run);
  }

  add(estimate: unknown): void {
    const values = readEstimate('estimate', estimate);
    const { length } = this.#exact;
    if (values.length !== length) {
      throw shapeMismatch('estimate', `have ${length} elements to match exact`, String(values.length));
    }
    this.#done += 1;
    for (let i = 0; i < length; i += 1) {
      const difference = (values[i] as number) - (this.#mean[i] as number);
      this.#mean[i] = (this.#mean[i] as number) + difference / this.#done;
      this.#squares[i] =
        (this.#squares[i] as number) + difference * ((values[i] as number) - (this.#mean[i] as number));
    }
  }

  report(): UnbiasedReport {
    const components = Array.from(this.#exact, (exact, i) => {
      const mean = this.#mean[i] as number;
      const standardError = Math.sqrt((this.#squares[i] as number) / (this.#done - 1) / this.#done);
      const isRounding = Math.abs(mean - exact) <= 1e-12 * Math.abs(exact);
      return { mean, exact, standardError, z: isRounding ? 0 : (mean - exact) / standardError };
    });
    const greatestZ = components.reduce((greatest, { z }) => Math.max(greatest, Math.abs(z)), 0);
    const probability = Math.min(1, components.length * beyond(greatestZ));
    return { components, greatestZ, probability, unbiased: probability >= this.#significance };
  }
}

const readEstimate = (name: string, value: unknown): Float64Array =>
  typeof value === 'number' ? Float64Array.of(readNumber(name, value, finite)) : readNumbers(name, value, finite);
