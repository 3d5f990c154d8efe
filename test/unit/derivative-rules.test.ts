// What zeros, infinities, NaN and the limits of beta give in derivatives: each expectation written out by hand from the
// rules in the documentation.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const inf = Infinity;
const nan2 = [NaN, NaN];
const zeros = [0, 0];

interface Product {
  /** Probabilities. */
  readonly p: number[];
  readonly g: number[];
  readonly beta?: number;
  /** What softmaxVjp, logSoftmaxVjp and logSoftmaxJvp give under 'limit' and 'ieee'. */
  readonly limit: [number[], number[], number[]];
  readonly ieee: [number[], number[], number[]];
}

const half = [0.5, 0.5];
const same = (...results: [number[], number[], number[]]) => ({ limit: results, ieee: results });

const products: Product[] = [
  { p: half, g: [1, 2], ...same([-0.25, 0.25], [-0.5, 0.5], [-0.5, 0.5]) },
  // A class without probability takes no part.
  { p: [0, 1], g: [5, 2], limit: [zeros, zeros, zeros], ieee: [zeros, [5, -5], [3, 0]] },
  { p: [0, 1], g: [inf, 2], limit: [zeros, zeros, zeros], ieee: [nan2, [NaN, -inf], nan2] },
  { p: [0, 1], g: [NaN, 2], limit: [zeros, zeros, zeros], ieee: [nan2, nan2, nan2] },
  { p: [0, 0], g: [1, NaN], limit: [zeros, zeros, zeros], ieee: [nan2, nan2, nan2] },
  // What takes part spoils its row.
  { p: half, g: [NaN, 2], ...same(nan2, nan2, nan2) },
  { p: [NaN, 0.5], g: [1, 2], limit: [nan2, nan2, nan2], ieee: [nan2, [NaN, 0.5], nan2] },
  { p: half, g: [inf, 2], ...same([NaN, -inf], [NaN, -inf], [NaN, -inf]) },
  // Where nothing changes with the logits.
  ...[0, inf, -inf].map((beta) => ({ p: half, g: [1, 2], beta, ...same(zeros, zeros, zeros) })),
  ...[0, inf, -inf].map((beta) => ({ p: half, g: [NaN, 2], beta, ...same(nan2, nan2, nan2) })),
  ...[0, inf].map((beta) => ({ p: [0, 1], g: [NaN, 2], beta, ...same(zeros, zeros, zeros) })),
];

interface AtLogits {
  readonly z: number[];
  readonly beta?: number;
  readonly mask?: number[];
  readonly nonFinite?: 'ieee';
  readonly inBeta: number[];
  /** logSumExpVjp with g = 2. */
  readonly ofSum: number[];
  readonly jacobian: number[];
  readonly ofLog: number[];
}

const nan4 = [NaN, NaN, NaN, NaN];
const zeros4 = [0, 0, 0, 0];
const q = 0.25;
const even = { inBeta: zeros, ofSum: [1, 1], jacobian: [q, -q, -q, q], ofLog: [0.5, -0.5, -0.5, 0.5] };
const spoilt = { inBeta: nan2, ofSum: nan2, jacobian: nan4, ofLog: nan4 };
const none = { inBeta: zeros, ofSum: zeros, jacobian: zeros4, ofLog: zeros4 };
const certain = { inBeta: zeros, ofSum: [0, 2], jacobian: zeros4, ofLog: zeros4 };

const atLogits: AtLogits[] = [
  { z: [3, 3], ...even },
  { z: [NaN, 1], ...spoilt },
  { z: [-inf, 1], ...certain },
  { z: [-inf, 1], nonFinite: 'ieee', ...certain, inBeta: nan2, ofLog: [1, -1, 0, 0] },
  { z: [1, inf], ...certain },
  { z: [1, inf], nonFinite: 'ieee', ...spoilt },
  // Of two infinities, p is one half whatever beta.
  { z: [inf, inf], ...even },
  { z: [-inf, -inf], ...none },
  { z: [-inf, -inf], nonFinite: 'ieee', ...spoilt },
  { z: [inf, 1], beta: -1, ...certain, ofSum: [0, -2] },
  { z: [2, 6], beta: 0, ...none, inBeta: [-1, 1] },
  { z: [2, -inf], beta: 0, ...none },
  { z: [2, inf], beta: 0, nonFinite: 'ieee', ...spoilt },
  ...[inf, -inf].flatMap((beta) => [
    { z: [2, 6], beta, ...none },
    { z: [3, 3], beta, ...none },
    { z: [3, NaN], beta, ...spoilt },
  ]),
  { z: [NaN, 1], mask: [0, 1], ...certain },
  { z: [NaN, 1], mask: [0, 1], nonFinite: 'ieee', ...certain },
  { z: [-inf, 1], mask: [0, 1], nonFinite: 'ieee', ...certain },
  { z: [1, 1], mask: [0, 0], ...none },
  { z: [1, 1], mask: [0, 0], nonFinite: 'ieee', ...none },
  {
    z: [-inf, 1],
    mask: [1, 0],
    nonFinite: 'ieee',
    inBeta: [NaN, 0],
    ofSum: [NaN, 0],
    jacobian: [NaN, 0, 0, 0],
    ofLog: [NaN, 0, 0, 0],
  },
  { z: [5, NaN], mask: [0, 1], inBeta: [0, NaN], ofSum: [0, NaN], jacobian: [0, 0, 0, NaN], ofLog: [0, 0, 0, NaN] },
];

