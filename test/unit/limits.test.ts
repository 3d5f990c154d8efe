// What infinities, NaN, masks, ties and the limits of beta give: each expectation written out by hand from the rules in
// the documentation of `nonFinite` and `beta`.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const inf = Infinity;
const half = 0.5;
const third = 1 / 3;
const log2 = Math.LN2;
const log3 = Math.log(3);

interface Row {
  z: number[];
  beta?: number;
  mask?: number[];
  softmax: number[];
  logSoftmax: number[];
  logSumExp: number;
  smoothMax: number;
}

const nan2 = [NaN, NaN];
const nan3 = [NaN, NaN, NaN];

/** Rows whose results are limits, under 'limit'. */
const limit: Row[] = [
  { z: [inf, 0, 1], softmax: [1, 0, 0], logSoftmax: [0, -inf, -inf], logSumExp: inf, smoothMax: inf },
  { z: [inf, 0, inf], softmax: [half, 0, half], logSoftmax: [-log2, -inf, -log2], logSumExp: inf, smoothMax: inf },
  { z: [-inf, 0], softmax: [0, 1], logSoftmax: [-inf, 0], logSumExp: 0, smoothMax: 0 },
  { z: [-inf, -inf], softmax: [0, 0], logSoftmax: [-inf, -inf], logSumExp: -inf, smoothMax: -inf },
  { z: [NaN, 0], softmax: nan2, logSoftmax: nan2, logSumExp: NaN, smoothMax: NaN },
  { z: [inf, NaN], softmax: nan2, logSoftmax: nan2, logSumExp: NaN, smoothMax: NaN },
  // A negative beta: -Infinity is what has the mass.
  { z: [-inf, 0], beta: -1, softmax: [1, 0], logSoftmax: [0, -inf], logSumExp: inf, smoothMax: -inf },
  { z: [inf, 0], beta: -1, softmax: [0, 1], logSoftmax: [-inf, 0], logSumExp: 0, smoothMax: 0 },
  { z: [inf, inf], beta: -1, softmax: [0, 0], logSoftmax: [-inf, -inf], logSumExp: -inf, smoothMax: inf },
  // beta = Infinity: the maxima share.
  { z: [1, 3, 3], beta: inf, softmax: [0, half, half], logSoftmax: [-inf, -log2, -log2], logSumExp: inf, smoothMax: 3 },
  { z: [-1, -3], beta: inf, softmax: [1, 0], logSoftmax: [0, -inf], logSumExp: -inf, smoothMax: -1 },
  {
    z: [0, -3, 0],
    beta: inf,
    softmax: [half, 0, half],
    logSoftmax: [-log2, -inf, -log2],
    logSumExp: log2,
    smoothMax: 0,
  },
  { z: [0, -0], beta: inf, softmax: [half, half], logSoftmax: [-log2, -log2], logSumExp: log2, smoothMax: 0 },
  { z: [inf, 5], beta: inf, softmax: [1, 0], logSoftmax: [0, -inf], logSumExp: inf, smoothMax: inf },
  { z: [-inf, -inf], beta: inf, softmax: [0, 0], logSoftmax: [-inf, -inf], logSumExp: -inf, smoothMax: -inf },
  // beta = -Infinity: the minima share.
  {
    z: [1, 3, 1],
    beta: -inf,
    softmax: [half, 0, half],
    logSoftmax: [-log2, -inf, -log2],
    logSumExp: -inf,
    smoothMax: 1,
  },
  { z: [-2, 3], beta: -inf, softmax: [1, 0], logSoftmax: [0, -inf], logSumExp: inf, smoothMax: -2 },
  // beta = 0: all that take part share.
  {
    z: [1, 2, 4],
    beta: 0,
    softmax: [third, third, third],
    logSoftmax: [-log3, -log3, -log3],
    logSumExp: log3,
    smoothMax: inf,
  },
  {
    z: [1, -inf, 4],
    beta: 0,
    softmax: [half, 0, half],
    logSoftmax: [-log2, -inf, -log2],
    logSumExp: log2,
    smoothMax: inf,
  },
  { z: [7, -inf], beta: 0, softmax: [1, 0], logSoftmax: [0, -inf], logSumExp: 0, smoothMax: 7 },
  { z: [1, inf], beta: 0, softmax: [0, 1], logSoftmax: [-inf, 0], logSumExp: inf, smoothMax: inf },
  { z: [-inf, -inf], beta: 0, softmax: [0, 0], logSoftmax: [-inf, -inf], logSumExp: -inf, smoothMax: -inf },
  // Masks: what takes no part is as if it were not there, whatever it holds.
  { z: [1, NaN], mask: [1, 0], softmax: [1, 0], logSoftmax: [0, -inf], logSumExp: 1, smoothMax: 1 },
  { z: [inf, 3], mask: [0, 9], softmax: [0, 1], logSoftmax: [-inf, 0], logSumExp: 3, smoothMax: 3 },
  { z: [1, 2], mask: [0, 0], softmax: [0, 0], logSoftmax: [-inf, -inf], logSumExp: -inf, smoothMax: -inf },
  { z: [1, 2], mask: [0, 0], beta: -2, softmax: [0, 0], logSoftmax: [-inf, -inf], logSumExp: -inf, smoothMax: inf },
  {
    z: [5, 2, 5],
    mask: [1, 1, 0],
    beta: 0,
    softmax: [half, half, 0],
    logSoftmax: [-log2, -log2, -inf],
    logSumExp: log2,
    smoothMax: inf,
  },
];

