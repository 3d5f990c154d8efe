// How likely a class is among k different ones: against all sequences of draws, and the expansion against the integral.
import { describe, expect, test } from 'vitest';
import { asymptoticInclusion, exactInclusion, expectedTime, inclusionOf } from '../../lib/random/inclusion';
import { createRandom } from '../seed';

function normalised(weights: readonly number[]): Float64Array {
  const sum = weights.reduce((a, b) => a + b);
  return Float64Array.from(weights, (weight) => weight / sum);
}

const many = (length: number, weight: (id: number) => number) => Array.from({ length }, (_, id) => weight(id));

/** By the definition: the sum over all orders of k different classes. */
function enumerated(q: Float64Array, k: number): Float64Array {
  const inclusion = new Float64Array(q.length);
  const go = (drawn: readonly number[], probability: number): void => {
    if (drawn.length === k) {
      for (const id of drawn) inclusion[id] = (inclusion[id] as number) + probability;
      return;
    }
    const left = [...q.keys()].filter((id) => !drawn.includes(id));
    const mass = left.reduce((sum, id) => sum + (q[id] as number), 0);
    for (const id of left) go([...drawn, id], (probability * (q[id] as number)) / mass);
  };
  go([], 1);
  return inclusion;
}

const greatestError = (actual: (place: number) => number, expected: Float64Array) =>
  expected.reduce((most, value, place) => Math.max(most, Math.abs(actual(place) / value - 1)), 0);

const random = createRandom(31);

describe('the integral is what the enumeration gives', () => {
  test.each<[string, number[], number]>([
    ['two of four', [1, 2, 6, 1], 2],
    ['three of four', [1, 2, 6, 1], 3],
    ['five of eight', [1, 2, 3, 4, 5, 6, 7, 8], 5],
    ['six of seven, one with nearly all', [1, 1, 1, 1, 1, 1, 5000], 6],
    ['three of five, over twelve orders of magnitude', [1, 1e3, 1e6, 1e9, 1e12], 3],
    ['four of five, the same', [1, 1e3, 1e6, 1e9, 1e12], 4],
    ['four of six, random', many(6, () => random()), 4],
    ['three of twenty', many(20, (id) => 1 / (id + 1)), 3],
  ])('%s', (_, weights, k) => {
    const q = normalised(weights);
    expect(greatestError(inclusionOf(q, k), enumerated(q, k))).toBeLessThan(1e-12);
  });
});

test('they add up to k', () => {
  const q = normalised(many(300, (id) => 1 / (id + 1)));
  for (const k of [2, 17, 100]) {
    expect(Math.abs(exactInclusion(q, k).reduce((a, b) => a + b) - k)).toBeLessThan(1e-12 * k);
  }
});

test('without the integral: none, one, all, and of equal ones', () => {
  const q = normalised([1, 2, 6, 1]);
  const of = (k: number) => [0, 1, 2, 3].map(inclusionOf(q, k));
  expect(of(0)).toEqual([0, 0, 0, 0]);
  expect(of(1)).toEqual([...q]);
  expect(of(4)).toEqual([1, 1, 1, 1]);
  expect(inclusionOf(normalised([1, 1, 1]), 2)(1)).toBe(2 / 3);
});

describe('the expansion', () => {
  const distributions: [string, (classes: number) => number[]][] = [
    ['log-uniform', (classes) => many(classes, (id) => Math.log1p(1 / (id + 1)))],
    ['unigram^0.75 of Zipf', (classes) => many(classes, (id) => (id + 1) ** -0.75)],
    [
      'softmax of normal logits',
      (classes) => many(classes, () => Math.exp(3 * (random() + random() + random() - 1.5))),
    ],
    ['geometric', (classes) => many(classes, (id) => Math.max(Math.exp(-id / 20), 2 ** -53))],
    ['eight with nearly all', (classes) => many(classes, (id) => (id < 8 ? 0.12 : 0.04 / (classes - 8)))],
  ];
  const sizes: [number, number][] = [
    [2000, 2],
    [1000, 8],
    [500, 32],
    [300, 100],
  ];
  const cases = distributions.flatMap(([name, make]) =>
    sizes.map(([classes, k]) => ({ name, classes, k, q: normalised(make(classes)) })),
  );

  test.each(cases)('$name: $k of $classes', ({ q, k }) => {
    const t = expectedTime(q, k);
    const variance = q.reduce((sum, value) => sum + Math.exp(-value * t) * -Math.expm1(-value * t), 0);
    const expansion = asymptoticInclusion(q, k);
    const exact = exactInclusion(q, k);
    expect(greatestError((place) => expansion(q[place] as number), exact)).toBeLessThan(0.3 / variance ** 2);
    // Rosen's limit alone.
    const limit = (place: number) => -Math.expm1(-(q[place] as number) * t);
    expect(greatestError(limit, exact)).toBeLessThan(0.2 / variance);
  });
});