describe.each(libraries)('%s', (_, library) => {
  describe.each([
    ['float32', Float32Array],
    ['float64', Float64Array],
  ] as [string, Float64ArrayConstructor][])('%s', (_kind, Elements) => {
    test.each(products)('p = $p, g = $g, beta $beta', ({ p, g, beta, limit, ieee }) => {
      const point = Elements.from(p);
      const logP = point.map(Math.log);
      const direction = Elements.from(g);
      for (const [nonFinite, expected] of Object.entries({ limit, ieee })) {
        const options = { beta, nonFinite: nonFinite as 'limit' | 'ieee' };
        const actual = [
          library.softmaxVjp(point, direction, options),
          library.logSoftmaxVjp(logP, direction, options),
          library.logSoftmaxJvp(logP, direction, options),
        ];
        // Of 'ieee' zeros may have either sign.
        const shown = actual.map((result) => Array.from(result, (x) => (nonFinite === 'ieee' ? x + 0 : x)));
        expect(shown, nonFinite).toEqual(expected);
        expect(library.softmaxJvp(point, direction, options)).toEqual(actual[0]);
      }
    });

    test.each(atLogits)('z = $z, beta $beta, mask $mask, $nonFinite', (row) => {
      const { beta, nonFinite } = row;
      const options = { beta, nonFinite, mask: row.mask && Uint8Array.from(row.mask) };
      const z = Elements.from(row.z);
      expect([...library.softmaxBetaGradient(z, options)], 'in beta').toEqual(row.inBeta);
      expect([...library.logSumExpVjp(z, 2, options)], 'of the sum').toEqual(row.ofSum);
      expect([...library.softmaxJacobian(z, options).data], 'Jacobian').toEqual(row.jacobian);
      expect([...library.logSoftmaxJacobian(z, options).data], 'of the logarithm').toEqual(row.ofLog);
    });

    test('what takes no part does not overflow either', () => {
      const big = Elements === Float64Array ? 1.7e308 : 3e38;
      expect([...library.softmaxVjp(Elements.of(0, 1), Elements.of(big, -big))]).toEqual([0, 0]);
      // Where the sum is small beside g, but not small enough.
      const sum = big * 2 ** -20;
      const max = Elements === Float64Array ? Number.MAX_VALUE : (2 - 2 ** -23) * 2 ** 127;
      expect([...library.softmaxVjp(Elements.of(0, 1), Elements.of(max, -sum))]).toEqual([0, 0]);
      expect([...library.softmaxVjp(Elements.of(0, 1, 0), Elements.of(-max, sum, NaN))]).toEqual([0, 0, 0]);
    });

    test('a row spoils no other', () => {
      const tensor = (values: number[]) => ({ data: Elements.from(values), dims: [2, 2] });
      const [p, g] = [tensor([0.5, 0.5, 0.5, 0.5]), tensor([NaN, 1, 1, 2])];
      expect([...library.softmaxVjp(p, g).data]).toEqual([NaN, NaN, -0.25, 0.25]);
      const z = tensor([NaN, 1, 3, 3]);
      expect([...library.logSumExpVjp(z, [1, 2]).data]).toEqual([NaN, NaN, 1, 1]);
      expect([...library.softmaxJacobian(z).data]).toEqual([...nan4, ...even.jacobian]);
    });

    // e^-200 is 0 in float32, e^-800 in float64.
    test.each([-200, -800])('a probability that is rounded to 0, at %d, takes part all the same', (low) => {
      const logP = Elements.of(low, 0);
      const both = (g: number[], options?: { beta: number }) => [
        [...library.logSoftmaxVjp(logP, Elements.from(g), options)],
        [...library.logSoftmaxJvp(logP, Elements.from(g), options)],
      ];
      expect(both([1, inf])).toEqual([
        [-inf, NaN],
        [-inf, NaN],
      ]);
      expect(both([-inf, 1])).toEqual([
        [NaN, inf],
        [NaN, inf],
      ]);
      expect(both([inf, -inf])).toEqual([nan2, nan2]);
      expect(both([inf, NaN])).toEqual([nan2, nan2]);
      expect(both([inf, 1], { beta: 0 })).toEqual([zeros, zeros]);
      const z = { data: Elements.of(low, 0, -inf, 0, 0, low), dims: [2, 3] };
      expect([...library.logSumExpVjp(z, [inf, 2]).data.subarray(0, 4)]).toEqual([inf, inf, 0, 1]);
      expect([...library.logSumExpVjp(z, [inf, inf], { beta: -1 }).data]).toEqual([0, 0, -inf, -inf, -inf, -inf]);
      expect([...library.logSumExpVjp(z, [-inf, NaN], { mask: Uint8Array.of(1, 0, 1) }).data]).toEqual([
        -inf,
        0,
        0,
        NaN,
        0,
        NaN,
      ]);
    });

    test('g of log-sum-exp that is not finite', () => {
      const z = Elements.of(-inf, 1, 1);
      expect([...library.logSumExpVjp(z, inf)]).toEqual([0, inf, inf]);
      expect([...library.logSumExpVjp(z, inf, { nonFinite: 'ieee' })]).toEqual([NaN, inf, inf]);
      expect([...library.logSumExpVjp(z, NaN)]).toEqual([NaN, NaN, NaN]);
      expect([...library.logSumExpVjp(z, NaN, { beta: 0 })]).toEqual([NaN, NaN, NaN]);
      expect([...library.logSumExpVjp(z, inf, { beta: 0 })]).toEqual([0, 0, 0]);
    });
  });
});
