// Categorical: laws of exponential families that hold for any parameters.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { seed } from '../seed';

fc.configureGlobal({ seed, numRuns: 200 });

const logit = fc.double({ min: -6, max: 6, noNaN: true });
const vectors = (count: number) =>
  fc
    .integer({ min: 1, max: 9 })
    .chain((n) => fc.tuple(...Array.from({ length: count }, () => fc.array(logit, { minLength: n, maxLength: n }))));
const temperature = fc.double({ min: 0.2, max: 5, noNaN: true }).chain((t) => fc.constantFrom(t, -t));

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] as number), 0);

function expectNear(found: ArrayLike<number> | number, expected: ArrayLike<number> | number, tolerance = 1e-11): void {
  const [a, b] = [found, expected].map((x) => (typeof x === 'number' ? [x] : Array.from(x))) as [number[], number[]];
  expect(a.length).toBe(b.length);
  a.forEach((x, i) => {
    expect(Math.abs(x - (b[i] as number))).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(b[i] as number)));
  });
}

describe.each(libraries)('%s', (_, { Categorical }) => {
  test('H = A - <eta, p>, and cross entropy = H + KL', () => {
    fc.assert(
      fc.property(vectors(2), ([z, other]) => {
        const [p, q] = [new Categorical(z as number[]), new Categorical(other as number[])];
        expectNear(p.entropy, p.logPartition - dot(p.naturalParameters, p.mean));
        expectNear(p.crossEntropy(q), p.entropy + p.klDivergence(q));
        expectNear(p.crossEntropy(q), -dot(p.mean, q.logProbabilities));
        expectNear(p.klDivergence(p), 0);
        expect(p.klDivergence(q)).toBeGreaterThanOrEqual(-1e-15);
      }),
    );
  });

  test('F = U - T H, and p = e^((F - E) / T)', () => {
    fc.assert(
      fc.property(vectors(1), temperature, ([energies], t) => {
        const p = new Categorical({ energies: energies as number[], temperature: t });
        expectNear(p.freeEnergy, p.meanEnergy - t * p.entropy);
        expectNear(
          p.mean,
          (energies as number[]).map((energy) => Math.exp((p.freeEnergy - energy) / t)),
        );
        expectNear(p.energies, energies as number[]);
        expectNear(p.temperature, t, 1e-15);
      }),
    );
  });

  test('products with the Fisher information and its inverse undo each other', () => {
    fc.assert(
      fc.property(vectors(2), ([z, v]) => {
        const p = new Categorical(z as number[]);
        const minimal = (v as number[]).slice(0, -1);
        expectNear(p.fisherInverse(p.fisher(minimal)), minimal, 1e-8);
        // Of the over-complete ones what all have in common is lost.
        const mean = (v as number[]).reduce((sum, x) => sum + x, 0) / (v as number[]).length;
        expectNear(
          p.fisherInverse(p.fisher(v as number[])),
          (v as number[]).map((x) => x - mean),
          1e-8,
        );
      }),
    );
  });

  test('the Fisher information is the second derivative of KL', () => {
    fc.assert(
      fc.property(vectors(2), ([z, v]) => {
        const p = new Categorical(z as number[]);
        const h = 1e-4;
        const moved = new Categorical((z as number[]).map((x, k) => x + h * ((v as number[])[k] as number)));
        expectNear((2 * p.klDivergence(moved)) / h ** 2, dot(v as number[], p.fisher(v as number[])), 1e-2);
      }),
    );
  });

  test('tempering twice is tempering with the product', () => {
    fc.assert(
      fc.property(vectors(1), temperature, temperature, ([z], a, b) => {
        const p = new Categorical(z as number[]);
        expectNear(p.temper(a).temper(b).mean, p.temper(a * b).mean);
        const powers = Array.from(p.mean, (share) => share ** a);
        const total = powers.reduce((sum, x) => sum + x, 0);
        expectNear(
          p.temper(a).mean,
          powers.map((x) => x / total),
          1e-9,
        );
      }),
    );
  });
});
