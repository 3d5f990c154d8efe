// Weights, signs and rounding of log-sum-exp and the smooth maximum.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { exactRow, ulpErrorAt } from '../oracle';
import { createRandom } from '../seed';

const random = createRandom(3);

describe.each(libraries)('%s', (_, { logSumExp, smoothMax, softmax }) => {
  test('weights of 1 change nothing', () => {
    for (const n of [1, 2, 5, 64, 65, 200]) {
      const z = Float64Array.from({ length: n }, () => random() * 80 - 40);
      const plain = logSumExp(z);
      const weighted = logSumExp(z, { weights: new Float64Array(n).fill(1) });
      expect(Math.abs(weighted - plain)).toBeLessThanOrEqual(2 * 2 ** -52 * Math.max(Math.abs(plain), 40));
      expect(logSumExp(z, { weights: [1] })).toBe(weighted);
    }
    expect(logSumExp([0, -40], { weights: [1, 1] })).toBe(4.248354255291589e-18);
  });

  test('weights against the exact value', () => {
    for (let i = 0; i < 20; i += 1) {
      const z = Array.from({ length: 9 }, () => random() * 4 - 2);
      const weights = Array.from({ length: 9 }, () => random() * 3 - 1);
      const result = logSumExp(z, { weights, returnSign: true });
      const terms = z.map((x, j) => Math.exp(x) * (weights[j] as number));
      const sum = terms.reduce((a, b) => a + b);
      // How much the terms cancel: an ulp of the largest is so many of the sum.
      const condition = terms.reduce((a, b) => a + Math.abs(b), 0) / Math.abs(sum);
      expect(result.sign).toBe(Math.sign(sum));
      const unit = Math.max(2, Math.abs(result.value));
      const { logSumExp: expected } = exactRow(z, 1, weights);
      expect(ulpErrorAt(unit, result.value, expected, 'float64')).toBeLessThanOrEqual(3 + 2 * condition);
    }
  });

  test('signs', () => {
    const signed = (z: number[], weights: number[]) => logSumExp(z, { weights, returnSign: true });
    expect(signed([1, 2], [1, 1]).sign).toBe(1);
    expect(signed([1, 2], [-1, -1])).toEqual({ value: logSumExp([1, 2]), sign: -1 });
    expect(signed([3, 3], [1, -1])).toEqual({ value: -Infinity, sign: 0 });
    expect(signed([3, 5], [0, 0])).toEqual({ value: -Infinity, sign: 0 });
    expect(signed([3, 5], [1, 0])).toEqual({ value: 3, sign: 1 });
    expect(signed([NaN, 5], [1, 1])).toEqual({ value: NaN, sign: NaN });
    expect(signed([0, 5], [NaN, 1])).toEqual({ value: NaN, sign: NaN });
    expect(signed([Infinity, 5], [-2, 1])).toEqual({ value: Infinity, sign: -1 });
    expect(signed([Infinity, Infinity], [1, -1])).toEqual({ value: NaN, sign: NaN });
    expect(signed([-Infinity, 5], [9, 1])).toEqual({ value: 5, sign: 1 });
    expect(signed([NaN, 5], [0, 1])).toEqual({ value: 5, sign: 1 });
  });

  test('without returnSign a negative sum has no logarithm', () => {
    expect(logSumExp([1, 2], { weights: [-1, -1] })).toBeNaN();
    expect(logSumExp([1, 1], { weights: [1, -1] })).toBe(-Infinity);
  });

  test('signs without weights', () => {
    expect(logSumExp([1, 2], { returnSign: true })).toEqual({ value: logSumExp([1, 2]), sign: 1 });
    expect(logSumExp([-Infinity], { returnSign: true })).toEqual({ value: -Infinity, sign: 0 });
    expect(logSumExp([NaN], { returnSign: true })).toEqual({ value: NaN, sign: NaN });
    const rows = { data: Float64Array.of(1, 1, -Infinity, -Infinity, Infinity, 1), dims: [3, 2] };
    const { value, sign } = logSumExp(rows, { returnSign: true });
    expect([...value.data]).toEqual([logSumExp([1, 1]), -Infinity, Infinity]);
    expect([...sign.data]).toEqual([1, 0, 1]);
  });

  test('weights in the limits of beta', () => {
    expect(logSumExp([1, 3, 7], { weights: [1, 2, 1], beta: 0 })).toBeCloseTo(Math.log(4), 15);
    expect(logSumExp([0, -3, 0], { weights: [1, 5, 2], beta: Infinity })).toBeCloseTo(Math.log(3), 15);
    expect(logSumExp([2, -3], { weights: [-1, 5], beta: Infinity, returnSign: true })).toEqual({
      value: Infinity,
      sign: -1,
    });
  });

  test('the number of a Float32Array is a float32, as in a batch', () => {
    for (const n of [1, 2, 10, 100]) {
      const z = Float32Array.from({ length: n }, () => random() * 20 - 10);
      for (const beta of [1, 0.3, -2]) {
        const one = logSumExp(z, { beta });
        expect(Math.fround(one)).toBe(one);
        const data = Float32Array.of(...z, ...z, ...z);
        expect([...logSumExp({ data, dims: [3, n] }, { beta }).data]).toEqual([one, one, one]);
      }
    }
  });

  test('the smooth maximum lies between the maximum and log(n) / beta above it', () => {
    const z = [0.3, -1, 2, 1.9];
    for (const beta of [0.1, 1, 10, 1000]) {
      const value = smoothMax(z, { beta });
      expect(value).toBeGreaterThanOrEqual(2);
      expect(value).toBeLessThanOrEqual(2 + Math.log(4) / beta);
      const least = smoothMax(z, { beta: -beta });
      expect(least).toBeLessThanOrEqual(-1);
      expect(least).toBeGreaterThanOrEqual(-1 - Math.log(4) / beta);
    }
    // Its derivative is softmax: a difference quotient in the second logit.
    const h = 1e-6;
    const slope = (smoothMax([1, 2 + h]) - smoothMax([1, 2 - h])) / (2 * h);
    expect(slope).toBeCloseTo(softmax([1, 2])[1] as number, 8);
  });
});
