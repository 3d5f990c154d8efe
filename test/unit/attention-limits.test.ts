// The limits of attention: of beta, of scores that are not finite, and of rows to which no key is left.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { bytes, f64, normal, worst } from './attention-inputs';

// One query among keys whose scores with it are their own numbers.
const one = f64([1, 1], 1);
const keys = (...scores: number[]) => f64([scores.length, 1], ...scores);
const rows = (data: ArrayLike<number>, width: number) =>
  Array.from({ length: data.length / width }, (_, i) => Array.from(data).slice(i * width, (i + 1) * width));

describe.each(libraries)('%s', (_, { attention }) => {
  test.each([false, true])('limits of beta, with weights %j', (returnWeights) => {
    const value = f64([3, 1], 1, 10, 100);
    const at = (scores: number[], options: object) => {
      const result = attention(one, keys(...scores), value, { ...options, returnWeights, returnLogSumExp: true });
      return [...result.output.data, ...result.logSumExp.data];
    };
    expect(at([1, 3, 2], { beta: Infinity })).toEqual([10, Infinity]);
    expect(at([3, 1, 3], { beta: Infinity })).toEqual([50.5, Infinity]);
    expect(at([-3, -1, -2], { beta: Infinity })).toEqual([10, -Infinity]);
    expect(at([0, -1, 0], { beta: Infinity })).toEqual([50.5, Math.log(2)]);
    expect(at([1, 3, 2], { beta: -Infinity })).toEqual([1, -Infinity]);
    expect(at([1, 3, 2], { temperature: 0 })).toEqual([10, Infinity]);
    expect(worst(at([1, 3, 2], { beta: 0 }), [37, Math.log(3)])).toBeLessThan(1e-15);
    expect(at([1, 3, 2], { beta: 0, mask: bytes([3], 1, 0, 1) })).toEqual([50.5, Math.log(2)]);
    expect(at([1, 3, 2], { beta: Infinity, mask: bytes([3], 1, 0, 1) })).toEqual([100, Infinity]);
    expect(worst(at([1, 3, 2], { base: Math.E }), at([1, 3, 2], {}))).toBeLessThan(1e-15);
    expect(worst(at([1, 3, 2], { beta: 1e300 }), [10, 3e300])).toBeLessThan(1e-15);
  });

  test('ties of beta = Infinity over many keys', () => {
    const scores = Array.from({ length: 700 }, (_, j) => (j % 350 === 100 ? 5 : (j % 7) / 2));
    const value = keys(...scores.map((_, j) => j));
    for (const returnWeights of [false, true]) {
      expect(attention(one, keys(...scores), value, { beta: Infinity, returnWeights }).output.data[0]).toBe(275);
    }
  });

  describe.each([1, 12])('what is not finite, %i queries', (queries) => {
    const query = { data: new Float64Array(queries).fill(1), dims: [queries, 1] };
    const value = keys(1, 2, 4);
    const at = (scores: number[], options: object = {}, values = value) => {
      const result = attention(query, keys(...scores), values, { ...options, returnLogSumExp: true });
      const found = [result.output.data[0] as number, result.logSumExp.data[0] as number];
      expect(result.output.data.every((x) => Object.is(x, found[0]))).toBe(true);
      return found;
    };

    test('limit', () => {
      expect(at([0, NaN, 0])).toEqual([NaN, NaN]);
      expect(at([0, Infinity, 0])).toEqual([2, Infinity]);
      expect(at([Infinity, 0, Infinity])).toEqual([2.5, Infinity]);
      expect(at([0, -Infinity, 0])).toEqual([2.5, Math.log(2)]);
      expect(at([0, 1, 2], { mask: bytes([3], 0, 0, 0) })).toEqual([0, -Infinity]);
      expect(at([0, NaN, 0], { mask: bytes([3], 1, 0, 1) })).toEqual([2.5, Math.log(2)]);
      expect(at([0, Infinity, 5], { beta: Infinity })).toEqual([2, Infinity]);
      expect(at([0, Infinity, 5], { beta: 0 })).toEqual([2, Infinity]);
    });

    test('ieee', () => {
      const ieee = { nonFinite: 'ieee' };
      expect(at([0, NaN, 0], ieee)).toEqual([NaN, NaN]);
      expect(at([0, Infinity, 0], ieee)).toEqual([NaN, Infinity]);
      expect(at([0, 1, 2], { ...ieee, mask: bytes([3], 0, 0, 0) })).toEqual([NaN, -Infinity]);
      expect(at([0, NaN, 0], { ...ieee, mask: bytes([3], 1, 0, 1) })).toEqual([2.5, Math.log(2)]);
    });

    test('throw names the first row, and writes nothing', () => {
      const out = f64([queries, 1], ...new Array<number>(queries).fill(7));
      const call =
        (scores: number[], options: object = {}) =>
        () =>
          attention(query, keys(...scores), value, { nonFinite: 'throw', out, ...options });
      const refused = expect.objectContaining({ code: 'ERR_SOFTMAX_NON_FINITE' });
      expect(call([0, NaN, 0])).toThrow(refused);
      expect(call([0, NaN, 0])).toThrow(/^Row 0 of "query" and "key" must be finite/);
      expect(call([0, Infinity, 0])).toThrow(refused);
      expect(call([0, 0, 0], { mask: bytes([3], 0, 0, 0) })).toThrow(refused);
      if (queries > 5) {
        const mask = bytes([queries, 1], ...Array.from({ length: queries }, (_, i) => (i < 5 ? 1 : 0)));
        expect(call([0, 0, 0], { mask })).toThrow(/^Row 5 of/);
      }
      expect([...out.data]).toEqual(new Array(queries).fill(7));
      expect(call([0, 0, 0], { mask: bytes([3], 1, 0, 0) })()).toEqual({ output: out });
      expect([...out.data]).toEqual(new Array(queries).fill(1));
    });

    test('what has no weight contributes nothing, be its value NaN', () => {
      const mask = bytes([3], 1, 0, 1);
      for (const odd of [NaN, Infinity]) {
        expect(at([0, 1, 0], { mask }, keys(1, odd, 4))).toEqual([2.5, Math.log(2)]);
        expect(at([0, -1e6, 0], {}, keys(1, odd, 4))).toEqual([2.5, Math.log(2)]);
      }
      expect(at([0, 0, 0], {}, keys(1, Infinity, 4))[0]).toBe(Infinity);
      expect(at([0, 0, 0], {}, keys(1, NaN, 4))[0]).toBeNaN();
    });
  });

  test('NaN in one query, or in what only some queries see, stays in its rows', () => {
    const [query, key, value] = [
      normal(Float64Array, [80, 4], 1),
      normal(Float64Array, [80, 4], 2),
      normal(Float64Array, [80, 4], 3),
    ];
    const clean = attention(query, key, value, { causal: true }).output.data;
    query.data[30 * 4] = NaN;
    key.data[70 * 4 + 1] = NaN;
    value.data[75 * 4 + 2] = NaN;
    const { data } = attention(query, key, value, { causal: true }).output;
    rows(data, 4).forEach((row, i) => {
      if (i === 30 || i >= 70) expect(row.every((x) => Number.isNaN(x) || i >= 75)).toBe(true);
      else expect(row).toEqual([...clean.slice(i * 4, i * 4 + 4)]);
    });
  });
});
