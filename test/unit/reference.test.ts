// The arithmetic that the reference stands on, and that it is a backend of its own.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as reference from '../../lib/reference';
import { expOfGap, productError, Sum, sumError } from '../../lib/reference/precise';
import { exact, exp, ulpError } from '../oracle';
import { createRandom } from '../seed';

const random = createRandom(4);

test('a sum and a product are exactly a rounded value and its error', () => {
  for (let i = 0; i < 1000; i += 1) {
    const a = (random() - 0.5) * 2 ** Math.floor(random() * 60);
    const b = (random() - 0.5) * 2 ** Math.floor(random() * 60);
    expect(exact(a + b) + exact(sumError(a, b))).toBe(exact(a) + exact(b));
    // 2^1300 is the scale of the exact numbers.
    expect((exact(a * b) + exact(productError(a, b))) << 1300n).toBe(exact(a) * exact(b));
  }
  expect(productError(1e300, 1e300)).toBe(0);
});

test('a running sum keeps what single additions drop', () => {
  const sum = new Sum();
  for (const term of [1, 1e100, 1, -1e100]) sum.add(term);
  expect(sum.value).toBe(2);
  sum.add(Infinity);
  sum.add(5);
  expect(sum.value).toBe(Infinity);
});

test('e^(beta (z - max)) is right to 2 ulp however far z lies below', () => {
  for (const beta of [1, 0.1, 3, -2, Math.LN2, 1e-5]) {
    for (let i = 0; i < 50; i += 1) {
      const max = Math.sign(beta) * random() * 100;
      const z = max - (Math.sign(beta) * random() * 700) / Math.abs(beta);
      const expected = exp((exact(beta) * (exact(z) - exact(max))) >> 1300n);
      expect(ulpError(expOfGap(beta, z, max), expected, 'float64')).toBeLessThanOrEqual(2);
    }
  }
});

test('a difference that overflows', () => {
  // beta (z - max) = -3.4, though z - max is beyond all float64.
  const e = expOfGap(1e-308, -1.7e308, 1.7e308);
  expect(e).toBeCloseTo(Math.exp(-3.4), 14);
  expect(expOfGap(1, -Infinity, 0)).toBe(0);
  expect(expOfGap(1e300, -1e300, 1e300)).toBe(0);
});

describe('the entry', () => {
  test('has the functions of logits of the plain one, under the same names', () => {
    const names = Object.keys(reference).sort();
    expect(names).toEqual(
      expect.arrayContaining(['argmax', 'hardmax', 'logSoftmax', 'logSumExp', 'smoothMax', 'softmax']),
    );
    // What nothing native computes is one and the same.
    const same = ['EmbeddingTable', 'HuffmanTree', 'Rng', 'checkUnbiased', 'importanceSampling', 'proposals'];
    for (const name of names.filter((each) => !same.includes(each))) {
      const own = (reference as Record<string, object>)[name] as { name: string };
      expect(own.name).toBe(name);
      expect(own).not.toBe((library as unknown as Record<string, object>)[name]);
    }
  });

  test('the plain one also has backend and setThreads', () => {
    const more = Object.keys(library).filter((name) => !(name in reference));
    expect(more.sort()).toEqual(['backend', 'setThreads']);
  });
});