/** Rows for which 'ieee' differs from 'limit': the pattern of beta * z, max, minus, exp in IEEE arithmetic. */
const ieee: Row[] = [
  { z: [inf, 0, 1], softmax: nan3, logSoftmax: nan3, logSumExp: inf, smoothMax: inf },
  { z: [-inf, -inf], softmax: nan2, logSoftmax: nan2, logSumExp: -inf, smoothMax: -inf },
  { z: [1, 2], mask: [0, 0], softmax: nan2, logSoftmax: nan2, logSumExp: -inf, smoothMax: -inf },
  { z: [1, 2], mask: [0, 0], beta: 0, softmax: nan2, logSoftmax: nan2, logSumExp: -inf, smoothMax: -inf },
  { z: [-inf, 0], beta: -1, softmax: nan2, logSoftmax: nan2, logSumExp: inf, smoothMax: -inf },
  { z: [1, -inf, 4], beta: 0, softmax: nan3, logSoftmax: nan3, logSumExp: NaN, smoothMax: NaN },
  { z: [1, inf], beta: 0, softmax: nan2, logSoftmax: nan2, logSumExp: NaN, smoothMax: NaN },
  { z: [-inf, 0], softmax: [0, 1], logSoftmax: [-inf, 0], logSumExp: 0, smoothMax: 0 },
  { z: [1, 3, 3], beta: inf, softmax: [0, half, half], logSoftmax: [-inf, -log2, -log2], logSumExp: inf, smoothMax: 3 },
  { z: [NaN, 0], softmax: nan2, logSoftmax: nan2, logSumExp: NaN, smoothMax: NaN },
];

/** Exactly, but that zeros have no sign, and rounded to the element type. */
function expectSame(
  actual: ArrayLike<number>,
  expected: readonly number[],
  Elements: FloatConstructor,
  what: string,
): void {
  const rounded = Array.from(Elements.from(expected), (x) => x + 0);
  expect(
    Array.from(actual, (x) => x + 0),
    what,
  ).toEqual(rounded);
}

type FloatConstructor = Float32ArrayConstructor | Float64ArrayConstructor;

