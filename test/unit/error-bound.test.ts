// The error bound of a diagnosis against the errors that softmax of the same library in fact has, of exact values: never
// below them. How far above, in test/native/diagnosis.cpp, on hard rows of up to 20,000.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { type Exact, exact, exactRow } from '../oracle';
import { createRandom } from '../seed';

const random = createRandom(21);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const kinds = [
  ['float32', Float32Array, 2 ** -126],
  ['float64', Float64Array, 2 ** -1022],
] as const;

/** |actual - p| / p as a float64: the quotient of integers, to 2^-80. */
function relativeError(actual: number, p: Exact): number {
  const difference = exact(actual) - p;
  return Number(((difference < 0n ? -difference : difference) << 80n) / p) / 2 ** 80;
}

describe.each(libraries)('%s', (_, { diagnose, softmax }) => {
  describe.each(kinds)('%s', (kind, Elements, leastNormal) => {
    test.each([1e-3, 1, 10, 300])('spread %d', (spread) => {
      for (const n of [1, 2, 3, 8, 9, 16, 33, 64, 65, 100]) {
        for (const beta of [1, -0.7]) {
          const [worst, widest] = Array.from({ length: 4 }, () => {
            const z = Elements.from(Array.from({ length: n }, () => spread * normal()));
            const bound = diagnose(z, { beta }).relativeErrorBound;
            const p = softmax(z, { beta });
            const { softmax: expected } = exactRow(z, beta);
            const errors = expected.map((y, j) => (y < exact(leastNormal) ? 0 : relativeError(p[j] as number, y)));
            const error = Math.max(...errors);
            expect(error, `${kind} spread ${spread} n=${n} beta=${beta}`).toBeLessThanOrEqual(bound);
            return [error, bound] as const;
          }).reduce((a, b) => [Math.max(a[0], b[0]), Math.max(a[1], b[1])] as const);
          const ulp = kind === 'float32' ? 2 ** -23 : 2 ** -52;
          if (worst >= ulp / 2) expect(widest / worst).toBeLessThanOrEqual(20);
        }
      }
    });
  });
});
