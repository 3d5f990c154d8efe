// RELIABILITY: subnormals are computed gradually, in both types and by whoever computes. (Empty input, NaN and infinities:
// test/unit/limits.test.ts and the tests of each function.)
import { expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import * as reference from '../../lib/reference';

const subnormal = 2 ** -149;

test('results that are subnormal, float32', () => {
  // e^-100 / (1 + e^-100), and e^-103 of it: 27 and 1 of the least numbers there are.
  for (const { softmax } of [library, reference]) {
    const p = softmax(Float32Array.of(0, -100, -103));
    expect([...p]).toEqual([1, Math.round(Math.exp(-100) / subnormal) * subnormal, subnormal]);
  }
});

test('results that are subnormal, float64', () => {
  for (const { softmax } of [library, reference]) {
    const p = softmax([0, -740, -745]);
    // e^-740 = 4.2e-322 and e^-745 = 5e-324, to the nearest.
    expect([p[1], p[2]]).toEqual([85 * Number.MIN_VALUE, Number.MIN_VALUE]);
  }
});

test('logits that are subnormal count for what they are', async () => {
  const tiny = 5e-320;
  for (const { softmax } of [library, reference]) {
    // beta has to be large for them to show: the difference is formed before the product.
    const [a, b] = softmax([tiny, 0], { beta: 1e308 });
    expect(Math.log((a as number) / (b as number))).toBeCloseTo(1e308 * tiny, 11);
  }
  const long = new Float64Array(20_000).fill(tiny);
  expect(await promises.smoothMax(long, { beta: Infinity })).toBe(tiny);
});
