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
