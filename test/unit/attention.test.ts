// What each option of attention says, by hand or by another way to say the same.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { bytes, f64, normal, repeatHeads, worst } from './attention-inputs';

// One query among keys whose scores with it are their own numbers.
const one = f64([1, 1], 1);
const keys = (...scores: number[]) => f64([scores.length, 1], ...scores);
const rows = (data: ArrayLike<number>, width: number) =>
  Array.from({ length: data.length / width }, (_, i) => Array.from(data).slice(i * width, (i + 1) * width));

describe.each(libraries)('%s', (_, { attention, softmax, logSumExp }) => {
  test('one query: softmax of the scores', () => {
    const scores = [1, 2, 4];
    const result = attention(one, keys(...scores), f64([3, 2], 1, 10, 2, 20, 3, 30), {
      returnWeights: true,
      returnLogSumExp: true,
    });
    const p = softmax(scores);
    expect(worst(result.weights.data, p)).toBeLessThan(1e-15);
    const mean = (p[0] as number) + 2 * (p[1] as number) + 3 * (p[2] as number);
    expect(worst(result.output.data, [mean, 10 * mean])).toBeLessThan(1e-15);
    expect(worst(result.logSumExp.data, [logSumExp(scores)])).toBeLessThan(1e-15);
    expect(result.output.dims).toEqual([1, 2]);
    expect(result.logSumExp.dims).toEqual([1]);
    expect(result.weights.dims).toEqual([1, 3]);
    expect(attention(one, keys(1), keys(1))).toEqual({
      output: { data: Float64Array.of(1), dims: [1, 1], type: 'float64' },
    });
  });

  test('scale: 1 / sqrt(d) unless said otherwise', () => {
    const [query, key, value] = [
      normal(Float64Array, [3, 16], 1),
      normal(Float64Array, [5, 16], 2),
      normal(Float64Array, [5, 2], 3),
    ];
    expect(attention(query, key, value, { scale: 0.25 })).toEqual(attention(query, key, value));
    const doubled = { data: query.data.map((x) => 2 * x), dims: query.dims };
    expect(attention(query, key, value, { scale: 0.5 })).toEqual(attention(doubled, key, value));
    expect(
      worst(
        attention(query, key, value, { scale: 0 }).output.data,
        attention(query, key, value, { beta: 0 }).output.data,
      ),
    ).toBeLessThan(1e-15);
    expect(
      worst(
        attention(query, key, value, { scale: -1 }).output.data,
        attention(query, key, value, { scale: 1, beta: -1 }).output.data,
      ),
    ).toBeLessThan(1e-15);
  });

  describe('causal: which keys each query sees', () => {
    const seen = (queries: number, n: number, options: object) => {
      const query = { data: new Float64Array(queries), dims: [queries, 1] };
      const { weights } = attention(
        query,
        keys(...new Array<number>(n).fill(0)),
        keys(...new Array<number>(n).fill(0)),
        {
          ...options,
          returnWeights: true,
        },
      );
      return rows(weights.data, n).map((row) => row.map((p) => (p > 0 ? 1 : 0)).join(''));
    };

    test.each([
      [3, 3, { causal: true }, ['100', '110', '111']],
      [3, 3, { causal: 'topLeft' }, ['100', '110', '111']],
      [2, 4, { causal: true }, ['1110', '1111']],
      [2, 4, { causal: 'bottomRight' }, ['1110', '1111']],
      [2, 4, { causal: 'topLeft' }, ['1000', '1100']],
      [4, 2, { causal: 'bottomRight' }, ['00', '00', '10', '11']],
      [4, 2, { causal: 'topLeft' }, ['10', '11', '11', '11']],
      [1, 4, { causal: true }, ['1111']],
      [1, 4, { causal: 'topLeft' }, ['1000']],
      [4, 4, { window: 1 }, ['1100', '1110', '0111', '0011']],
      [4, 4, { window: [1, 0] }, ['1000', '1100', '0110', '0011']],
      [4, 4, { window: [Infinity, 1] }, ['1100', '1110', '1111', '1111']],
      [4, 4, { window: [0, Infinity] }, ['1111', '0111', '0011', '0001']],
      [4, 4, { window: 1, causal: true }, ['1000', '1100', '0110', '0011']],
      [2, 4, { window: 1 }, ['0111', '0011']],
      [2, 4, { window: 1, causal: 'topLeft' }, ['1000', '1100']],
      [4, 4, { window: 0 }, ['1000', '0100', '0010', '0001']],
      [2, 3, { causal: false }, ['111', '111']],
    ] as const)('%i queries, %i keys, %j', (queries, n, options, wanted) => {
      expect(seen(queries, n, options)).toEqual(wanted);
    });
  });

  test.each([
    [[2, 3, 4, 5]],
    [[3, 4, 5]],
    [[1, 3, 1, 5]],
    [[2, 1, 1, 5]],
    [[4, 5]],
    [[4, 1]],
    [[5]],
    [[2, 1, 4, 1]],
    [[1]],
  ])('mask and bias of shape %j, broadcast as NumPy does', (dims) => {
    const scores = [2, 3, 4, 5];
    const [query, key, value] = [
      normal(Float64Array, [2, 3, 4, 2], 1),
      normal(Float64Array, [2, 3, 5, 2], 2),
      normal(Float64Array, [2, 3, 5, 2], 3),
    ];
    const bias = normal(Float64Array, dims, 4);
    const mask = { data: Uint8Array.from(bias.data, (x) => (x > -0.7 ? 7 : 0)), dims };
    const spread = <Data extends { [i: number]: number }>(from: Data, to: Data): Data => {
      for (let i = 0; i < 120; i += 1) {
        let [rest, place, step] = [i, 0, 1];
        for (let axis = 3; axis >= 0; axis -= 1) {
          const own = dims[axis - 4 + dims.length] ?? 1;
          if (own !== 1) place += (rest % own) * step;
          step *= own;
          rest = Math.floor(rest / (scores[axis] as number));
        }
        to[i] = from[place] as number;
      }
      return to;
    };
    const whole = {
      bias: { data: spread(bias.data, new Float64Array(120)), dims: scores },
      mask: { data: spread(mask.data, new Uint8Array(120)), dims: scores },
    };
    for (const returnWeights of [false, true]) {
      const options = { returnWeights, returnLogSumExp: true };
      expect(attention(query, key, value, { ...options, bias, mask })).toEqual(
        attention(query, key, value, { ...options, ...whole }),
      );
    }
    expect(attention(query, key, value, { bias: whole.bias.data, mask: whole.mask.data })).toEqual(
      attention(query, key, value, whole),
    );
  });

  test('a mask over batches of several axes that no stride tells', () => {
    const [query, key, value] = [
      normal(Float64Array, [2, 3, 1, 2, 2], 1),
      normal(Float64Array, [2, 3, 1, 4, 2], 2),
      normal(Float64Array, [2, 3, 1, 4, 2], 3),
    ];
    const mask = bytes([3, 1, 1, 4], 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0);
    const whole = Uint8Array.from({ length: 48 }, (_, i) => mask.data[(Math.floor(i / 8) % 3) * 4 + (i % 4)] as number);
    expect(attention(query, key, value, { mask })).toEqual(attention(query, key, value, { mask: whole }));
  });

  test('a mask says the same as a bias of -Infinity, and as keys that are not there', () => {
    const [query, key, value] = [
      normal(Float64Array, [9, 4], 1),
      normal(Float64Array, [6, 4], 2),
      normal(Float64Array, [6, 3], 3),
    ];
    const mask = bytes([6], 1, 1, 1, 1, 0, 0);
    const bias = [0, 0, 0, 0, -Infinity, -Infinity];
    const some = { returnLogSumExp: true };
    const masked = attention(query, key, value, { mask, ...some });
    expect(attention(query, key, value, { bias, ...some })).toEqual(masked);
    const fewer = attention(
      query,
      f64([4, 4], ...key.data.slice(0, 16)),
      f64([4, 3], ...value.data.slice(0, 12)),
      some,
    );
    expect(fewer).toEqual(masked);
  });

  test('key heads that are shared are as if repeated', () => {
    const [query, key, value] = [
      normal(Float64Array, [2, 6, 5, 4], 1),
      normal(Float64Array, [2, 2, 7, 4], 2),
      normal(Float64Array, [2, 2, 7, 3], 3),
    ];
    const options = { returnLogSumExp: true, causal: true } as const;
    expect(attention(query, key, value, options)).toEqual(
      attention(query, repeatHeads(key, 3), repeatHeads(value, 3), options),
    );
  });

  test('softcap comes after the scale and before bias and beta', () => {
    const scores = [3, -2, 0.5];
    const { weights } = attention(one, keys(...scores), keys(0, 0, 0), {
      scale: 2,
      softcap: 4,
      bias: [1, 0, -1],
      beta: 3,
      returnWeights: true,
    });
    const capped = scores.map((s, j) => 4 * Math.tanh((2 * s) / 4) + 1 - j);
    expect(worst(weights.data, softmax(capped, { beta: 3 }))).toBeLessThan(1e-14);
  });

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

  test('nothing: no queries, no keys, no dimensions', () => {
    const empty = (...dims: number[]) => ({ data: new Float64Array(dims.reduce((a, b) => a * b, 1)), dims });
    const options = { returnLogSumExp: true, returnWeights: true } as const;
    const none = attention(empty(2, 0, 3), empty(2, 4, 3), empty(2, 4, 5), options);
    expect(none.output).toEqual({ data: new Float64Array(0), dims: [2, 0, 5], type: 'float64' });
    const unkeyed = attention(empty(2, 2, 3), empty(2, 0, 3), empty(2, 0, 2), options);
    expect([...unkeyed.output.data]).toEqual(new Array(8).fill(0));
    expect([...unkeyed.logSumExp.data]).toEqual(new Array(4).fill(-Infinity));
    const unmeasured = attention(empty(2, 0), empty(3, 0), f64([3, 1], 1, 2, 6), options);
    expect([...unmeasured.output.data]).toEqual([3, 3]);
    expect(worst(unmeasured.weights.data, new Array(6).fill(1 / 3))).toBeLessThan(1e-15);
    expect(attention(empty(2, 3), empty(3, 3), empty(3, 0), options).output.dims).toEqual([2, 0]);
    expect(attention(empty(0, 4, 2, 3), empty(0, 2, 2, 3), empty(0, 2, 2, 3)).output.dims).toEqual([0, 4, 2, 3]);
  });

  test('out: a tensor or an array, which is returned', () => {
    const [query, key, value] = [
      normal(Float64Array, [3, 4], 1),
      normal(Float64Array, [5, 4], 2),
      normal(Float64Array, [5, 2], 3),
    ];
    const wanted = attention(query, key, value).output;
    const array = new Float64Array(6);
    const tensor = { data: new Float64Array(6), dims: [3, 2], mine: true };
    expect(attention(query, key, value, { out: array }).output).toBe(array);
    expect(attention(query, key, value, { out: tensor }).output).toBe(tensor);
    expect(array).toEqual(wanted.data);
    expect(tensor.data).toEqual(wanted.data);
  });

  test('float32 in, float32 out; a scale that float32 cannot hold is computed in float64', () => {
    const [query, key, value] = [
      normal(Float32Array, [3, 4], 1),
      normal(Float32Array, [5, 4], 2),
      normal(Float32Array, [5, 2], 3),
    ];
    expect(attention(query, key, value).output.type).toBe('float32');
    const { output } = attention(query, key, value, { scale: 1e-30, beta: 5e29 });
    expect(output.type).toBe('float32');
    expect(worst(output.data, attention(query, key, value, { scale: 0.5 }).output.data)).toBeLessThan(1e-6);
  });
});