describe.each(libraries)('%s', (_, library) => {
  // The difference of these logits is no float64, its product with beta is: e^-3.4 against 1.
  test.each([2, 12])('logits further apart than the greatest number, in a row of %d', (n) => {
    const z = new Float64Array(n).fill(-inf);
    z.set([1.7e308, -1.7e308]);
    const e = Math.exp(-3.4);
    for (const beta of [1e-308, -1e-308]) {
      const [greatest, least] = beta > 0 ? [0, 1] : [1, 0];
      const logits = beta > 0 ? z.slice() : z.map((x) => (x === -inf ? inf : x));
      const p = library.softmax(logits, { beta });
      const logP = library.logSoftmax(logits, { beta });
      expect([...p.subarray(2), ...logP.subarray(2)]).toEqual([
        ...new Array(n - 2).fill(0),
        ...new Array(n - 2).fill(-inf),
      ]);
      expect(p[greatest]).toBeCloseTo(1 / (1 + e), 14);
      expect(p[least]).toBeCloseTo(e / (1 + e), 14);
      expect(logP[greatest]).toBeCloseTo(-Math.log1p(e), 14);
      expect(logP[least]).toBeCloseTo(-3.4 - Math.log1p(e), 14);
      expect(library.logSumExp(logits, { beta })).toBeCloseTo(1.7 + Math.log1p(e), 14);
      const smooth = Math.sign(beta) * (1.7 + Math.log1p(e)) * 1e308;
      expect(Math.abs(library.smoothMax(logits, { beta }) / smooth - 1)).toBeLessThan(1e-14);
      // In place.
      library.softmax(logits, { beta, out: logits });
      expect(logits).toEqual(p);
    }
  });

  describe.each([
    ['float32', Float32Array],
    ['float64', Float64Array],
  ] as [string, FloatConstructor][])('%s', (_kind, Elements) => {
    describe.each([
      ['limit', limit],
      ['ieee', ieee],
    ] as const)('%s', (nonFinite, rows) => {
      test.each(
        rows.map((row) => [`z = [${row.z}] beta = ${row.beta ?? 1} mask = ${row.mask ?? 'none'}`, row] as const),
      )('%s', (_name, row) => {
        const mask = row.mask === undefined ? undefined : Uint8Array.from(row.mask);
        const options = { beta: row.beta, mask, nonFinite };
        const z = Elements.from(row.z);
        expectSame(library.softmax(z, options), row.softmax, Elements, 'softmax');
        expectSame(library.logSoftmax(z, options), row.logSoftmax, Elements, 'logSoftmax');
        expectSame([library.logSumExp(z, options)], [row.logSumExp], Elements, 'logSumExp');
        expectSame([library.smoothMax(z, options)], [row.smoothMax], Elements, 'smoothMax');
      });

      test('the same rows inside a batch, where each keeps to itself', () => {
        const whole = rows.filter((row) => row.z.length === 2 && row.beta === undefined);
        const data = Elements.from(whole.flatMap((row) => row.z));
        const mask = { data: Uint8Array.from(whole.flatMap((row) => row.mask ?? [1, 1])), dims: [whole.length, 2] };
        const logits = { data, dims: [whole.length, 2] };
        const { softmax, logSumExp } = library;
        expectSame(
          softmax(logits, { mask, nonFinite }).data,
          whole.flatMap((row) => row.softmax),
          Elements,
          'rows',
        );
        expectSame(
          logSumExp(logits, { mask, nonFinite }).data,
          whole.map((row) => row.logSumExp),
          Elements,
          'rows',
        );
      });
    });

    test('scales far from 1', () => {
      const { softmax, logSumExp, smoothMax } = library;
      const z = Elements.of(1, 2);
      expectSame(softmax(z, { beta: 1e-300 }), [half, half], Elements, 'softmax');
      expectSame(softmax(z, { beta: 1e300 }), [0, 1], Elements, 'softmax');
      expectSame(softmax(z, { beta: -1e300 }), [1, 0], Elements, 'softmax');
      expectSame([logSumExp(z, { beta: 1e-300 })], [log2], Elements, 'logSumExp');
      expectSame([logSumExp(z, { beta: 1e300 })], [2e300], Elements, 'logSumExp');
      expectSame([smoothMax(z, { beta: 1e300 })], [2], Elements, 'smoothMax');
      expectSame([smoothMax(z, { beta: 1e-300 })], [log2 / 1e-300], Elements, 'smoothMax');
      expectSame(softmax(z, { temperature: 0 }), [0, 1], Elements, 'temperature 0');
      expectSame(softmax(z, { temperature: -0 }), [1, 0], Elements, 'temperature -0');
      expectSame(softmax(z, { temperature: inf }), [half, half], Elements, 'temperature Infinity');
      expectSame(softmax(z, { base: inf }), [0, 1], Elements, 'base Infinity');
      expectSame(softmax(z, { base: 1 }), [half, half], Elements, 'base 1');
      expectSame(softmax(z, { beta: -0 }), [half, half], Elements, 'beta -0');
    });

    test('logits far from 0', () => {
      const { softmax, logSumExp } = library;
      const large = Elements === Float32Array ? 3e38 : 1.7e308;
      expectSame(softmax(Elements.of(large, -large)), [1, 0], Elements, 'softmax');
      expectSame(softmax(Elements.of(large, large)), [half, half], Elements, 'softmax');
      expectSame([logSumExp(Elements.of(large, -large))], [large], Elements, 'logSumExp');
      expectSame([logSumExp(Elements.of(-large, -large))], [-large], Elements, 'logSumExp');
      const least = Elements === Float32Array ? 1e-45 : 5e-324;
      expectSame(softmax(Elements.of(least, 0, -least)), [third, third, third], Elements, 'softmax');
      expectSame([logSumExp(Elements.of(least))], [least], Elements, 'logSumExp');
    });
  });
});
