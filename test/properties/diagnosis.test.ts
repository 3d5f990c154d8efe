// What must hold of a diagnosis for any logits, against softmax and the dense derivative.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../lib/index';
import { libraries } from '../libraries';
import { seed } from '../seed';

fc.configureGlobal({ seed, numRuns: 200 });

const vector = fc.array(fc.double({ min: -60, max: 60, noNaN: true }), { minLength: 1, maxLength: 40 });
const beta = fc.oneof(fc.double({ min: -4, max: 4, noNaN: true }), fc.constantFrom(0, 1, -1, Infinity, -Infinity));
const wild = fc.array(fc.oneof(fc.double(), fc.constantFrom(Infinity, -Infinity, NaN, 0, -0, 5e-324)), {
  maxLength: 90,
});
const floats = fc.constantFrom(Float32Array as unknown as Float64ArrayConstructor, Float64Array);

/** The greatest eigenvalue of a symmetric matrix, by Jacobi's rotations. */
function greatestEigenvalue(matrix: number[][]): number {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const at = (i: number, j: number): number => (a[i] as number[])[j] as number;
  for (let sweep = 0; sweep < 30; sweep += 1) {
    for (let p = 0; p < n; p += 1) {
      for (let q = p + 1; q < n; q += 1) {
        if (Math.abs(at(p, q)) < 1e-300) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k += 1) {
          const [x, y] = [at(k, p), at(k, q)];
          (a[k] as number[])[p] = c * x - s * y;
          (a[k] as number[])[q] = s * x + c * y;
        }
        for (let k = 0; k < n; k += 1) {
          const [x, y] = [at(p, k), at(q, k)];
          (a[p] as number[])[k] = c * x - s * y;
          (a[q] as number[])[k] = s * x + c * y;
        }
      }
    }
  }
  return Math.max(...a.map((row, i) => row[i] as number));
}

describe.each(libraries)('%s', (_, { diagnose, softmax }) => {
  test('the mass, and the derivative |beta| (diag p - p p)', () => {
    const finite = fc.double({ min: -4, max: 4, noNaN: true });
    fc.assert(
      fc.property(vector, finite, (z, b) => {
        const found = diagnose(z, { beta: b });
        const p = [...softmax(z, { beta: b })];
        expect(found.pMax).toBeCloseTo(Math.max(...p), 14);
        expect(found.pMax + found.oneMinusPMax).toBeCloseTo(1, 14);
        const matrix = p.map((x, i) => p.map((y, j) => Math.abs(b) * ((i === j ? x : 0) - x * y)));
        expect(found.jacobianTrace).toBeCloseTo(
          matrix.reduce((sum, row, i) => sum + (row[i] as number), 0),
          13,
        );
        expect(found.jacobianNorm).toBeCloseTo(greatestEigenvalue(matrix), 13);
      }),
      { numRuns: 60 },
    );
  });

  test('what bounds what', () => {
    fc.assert(
      fc.property(vector, beta, floats, (values, b, Elements) => {
        const z = Elements.from(values);
        const found = diagnose(z, { beta: b });
        const n = z.length;
        const size = Math.abs(b);
        const slack = 1 + 1e-12;
        expect(found.pMax).toBeGreaterThanOrEqual(1 / n / slack);
        expect(found.effectiveClasses).toBeGreaterThanOrEqual(1 / slack);
        expect(found.effectiveClasses).toBeLessThanOrEqual(n * slack);
        expect(found.entropy).toBeLessThanOrEqual(Math.log(n) * slack);
        // The entropy is at least that of the greatest class alone, which MATH's 1 - p_max also bounds.
        expect(found.entropy * slack).toBeGreaterThanOrEqual(-Math.log1p(-found.oneMinusPMax));
        if (Number.isFinite(size) && size > 0) {
          expect(found.jacobianNorm).toBeLessThanOrEqual(found.jacobianTrace * slack);
          expect(found.jacobianNorm).toBeLessThanOrEqual((size / 2) * slack);
          expect(found.jacobianTrace).toBeLessThanOrEqual(2 * size * found.oneMinusPMax * slack);
          // ((n - k) / k) e^-gap
          const most = ((n - found.ties) / found.ties) * Math.exp(-found.gap) + (found.ties - 1) / found.ties;
          expect(found.oneMinusPMax).toBeLessThanOrEqual(most * slack + 5e-324);
        }
        expect(found.suggestedScale).toBeGreaterThanOrEqual(0);
        expect(found.suggestedScale < 1).toBe(found.saturated);
      }),
    );
  });

  test('what is masked is as if it were not there, and a row of a batch is a row alone', () => {
    fc.assert(
      fc.property(wild, fc.infiniteStream(fc.boolean()), floats, beta, (values, kept, Elements, b) => {
        const mask = Uint8Array.from(values, () => (kept.next().value ? 1 : 0));
        const z = Elements.from(values);
        const masked = diagnose(z, { mask, beta: b });
        const left = z.filter((_x, j) => mask[j] !== 0);
        const { firstNonFinite, relativeErrorBound, ...found } = diagnose(left, { beta: b });
        if (firstNonFinite >= 0) expect(left[firstNonFinite]).toBe(z[masked.firstNonFinite]);
        else expect(masked.firstNonFinite).toBe(-1);
        for (const field of Object.keys(found) as (keyof typeof found)[]) {
          const [x, y] = [Number(masked[field]), Number(found[field])];
          if (!Object.is(x, y) && x !== y) expect(Math.abs(x / y - 1), field).toBeLessThan(1e-12);
        }
        const batch = diagnose({ data: Elements.of(...z, ...z), dims: [2, z.length] }, { mask, beta: b });
        for (const field of Object.keys(masked) as (keyof Diagnosis)[]) {
          expect([...batch[field].data], field).toEqual([Number(masked[field]), Number(masked[field])]);
        }
      }),
    );
  });
});

test('the library agrees with the reference on anything', () => {
  const [[, library], [, reference]] = libraries as [(typeof libraries)[0], (typeof libraries)[0]];
  const rule = fc.constantFrom<'limit' | 'ieee'>('limit', 'ieee');
  const any = fc.oneof(wild, vector);
  fc.assert(
    fc.property(any, floats, beta, rule, (values, Elements, b, nonFinite) => {
      const z = Elements.from(values);
      const { relativeErrorBound, ...found } = library.diagnose(z, { beta: b, nonFinite });
      const expected = reference.diagnose(z, { beta: b, nonFinite });
      for (const field of Object.keys(found) as (keyof typeof found)[]) {
        const [x, y] = [Number(found[field]), Number(expected[field])];
        if (Object.is(x, y) || x === y) continue;
        // Newton's step against bisection; all else to a few ulp, and subnormal results to their last places.
        const tolerance = field === 'suggestedScale' ? 1e-9 : field === 'jacobianNorm' ? 1e-12 : 1e-14;
        expect(Math.abs(x - y), field).toBeLessThanOrEqual(tolerance * Math.abs(y) + 1e-322);
      }
    }),
    { numRuns: 1000 },
  );
});
