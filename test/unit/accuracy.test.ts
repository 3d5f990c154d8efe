// Errors in units in the last place against exact values, within the "best" bounds of the README's accuracy table.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { type Exact, exact, exactRow, exp, log, ulpError, ulpErrorAt } from '../oracle';
import { createRandom } from '../seed';

const random = createRandom(1);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const distributions: Record<string, (n: number) => number[]> = {
  uniform: (n) => Array.from({ length: n }, () => random() * 20 - 10),
  'log-normal': (n) => Array.from({ length: n }, () => Math.exp(2 * normal())),
  Cauchy: (n) => Array.from({ length: n }, () => Math.tan(Math.PI * (random() - 0.5)) * 10),
  'all equal': (n) => Array.from({ length: n }, () => -3.25),
  'one hot': (n) => Array.from({ length: n }, (_, j) => (j === n >> 1 ? 40 : -j / n)),
  'huge range': (n) => Array.from({ length: n }, () => random() * 700),
  subnormal: (n) => Array.from({ length: n }, () => random() * 1e-310),
  large: (n) => Array.from({ length: n }, () => 1e6 + random()),
};

const kinds = [
  ['float32', Float32Array],
  ['float64', Float64Array],
] as const;

// The bounds in ulp. |ln y| is the rounding of z - max itself: one ulp of the exponential for each unit of it.
const ofSum = (n: number): number => 3 + Math.log2(n + 1) / 4;
const ofElement = (n: number, y: number): number => ofSum(n) + Math.abs(Math.log(Math.abs(y) || 5e-324));

const sizes = [1, 2, 3, 7, 8, 9, 17, 64, 65, 100];
const betas = [1, 0.5, 2, -1, 0.1, Math.LN2];

describe.each(libraries)('%s', (_, { softmax, logSoftmax, logSumExp, smoothMax }) => {
  describe.each(kinds)('%s', (kind, Elements) => {
    test.each(Object.keys(distributions))('%s', (distribution) => {
      for (const n of sizes) {
        const beta = betas[Math.floor(random() * betas.length)] as number;
        const z = Elements.from((distributions[distribution] as (n: number) => number[])(n));
        const expected = exactRow(z, beta);
        const where = `${kind} ${distribution} n=${n} beta=${beta}`;
        const p = softmax(z, { beta });
        const logP = logSoftmax(z, { beta });
        for (let j = 0; j < n; j += 1) {
          const [y, l] = [p[j] as number, logP[j] as number];
          expect(ulpError(y, expected.softmax[j] as Exact, kind), `p ${where} j=${j}`).toBeLessThanOrEqual(
            ofElement(n, y),
          );
          expect(ulpError(l, expected.logSoftmax[j] as Exact, kind), `log p ${where} j=${j}`).toBeLessThanOrEqual(
            ofElement(n, l),
          );
        }
        const greatest = Math.max(...Array.from(z, Math.abs));
        const [sum, smooth] = [logSumExp(z, { beta }), smoothMax(z, { beta })];
        const sumUnit = Math.max(Math.abs(beta) * greatest, Math.abs(sum));
        expect(ulpErrorAt(sumUnit, sum, expected.logSumExp, kind), `lse ${where}`).toBeLessThanOrEqual(ofSum(n));
        const unit = Math.max(greatest, Math.abs(smooth));
        expect(ulpErrorAt(unit, smooth, expected.smoothMax, kind), `max ${where}`).toBeLessThanOrEqual(ofSum(n));
      }
    });
  });

  test('what lies below an ulp of the maximum is kept', () => {
    // The values at 60 digits: 4.248354255291588986e-18.
    expect(logSumExp([0, -40])).toBe(4.248354255291589e-18);
    expect(logSoftmax([0, -40])[0]).toBe(-4.248354255291589e-18);
    expect(logSumExp(Float32Array.of(0, -40))).toBe(Math.fround(4.248354255291589e-18));
  });

  test('float32 results keep their subnormals', () => {
    const p = softmax(Float32Array.of(0, -90, -100));
    const { softmax: expected } = exactRow([0, -90, -100]);
    expect(p[0]).toBe(1);
    expect(p[2]).not.toBe(0);
    for (const j of [1, 2]) expect(ulpError(p[j] as number, expected[j] as Exact, 'float32')).toBeLessThanOrEqual(1);
  });
});

test('the oracle itself: e, log 2, log e, the least float64', () => {
  expect(ulpError(Math.E, exp(exact(1)), 'float64')).toBeLessThanOrEqual(0.5);
  expect(ulpError(Math.LN2, log(exact(2)), 'float64')).toBeLessThanOrEqual(0.5);
  expect(ulpError(1, log(exp(exact(1))), 'float64')).toBe(0);
  expect(ulpError(5e-324, exact(5e-324), 'float64')).toBe(0);
});
