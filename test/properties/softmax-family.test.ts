// What must hold for any logits, found or refuted by fast-check. Tolerances are the published error bounds, spelt out.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { seed } from '../seed';

fc.configureGlobal({ seed, numRuns: 300 });

const ulp32 = 2 ** -23;
const ulp64 = 2 ** -52;

/** Logits of moderate size: differences of up to 200. */
const logit = fc.double({ min: -100, max: 100, noNaN: true });
const vector = fc.array(logit, { minLength: 1, maxLength: 150 });
const beta = fc.oneof(fc.double({ min: -4, max: 4, noNaN: true }), fc.constantFrom(0, 1, -1, Infinity, -Infinity));
const wild = fc.array(fc.oneof(fc.double(), fc.constantFrom(Infinity, -Infinity, NaN, 0, -0, 5e-324)), {
  maxLength: 90,
});
// One type for both: what is said of the results holds for either.
const float32 = Float32Array as unknown as Float64ArrayConstructor;
const floats = fc.constantFrom(float32, Float64Array);
const unit = (Elements: Float64ArrayConstructor): number => (Elements === float32 ? ulp32 : ulp64);

const greatest = (values: Iterable<number>): number => Math.max(0, ...Array.from(values, Math.abs));

/** Relative to the greater of the two, or to a given size. */
function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, size = 0): void {
  expect(actual.length).toBe(expected.length);
  for (let j = 0; j < actual.length; j += 1) {
    const [a, b] = [actual[j] as number, expected[j] as number];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const scale = Math.max(size, Math.abs(a), Math.abs(b));
    expect(Math.abs(a - b), `element ${j}: ${a} and ${b}`).toBeLessThanOrEqual(tolerance * scale + 5e-324);
  }
}

