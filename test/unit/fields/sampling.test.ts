// Joint states drawn from fields, exactly and by Gibbs sampling: their frequencies, what does not depend on the backend,
// and what correlated samples are worth.
import { describe, expect, test } from 'vitest';
import { effectiveSampleSize, sharesOfStates } from '../../../lib/fields/effective-sample-size';
import * as library from '../../../lib/index';
import * as reference from '../../../lib/reference';
import { libraries } from '../../libraries';
import { createRandom } from '../../seed';
import { type Description, enumerate } from './enumeration';

const random = createRandom(23);
const numbers = (n: number) => Array.from({ length: n }, () => 2 * random() - 1);

/** Factors of one, two and three variables, with a forbidden pair of states. */
const description: Description = {
  cardinalities: [2, 3, 2, 1, 2],
  factors: [
    { variables: [0], logPotentials: numbers(2) },
    { variables: [1, 0], logPotentials: [0.3, -Infinity, 0.9, -0.4, 1, 0] },
    { variables: [0, 1], logPotentials: numbers(6) },
    { variables: [4, 1, 2], logPotentials: numbers(12) },
    { variables: [2, 3], logPotentials: numbers(2) },
  ],
};

/** Pearson's statistic of the counts of joint states, and how many of them are possible. */
function chiSquare(samples: Int32Array, evidence: Record<number, number> = {}) {
  const { p, states } = enumerate(description, evidence);
  const size = description.cardinalities.length;
  const counts = new Map<string, number>();
  for (let i = 0; i < samples.length; i += size) {
    const key = samples.subarray(i, i + size).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const total = samples.length / size;
  let chi = 0;
  let possible = 0;
  states.forEach((state, i) => {
    const due = total * (p[i] as number);
    const count = counts.get(state.join()) ?? 0;
    if (due === 0) expect(count).toBe(0);
    else {
      possible += 1;
      chi += (count - due) ** 2 / due;
    }
  });
  return { chi, freedom: possible - 1 };
}

// Of 19 degrees of freedom the 99.99 % quantile is 51; of 9 it is 33.7.
const quantile = (freedom: number) => freedom + 5.5 * Math.sqrt(2 * freedom);

describe.each(libraries)('%s', (_, { MarkovRandomField, Rng }) => {
  const field = new MarkovRandomField(description);

  test('exact samples have the probabilities of the joint states', () => {
    const { chi, freedom } = chiSquare(field.sample(new Rng(3), 50_000).data);
    expect(freedom).toBe(19);
    expect(chi).toBeLessThan(quantile(freedom));
  });

  test('also where some is known', () => {
    const samples = field.conditional({ 1: 2 }).sample(new Rng(4), 30_000);
    const { chi, freedom } = chiSquare(samples.data, { 1: 2 });
    expect(freedom).toBe(7);
    expect(chi).toBeLessThan(quantile(freedom));
  });

  test('Gibbs samples far apart have them, too', () => {
    const { samples } = field.gibbs(new Rng(5), { samples: 20_000, burnIn: 50, thin: 12 });
    expect(samples.dims).toEqual([20_000, 5]);
    const { chi, freedom } = chiSquare(samples.data);
    expect(chi).toBeLessThan(quantile(freedom));
    const known = field.conditional({ 1: 2, 2: 0 }).gibbs(new Rng(5), { samples: 10_000, thin: 12 });
    const conditional = chiSquare(known.samples.data, { 1: 2, 2: 0 });
    expect(conditional.chi).toBeLessThan(quantile(conditional.freedom));
    expect(known.effectiveSampleSize[1]).toBeNaN();
  });

  test('a chain begins where nothing is forbidden', () => {
    // Not equal to the neighbour before, by the best state of which the next could not have its own best.
    const unequal = [-Infinity, 0, 0, 0, -Infinity, 0, 0, 0, -Infinity];
    const path = new MarkovRandomField({
      cardinalities: [3, 3, 3, 3],
      factors: [0, 1, 2].flatMap((v) => [
        { variables: [v], logPotentials: [0, 2, 0] },
        { variables: [v, v + 1], logPotentials: unequal },
      ]),
    });
    const { samples } = path.gibbs(new Rng(1), { samples: 5, burnIn: 0 });
    for (const weight of path.energy(samples).data) expect(weight).toBeLessThan(Infinity);
  });

  test('a chain goes on from a state, and its shares are those of its samples', () => {
    const rng = new Rng(6);
    const { samples, marginals, state } = field.gibbs(rng, { samples: 100, burnIn: 0, initial: [0, 0, 1, 0, 1] });
    expect(state).toEqual(samples.data.slice(-5));
    const share = samples.data.filter((x, i) => i % 5 === 1 && x === 2).length / 100;
    expect(marginals[1]?.[2]).toBeCloseTo(share, 15);
    expect(() => field.gibbs(rng, { initial: state })).not.toThrow();
  });

  test('a call takes two words of the generator, whatever it draws', () => {
    const [one, other] = [new Rng(9), new Rng(9)];
    field.sample(one);
    field.gibbs(other, { samples: 7, burnIn: 3 });
    expect(one.state).toEqual(other.state);
    expect(one.state.taken).toBe('2');
  });
});

test('both backends draw the same', () => {
  const [a, b] = [library, reference].map(({ MarkovRandomField }) => new MarkovRandomField(description));
  expect(a?.sample(new library.Rng(2), 500)).toEqual(b?.sample(new library.Rng(2), 500));
  expect(a?.gibbs(new library.Rng(2))).toEqual(b?.gibbs(new library.Rng(2)));
});

describe('the effective sample size', () => {
  const sizeOf = (states: Int32Array, cardinality: number) =>
    effectiveSampleSize(states, 0, 1, states.length, sharesOfStates(states, 0, 1, states.length, cardinality));

  test('of independent samples is their number', () => {
    const states = Int32Array.from({ length: 20_000 }, () => Math.floor(3 * random()));
    expect(sizeOf(states, 3) / 20_000).toBeGreaterThan(0.93);
    expect(sizeOf(states, 3) / 20_000).toBeLessThan(1.07);
  });

  // A chain that keeps its state with probability a, and else draws anew, has the autocorrelations a^t, whose sum makes
  // count (1 - a) / (1 + a).
  test.each([0.5, 0.8, 0.95])('of a chain that stays with probability %f', (stay) => {
    const [chains, count] = [8, 200_000];
    const sizes = Array.from({ length: chains }, () => {
      const states = new Int32Array(count);
      for (let i = 1; i < count; i += 1) {
        states[i] = random() < stay ? (states[i - 1] as number) : Math.floor(4 * random());
      }
      return sizeOf(states, 4);
    });
    const mean = sizes.reduce((a, b) => a + b, 0) / chains;
    // A single one is 6 % off: sqrt(2 (2 M + 1) / count) for sums up to lag M (Sokal, "Monte Carlo methods", 1997).
    expect(Math.abs(mean / ((count * (1 - stay)) / (1 + stay)) - 1)).toBeLessThan(0.1);
  });

  test('of the definition: sums of pairs of autocovariances, up to the first that is not positive', () => {
    const states = Int32Array.from({ length: 60 }, (_x, i) => Number((i * i) % 7 < 3));
    const mean = states.reduce((a, b) => a + b, 0) / 60;
    const covariance = (lag: number) => {
      let sum = 0;
      for (let i = 0; i + lag < 60; i += 1) {
        sum += ((states[i] as number) - mean) * ((states[i + lag] as number) - mean);
      }
      return sum / 60;
    };
    let total = 0;
    for (let lag = 0; covariance(lag) + covariance(lag + 1) > 0; lag += 2)
      total += covariance(lag) + covariance(lag + 1);
    const inflation = (2 * total) / covariance(0) - 1;
    expect(sizeOf(states, 2)).toBeCloseTo(60 / Math.max(inflation, 1 / Math.log10(60)), 10);
  });

  test('of what never changes is unknown, of what goes to and fro bounded', () => {
    expect(sizeOf(new Int32Array(50), 2)).toBeNaN();
    expect(sizeOf(Int32Array.of(1), 2)).toBeNaN();
    const toAndFro = Int32Array.from({ length: 1000 }, (_x, i) => i % 2);
    expect(sizeOf(toAndFro, 2)).toBeCloseTo(3000, 8);
  });
});
