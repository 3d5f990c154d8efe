// What a diagnosis says, field by field: worked out by hand, at the limits, of masks, and of rows in any layout.
import { describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../lib/index';
import { libraries } from '../libraries';
import { createRandom } from '../seed';

const inf = Infinity;
const random = createRandom(20);

/** Nothing takes part. */
const nothing = {
  max: -inf,
  gap: inf,
  ties: 0,
  pMax: 0,
  oneMinusPMax: 0,
  entropy: 0,
  effectiveClasses: 0,
  jacobianTrace: 0,
  jacobianNorm: 0,
  saturated: false,
  suggestedScale: 1,
  relativeErrorBound: 0,
  firstNonFinite: -1,
};

/** k classes share the mass; the derivative is 0. */
const shared = (k: number, max: number, more: Partial<Diagnosis> = {}) => ({
  max,
  gap: inf,
  ties: k,
  pMax: 1 / k,
  oneMinusPMax: (k - 1) / k,
  entropy: Math.log(k),
  effectiveClasses: k,
  jacobianTrace: 0,
  jacobianNorm: 0,
  saturated: false,
  suggestedScale: 1,
  firstNonFinite: -1,
  ...more,
});

const undefinedRow = (firstNonFinite: number) => ({
  ...Object.fromEntries(Object.keys(nothing).map((field) => [field, NaN])),
  ties: 0,
  saturated: false,
  firstNonFinite,
});

const dead = { saturated: true, suggestedScale: 0 };

interface Row {
  z: number[];
  beta?: number;
  mask?: number[];
  found: object;
}

const limit: Row[] = [
  { z: [], found: nothing },
  { z: [], beta: -1, found: { ...nothing, max: inf } },
  { z: [-inf, -inf], found: { ...nothing, firstNonFinite: 0 } },
  { z: [inf, inf], beta: -2, found: { ...nothing, max: inf, firstNonFinite: 0 } },
  { z: [1, 2], mask: [0, 0], found: nothing },
  { z: [NaN, inf, 2], mask: [0, 0, 1], found: shared(1, 2) },
  { z: [5], found: shared(1, 5) },
  { z: [5, -inf], found: shared(1, 5, { firstNonFinite: 1 }) },
  { z: [1, NaN, inf], found: undefinedRow(1) },
  { z: [1, inf], mask: [1, 0], beta: 0, found: shared(1, 1) },
  // +Infinity logits share the mass, and the derivative is that of these probabilities.
  { z: [0, inf, 1], found: shared(1, inf, { ...dead, firstNonFinite: 1 }) },
  { z: [inf, -inf], found: shared(1, inf, { firstNonFinite: 0 }) },
  { z: [inf, 0, inf], found: shared(2, inf, { jacobianTrace: 0.5, jacobianNorm: 0.5, firstNonFinite: 0 }) },
  {
    z: [-inf, 0, -inf],
    beta: -3,
    found: shared(2, -inf, { jacobianTrace: 1.5, jacobianNorm: 1.5, firstNonFinite: 0 }),
  },
  // beta = 0: all tie.
  { z: [1, 2, 4], beta: 0, found: shared(3, 4) },
  { z: [1, -inf, 4], beta: 0, found: shared(2, 4, { firstNonFinite: 1 }) },
  { z: [1, inf], beta: 0, found: shared(1, inf, { firstNonFinite: 1 }) },
  // beta = +-Infinity: the maxima share, and the gradient is dead.
  { z: [1, 3, 3], beta: inf, found: shared(2, 3, dead) },
  { z: [1, 3, 3], beta: -inf, found: shared(1, 1, dead) },
  { z: [3, 3], beta: inf, found: shared(2, 3, dead) },
  { z: [3], beta: inf, found: shared(1, 3) },
];

const ieee: Row[] = [
  { z: [0, inf], found: undefinedRow(1) },
  { z: [-inf, -inf], found: undefinedRow(0) },
  { z: [1, 2], mask: [0, 0], found: undefinedRow(-1) },
  { z: [1, -inf], beta: 0, found: undefinedRow(1) },
  { z: [1, -inf], found: shared(1, 1, { firstNonFinite: 1 }) },
  { z: [], found: nothing },
];

describe.each(libraries)('%s', (_, { diagnose, softmax }) => {
  describe.each([
    ['limit', limit],
    ['ieee', ieee],
  ] as const)('%s', (nonFinite, rows) => {
    test.each(rows.map((row) => [`z = [${row.z}] beta = ${row.beta ?? 1} mask = ${row.mask ?? 'none'}`, row] as const))(
      '%s',
      (_name, { z, beta, mask, found }) => {
        const options = { beta, mask: mask && Uint8Array.from(mask), nonFinite };
        for (const Elements of [Float64Array, Float32Array]) {
          const actual = diagnose(Elements.from(z), options);
          expect(actual).toMatchObject(found);
          expect(Object.keys(actual)).toEqual(Object.keys(nothing));
        }
      },
    );
  });

  test('two classes by hand', () => {
    for (const d of [0.1, 1, 3, 20, 100, 700]) {
      const e = Math.exp(-d);
      const found = diagnose([5, 5 - d], { beta: 2 });
      const e2 = e * e;
      const p = 1 / (1 + e2);
      const near = (actual: number, expected: number) => expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-12);
      expect(found).toMatchObject({ max: 5, ties: 1, firstNonFinite: -1 });
      near(found.gap, 2 * (5 - (5 - d)));
      near(found.pMax, p);
      if (e2 > 0) {
        near(found.oneMinusPMax, e2 * p);
        near(found.entropy, Math.log1p(e2) + 2 * d * e2 * p);
        // C = p (1 - p) [[1, -1], [-1, 1]].
        near(found.jacobianTrace, 4 * e2 * p * p);
        near(found.jacobianNorm, 4 * e2 * p * p);
      } else expect(found).toMatchObject({ oneMinusPMax: 0, entropy: 0, jacobianTrace: 0, jacobianNorm: 0 });
      near(found.effectiveClasses, Math.exp(found.entropy));
      expect(found.saturated).toBe(2 * e2 * p * p < 1e-3);
      // Of two classes the greater has 9/10 at a gap of log 9.
      if (found.saturated) near(found.suggestedScale, Math.log(9) / found.gap);
      else expect(found.suggestedScale).toBe(1);
    }
  });

  test('ties: all, and some', () => {
    expect(diagnose([2, 2, 2, 2])).toMatchObject({
      gap: inf,
      ties: 4,
      pMax: 0.25,
      oneMinusPMax: 0.75,
      effectiveClasses: 4,
      jacobianTrace: 0.75,
      jacobianNorm: 0.25,
    });
    expect(diagnose([-0, 0, -1])).toMatchObject({ max: 0, ties: 2, gap: 1 });
    const some = diagnose([7, 7, -800]);
    expect(some).toMatchObject({
      ties: 2,
      gap: 807,
      pMax: 0.5,
      oneMinusPMax: 0.5,
      jacobianNorm: 0.5,
      saturated: false,
    });
  });

  test('what a gap of 37 and more leaves: 1 - pMax is 0, and the sum of the others is not', () => {
    const found = diagnose([0, -40, -41]);
    expect(found.pMax).toBe(1);
    const rest = Math.exp(-40) + Math.exp(-41);
    expect(found.oneMinusPMax).toBeCloseTo(rest, 30);
    expect(found.jacobianTrace / rest).toBeCloseTo(2, 14);
    expect(found.entropy / (Math.exp(-40) * 41 + Math.exp(-41) * 42)).toBeCloseTo(1, 14);
    // Below the least float64 there is nothing left.
    expect(diagnose([0, -800])).toMatchObject({ oneMinusPMax: 0, jacobianNorm: 0, saturated: true });
  });

  test('the suggested scale leaves the maximum 9/10, and shrinks as the logits grow', () => {
    for (const n of [2, 3, 30, 1000, 5000]) {
      const z = Float64Array.from({ length: n }, () => 100 * random());
      z[n >> 1] = 120;
      const { saturated, suggestedScale } = diagnose(z);
      expect(saturated).toBe(true);
      expect(softmax(z, { beta: suggestedScale })[n >> 1]).toBeCloseTo(0.9, 9);
      const scaled = diagnose(z.map((x) => 4 * x));
      expect(scaled.suggestedScale * 4).toBeCloseTo(suggestedScale, 9);
      expect(diagnose(z, { beta: suggestedScale })).toMatchObject({ saturated: false, suggestedScale: 1 });
    }
  });

  test('a tensor gives tensors of its rows, along any axes', () => {
    const data = Float32Array.from({ length: 24 }, () => 6 * random());
    data[5] = NaN;
    data[9] = inf;
    const mask = Uint8Array.from(data, () => (random() < 0.8 ? 1 : 0));
    const place = (i: number, j: number, k: number) => (i * 3 + j) * 4 + k;
    for (const beta of [1, -0.5]) {
      const logits = { data, dims: [2, 3, 4] };
      const found = diagnose(logits, { axis: [0, 2], beta, mask });
      expect(found.max).toMatchObject({ dims: [3], type: 'float64' });
      expect(found.ties).toMatchObject({ dims: [3], type: 'int32' });
      expect(found.saturated.data).toBeInstanceOf(Int32Array);
      for (let j = 0; j < 3; j += 1) {
        const places = [0, 1].flatMap((i) => [0, 1, 2, 3].map((k) => place(i, j, k)));
        const row = Float32Array.from(places, (p) => data[p] as number);
        const alone = diagnose(row, { beta, mask: Uint8Array.from(places, (p) => mask[p] as number) });
        for (const field of Object.keys(nothing) as (keyof Diagnosis)[]) {
          expect(found[field].data[j], field).toBe(Number(alone[field]));
        }
      }
    }
    const columns = diagnose({ data: Float64Array.of(1, 2, 3, 4, 5, 6), dims: [2, 3] }, { axis: 0 });
    expect([...columns.gap.data]).toEqual([3, 3, 3]);
    expect(columns.gap.dims).toEqual([3]);
    expect(diagnose({ data: new Float32Array(0), dims: [0, 3] }).max.data).toHaveLength(0);
    expect([...diagnose({ data: new Float32Array(0), dims: [2, 0] }).max.data]).toEqual([-inf, -inf]);
    expect(diagnose({ data: Float64Array.of(3), dims: [] }).max).toMatchObject({ dims: [] });
  });

  test('scales that float32 does not hold', () => {
    const z = Float32Array.of(1, 2);
    expect(diagnose(z, { beta: 1e300 })).toMatchObject({ gap: 1e300, oneMinusPMax: 0, saturated: true });
    const flat = diagnose(z, { beta: 1e-300 });
    expect(flat).toMatchObject({ gap: 1e-300, pMax: 0.5, jacobianTrace: 0.5e-300, saturated: false });
  });

  test('a row that is refused', () => {
    const logits = { data: Float64Array.of(1, 2, 3, -inf), dims: [2, 2] };
    expect(() => diagnose(logits, { nonFinite: 'throw' })).toThrow(/^Row 1 of "logits" must be finite/);
    expect(diagnose([1, 2], { nonFinite: 'throw' }).gap).toBe(1);
  });
});