describe.each(libraries)('%s', (_, { softmax, logSoftmax, logSumExp, smoothMax, argmax, hardmax }) => {
  test('probabilities lie in [0, 1] and sum to 1', () => {
    fc.assert(
      fc.property(vector, beta, floats, (z, b, Elements) => {
        const p = softmax(Elements.from(z), { beta: b });
        expect(p.every((x) => x >= 0 && x <= 1)).toBe(true);
        const sum = p.reduce((a, x) => a + x, 0);
        expect(Math.abs(sum - 1)).toBeLessThanOrEqual(
          Elements === float32 ? 3e-7 + p.length * 1e-9 : 1e-15 * (1 + p.length),
        );
      }),
    );
  });

  test('a shift of all logits changes nothing', () => {
    // Sixteenths up to 100 and whole shifts: z + c is exact, so the results must have the same bits.
    const sixteenths = fc.array(fc.integer({ min: -1600, max: 1600 }), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(sixteenths, fc.integer({ min: -1000, max: 1000 }), floats, beta, (k, c, Elements, b) => {
        const z = Elements.from(k, (x) => x / 16);
        const shifted = Elements.from(k, (x) => x / 16 + c);
        expect(softmax(shifted, { beta: b })).toEqual(softmax(z, { beta: b }));
        expect(logSoftmax(shifted, { beta: b })).toEqual(logSoftmax(z, { beta: b }));
      }),
    );
  });

  test('a permutation of the logits permutes the probabilities', () => {
    fc.assert(
      fc.property(vector, fc.infiniteStream(fc.nat()), floats, (values, order, Elements) => {
        const z = Elements.from(values);
        const keys = values.map(() => order.next().value);
        const places = values.map((_value, j) => j).sort((a, b) => (keys[a] as number) - (keys[b] as number));
        const permuted = softmax(Elements.from(places, (j) => z[j] as number));
        const p = softmax(z);
        // The sum is taken in another order: a few ulp.
        expectNear(
          permuted,
          places.map((j) => p[j] as number),
          4 * unit(Elements),
        );
      }),
    );
  });

  test('beta scales the logits', () => {
    // Powers of two, so that the scaled logits are exact.
    fc.assert(
      fc.property(vector, fc.constantFrom(0.25, 0.5, 2, 4, -1, -2), floats, (values, b, Elements) => {
        const z = Elements.from(values);
        const scaled = z.map((x) => x * b);
        const tolerance = 4 * unit(Elements);
        expectNear(softmax(z, { beta: b }), softmax(scaled), tolerance);
        expectNear(softmax(z, { temperature: 1 / b }), softmax(scaled), tolerance);
        expectNear([logSumExp(z, { beta: b })], [logSumExp(scaled)], tolerance, greatest(scaled));
        expectNear([smoothMax(z, { beta: b })], [logSumExp(scaled) / b], tolerance, greatest(z));
      }),
    );
  });

  test('log-softmax is the logarithm of softmax, and z minus log-sum-exp', () => {
    fc.assert(
      fc.property(vector, (z) => {
        const logP = logSoftmax(z);
        const sum = logSumExp(z);
        expectNear(
          logP,
          z.map((x) => x - sum),
          4 * ulp64,
          greatest(z) + Math.log(z.length),
        );
        const p = softmax(z);
        // A relative error of p is an absolute one of its logarithm: one ulp for each unit of the gap.
        for (const [j, x] of p.entries()) {
          const bound = ulp64 * (8 + Math.abs(logP[j] as number) * 2);
          if (x > 1e-290) expect(Math.abs(Math.log(x) - (logP[j] as number))).toBeLessThanOrEqual(bound);
        }
      }),
    );
  });

  test('log-sum-exp lies between the maximum and log n above it', () => {
    fc.assert(
      fc.property(vector, floats, (values, Elements) => {
        const z = Elements.from(values);
        const max = Math.max(...z);
        const sum = logSumExp(z);
        const slack = 2 * unit(Elements) * Math.max(Math.abs(max), 8);
        expect(sum).toBeGreaterThanOrEqual(max - slack);
        expect(sum).toBeLessThanOrEqual(max + Math.log(z.length) + slack);
      }),
    );
  });

  test('two logits are the logistic function', () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (x) => {
        expectNear(softmax([x, 0]), [1 / (1 + Math.exp(-x)), 1 / (1 + Math.exp(x))], (4 + Math.abs(x)) * ulp64);
      }),
    );
  });

  test('an axis is the last axis of the transposed', () => {
    const shape = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(shape, fc.infiniteStream(logit), floats, beta, ([rows, columns], values, Elements, b) => {
        const data = Elements.from({ length: rows * columns }, () => values.next().value);
        const place = (j: number): number => (j % rows) * columns + Math.floor(j / rows);
        const transposed = data.map((_x, j) => data[place(j)] as number);
        const down = { data, dims: [rows, columns] };
        const across = { data: transposed, dims: [columns, rows] };
        for (const call of [softmax, logSoftmax, hardmax]) {
          const expected = call(across, { beta: b }).data;
          const actual = call(down, { axis: 0, beta: b }).data;
          expect(actual.map((_x, j) => actual[place(j)] as number)).toEqual(expected);
        }
        expect(logSumExp(down, { axis: 0, beta: b }).data).toEqual(logSumExp(across, { beta: b }).data);
        expect(argmax(down, { axis: 0, beta: b }).data).toEqual(argmax(across, { beta: b }).data);
      }),
    );
  });

  test('a row has the same bits alone and in a batch', () => {
    fc.assert(
      fc.property(fc.array(wild, { minLength: 1, maxLength: 5 }), floats, beta, (rows, Elements, b) => {
        const n = Math.min(...rows.map((row) => row.length));
        const data = Elements.from(rows.flatMap((row) => row.slice(0, n)));
        const batch = { data, dims: [rows.length, n] };
        const p = softmax(batch, { beta: b }).data;
        const sums = logSumExp(batch, { beta: b }).data;
        for (let r = 0; r < rows.length; r += 1) {
          const row = data.slice(r * n, (r + 1) * n);
          expect(softmax(row, { beta: b })).toEqual(p.slice(r * n, (r + 1) * n));
          expect(logSumExp(row, { beta: b })).toEqual(sums[r]);
        }
      }),
    );
  });

  test('what is masked is as if it were infinitely far below', () => {
    fc.assert(
      fc.property(vector, fc.infiniteStream(fc.boolean()), floats, (values, kept, Elements) => {
        const mask = Uint8Array.from(values, () => (kept.next().value ? 1 : 0));
        const z = Elements.from(values);
        const below = z.map((x, j) => (mask[j] === 0 ? -Infinity : x));
        expect(softmax(z, { mask })).toEqual(softmax(below));
        expect(logSoftmax(z, { mask })).toEqual(logSoftmax(below));
        expect(logSumExp(z, { mask })).toEqual(logSumExp(below));
        if (mask.includes(1)) expect(argmax(z, { mask })).toBe(argmax(below));
      }),
    );
  });

  test('in place is the same as elsewhere, and inputs stay as they are', () => {
    fc.assert(
      fc.property(wild, floats, beta, (values, Elements, b) => {
        for (const call of [softmax, logSoftmax, hardmax]) {
          const z = Elements.from(values);
          const copy = z.slice();
          const elsewhere = call(z, { beta: b });
          expect(z).toEqual(copy);
          expect(call(z, { beta: b, out: z })).toEqual(elsewhere);
        }
      }),
    );
  });

  test('argmax is the first of the greatest, hardmax its place', () => {
    fc.assert(
      fc.property(vector, floats, (values, Elements) => {
        const z = Elements.from(values);
        const index = z.indexOf(Math.max(...z));
        expect(argmax(z)).toBe(index);
        expect(
          argmax(
            z.map((x) => -x),
            { beta: -1 },
          ),
        ).toBe(index);
        expect(hardmax(z).indexOf(1)).toBe(index);
        expect(hardmax(z, { ties: 'split' })).toEqual(softmax(z, { beta: Infinity }));
      }),
    );
  });
});

test('the library agrees with the reference on anything', () => {
  const [[, library], [, reference]] = libraries as [(typeof libraries)[0], (typeof libraries)[0]];
  const rule = fc.constantFrom<'limit' | 'ieee'>('limit', 'ieee');
  fc.assert(
    fc.property(wild, floats, beta, rule, (values, Elements, b, nonFinite) => {
      const z = Elements.from(values);
      const options = { beta: b, nonFinite };
      const precision = unit(Elements);
      const expected = reference.logSoftmax(z, options);
      // One ulp for each unit of ln y, as published; subnormal results to their last place.
      const p = library.softmax(z, options);
      reference.softmax(z, options).forEach((y, j) => {
        const bound = (6 + Math.log2(z.length + 1) / 4 + Math.abs(Math.log(y || 1))) * precision * y;
        if (Number.isNaN(y)) expect(p[j]).toBeNaN();
        else
          expect(Math.abs((p[j] as number) - y)).toBeLessThanOrEqual(bound + (Elements === float32 ? 1.5e-45 : 5e-324));
      });
      expect(Array.from(library.logSoftmax(z, options), Number.isNaN)).toEqual(Array.from(expected, Number.isNaN));
      expect(library.hardmax(z, options)).toEqual(reference.hardmax(z, options));
      if (z.length > 0) expect(library.argmax(z, options)).toBe(reference.argmax(z, options));
    }),
    { numRuns: 1000 },
  );
});
