// Memory: reads and their derivatives against plain loops, rows that come and go, refusals, bytes, promises.
import { describe, expect, test } from 'vitest';
import * as promises from '../../lib/promises';
import { libraries } from '../libraries';
import { createRandom } from '../seed';
import { thrown } from '../thrown';

const random = createRandom(11);
type Elements = Float32ArrayConstructor | Float64ArrayConstructor;
const normals = (Of: Elements, n: number) => new Of(Array.from({ length: n }, () => (random() + random() - 1) * 2));
const matrix = (Of: Elements, rows: number, width: number) => ({
  data: normals(Of, rows * width),
  dims: [rows, width],
});
type Matrix = ReturnType<typeof matrix>;
const rowOf = ({ data, dims }: Matrix, i: number) =>
  Array.from(data.slice(i * (dims[1] as number), (i + 1) * (dims[1] as number)));
const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const unit = (a: number[]) => a.map((x) => x / Math.hypot(...a));

interface Options {
  readonly beta?: number;
  readonly topK?: number;
  readonly similarity?: 'dot' | 'cosine';
}

/** The definition, for one query: weights by row, and the read. */
function read(query: number[], keys: Matrix, values: Matrix, { beta = 1, topK, similarity }: Options) {
  const size = keys.dims[0] as number;
  const scores = Array.from({ length: size }, (_, i) =>
    similarity === 'cosine' ? dot(unit(query), unit(rowOf(keys, i))) : dot(query, rowOf(keys, i)),
  );
  const order = scores.map((_, i) => i).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const best = order.slice(0, topK ?? size);
  const max = Math.max(...best.map((i) => beta * (scores[i] as number)));
  const e = best.map((i) => Math.exp(beta * (scores[i] as number) - max));
  const total = e.reduce((a, b) => a + b, 0);
  const weights = Array.from({ length: size }, () => 0);
  best.forEach((i, k) => {
    weights[i] = (e[k] as number) / total;
  });
  const width = values.dims[1] as number;
  const output = Array.from({ length: width }, (_, c) =>
    weights.reduce((sum, w, i) => sum + w * (rowOf(values, i)[c] as number), 0),
  );
  return { weights, output, best };
}

function expectNear(found: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((x, i) => {
    expect(Math.abs((found[i] as number) - x)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(x)));
  });
}

const variants: Options[] = [
  {},
  { beta: 3 },
  { beta: -0.5 },
  { topK: 4 },
  { topK: 3, beta: 2, similarity: 'cosine' },
  { similarity: 'cosine', beta: 5 },
];

describe.each(libraries)('%s', (_, { Memory }) => {
  describe.each([Float32Array, Float64Array] as Elements[])('%o', (Of) => {
    const tolerance = Of === Float32Array ? 2e-6 : 1e-13;

    test.each(variants)('read, %j', (options) => {
      const [keys, values, queries] = [matrix(Of, 23, 5), matrix(Of, 23, 3), matrix(Of, 6, 5)];
      const { output, weights, rows } = new Memory(keys, values).read(queries, options);
      expect(output.dims).toEqual([6, 3]);
      for (let q = 0; q < 6; q += 1) {
        const expected = read(rowOf(queries, q), keys, values, options);
        expectNear(output.data.slice(q * 3, q * 3 + 3), expected.output, tolerance);
        const k = options.topK ?? 23;
        const own = weights.data.slice(q * k, (q + 1) * k);
        const ids = options.topK ? Array.from(rows.data.slice(q * k, (q + 1) * k)) : Array.from(rows.data);
        if (options.topK) expect(ids).toEqual(expected.best);
        else expect(ids).toEqual(Array.from({ length: 23 }, (_, i) => i));
        expectNear(
          own,
          ids.map((i) => expected.weights[i] as number),
          tolerance,
        );
      }
    });
  });

  test.each(variants)('readVjp is the slope of the read, %j', (options) => {
    const [keys, values] = [matrix(Float64Array, 9, 4), matrix(Float64Array, 9, 3)];
    const queries = matrix(Float64Array, 2, 4);
    const g = normals(Float64Array, 6);
    const loss = (): number => {
      const { output } = new Memory(keys, values).read(queries, options);
      return Array.from(output.data).reduce((sum, x, i) => sum + x * (g[i] as number), 0);
    };
    const found = new Memory(keys, values).readVjp(queries, { data: g, dims: [2, 3] }, options);
    for (const [of, gradient] of [
      [queries, found.queryGradient],
      [keys, found.keyGradient],
      [values, found.valueGradient],
    ] as const) {
      expect(gradient.dims).toEqual(of.dims);
      of.data.forEach((x, i) => {
        const step = 1e-5;
        of.data[i] = x + step;
        const above = loss();
        of.data[i] = x - step;
        const slope = (above - loss()) / (2 * step);
        of.data[i] = x;
        expect(Math.abs((gradient.data[i] as number) - slope)).toBeLessThan(1e-8);
      });
    }
  });

  test('beta = Infinity is the nearest row; ties are averaged', () => {
    const keys = { data: Float32Array.of(1, 0, 0, 1, 1, 0), dims: [3, 2] };
    const memory = new Memory(keys, { data: Float32Array.of(10, 20, 30), dims: [3, 1] });
    expect(memory.read(Float32Array.of(2, 1), { beta: Infinity })).toEqual({
      output: Float32Array.of(20),
      weights: Float32Array.of(0.5, 0, 0.5),
      rows: Int32Array.of(0, 1, 2),
    });
    expect(memory.read([2, 1], { beta: Infinity, topK: 1 })).toMatchObject({
      rows: Int32Array.of(0),
      output: Float32Array.of(10),
    });
    expect(memory.read([2, 1], { temperature: 0 }).output[0]).toBe(20);
    expect(memory.read([2, 1], { beta: 0 }).output[0]).toBe(20);
    expect(memory.read([2, 1], { beta: 1e-30 }).output[0]).toBe(20);
    const { queryGradient, keyGradient, valueGradient } = memory.readVjp([2, 1], [1], { beta: Infinity });
    expect(Array.from(queryGradient)).toEqual([0, 0]);
    expect(keyGradient.data.every((x) => x === 0)).toBe(true);
    expect(Array.from(valueGradient.data)).toEqual([0.5, 0, 0.5]);
  });

  test('rows come and go, ids stay', () => {
    const memory = new Memory({ data: new Float64Array(0), dims: [0, 2] }, { data: new Float64Array(0), dims: [0, 1] });
    expect(memory).toMatchObject({ size: 0, dim: 2, valueSize: 1, type: 'float64' });
    expect(memory.read([1, 2])).toEqual({
      output: Float64Array.of(0),
      weights: new Float64Array(0),
      rows: new Int32Array(0),
    });
    expect(memory.readVjp([1, 2], [1])).toMatchObject({
      queryGradient: Float64Array.of(0, 0),
      keyGradient: { dims: [0, 2] },
    });
    expect(
      memory.add(
        { data: Float64Array.of(1, 0, 0, 1, 1, 1), dims: [3, 2] },
        { data: Float64Array.of(1, 2, 3), dims: [3, 1] },
      ),
    ).toEqual(Int32Array.of(0, 1, 2));
    memory.remove([1]);
    expect(memory.ids).toEqual(Int32Array.of(0, 2));
    expect(memory.add([5, 5], [4])).toEqual(Int32Array.of(3));
    memory.replace(2, undefined, [30]);
    memory.replace([0, 3], { data: Float64Array.of(-1, 0, 9, 9), dims: [2, 2] });
    expect(memory.keys).toMatchObject({ data: Float64Array.of(-1, 0, 1, 1, 9, 9), dims: [3, 2] });
    expect(memory.values.data).toEqual(Float64Array.of(1, 30, 4));
    expect(memory.read([1, 1], { topK: 2 }).rows).toEqual(Int32Array.of(3, 2));
    expect(memory.read([1, 1], { topK: 99 }).rows).toEqual(Int32Array.of(3, 2, 0));
    const again = Memory.fromBytes(memory.toBytes());
    expect(again.toBytes()).toEqual(memory.toBytes());
    expect(again.add([0, 0], [0])).toEqual(Int32Array.of(4));
    memory.remove([0, 2, 3]);
    expect(memory.size).toBe(0);
  });

  test('refusals change nothing', () => {
    const [keys, values] = [matrix(Float32Array, 3, 2), matrix(Float32Array, 3, 1)];
    const memory = new Memory(keys, values);
    const before = memory.toBytes();
    const cases: [() => unknown, string][] = [
      [() => new Memory([1, 2] as never, values), 'ERR_INVALID_ARG_TYPE'],
      [() => new Memory(keys, matrix(Float64Array, 3, 1)), 'ERR_INVALID_ARG_TYPE'],
      [() => new Memory(keys, matrix(Float32Array, 2, 1)), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
      [() => new Memory(matrix(Float32Array, 3, 0), values), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
      [() => memory.read([1]), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
      [() => memory.read(Float64Array.of(1, 2)), 'ERR_INVALID_ARG_TYPE'],
      [() => memory.read([1, 2], { topK: 0 }), 'ERR_INVALID_ARG_VALUE'],
      [() => memory.read([1, 2], { topK: -1 }), 'ERR_OUT_OF_RANGE'],
      [() => memory.read([1, 2], { similarity: 'euclid' as never }), 'ERR_INVALID_ARG_VALUE'],
      [() => memory.read([1, 2], { beta: NaN }), 'ERR_INVALID_ARG_VALUE'],
      [() => memory.readVjp([1, 2], [1, 2]), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
      [() => memory.add([1, 2], [1, 2]), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
      [() => memory.add(matrix(Float32Array, 2, 2), [1]), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
      [() => memory.remove([0, 3]), 'ERR_OUT_OF_RANGE'],
      [() => memory.replace([0, 1], [1, 2]), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
      [() => memory.replace(0, undefined), 'ERR_INVALID_ARG_TYPE'],
      [() => memory.replace(0, [1, 2], [1, 2]), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
    ];
    for (const [call, code] of cases) expect(thrown(call), String(call)).toMatchObject({ code });
    expect(memory.toBytes()).toEqual(before);
    for (let n = 0; n < before.length; n += 1) {
      expect(thrown(() => Memory.fromBytes(before.subarray(0, n)))).toMatchObject({ code: 'ERR_SOFTMAX_TRUNCATED' });
      const changed = before.slice();
      changed[n] = (changed[n] as number) ^ (1 << (n % 8));
      expect(thrown(() => Memory.fromBytes(changed))).toHaveProperty('code');
    }
  });
});

describe('softmax-native/promises', () => {
  const [, { Memory: Plain }] = libraries[0] as (typeof libraries)[number];
  const [keys, values, queries] = [
    matrix(Float32Array, 2000, 24),
    matrix(Float32Array, 2000, 10),
    matrix(Float32Array, 40, 24),
  ];
  const g = { data: normals(Float32Array, 400), dims: [40, 10] };

  test.each(variants)('a read is of the memory as it was, %j', async (options) => {
    const [plain, memory] = [new Plain(keys, values), new promises.Memory(keys, values)];
    const [mine, gradient] = [
      { ...queries, data: queries.data.slice() },
      { ...g, data: g.data.slice() },
    ];
    const reading = [memory.read(mine, options), memory.readVjp(mine, gradient, options)] as const;
    // What happens meanwhile to arguments and rows is not seen.
    mine.data.fill(NaN);
    gradient.data.fill(NaN);
    memory.remove([1999]);
    memory.add(new Float32Array(24).fill(9), new Float32Array(10).fill(9));
    memory.replace(
      Int32Array.from({ length: 1000 }, (_, i) => i),
      { data: new Float32Array(24_000), dims: [1000, 24] },
    );
    memory.remove([1500]);
    expect(await reading[0]).toEqual(plain.read(queries, options));
    expect(await reading[1]).toEqual(plain.readVjp(queries, g, options));
    expect(memory.size).toBe(1999);
  });

  test('is given up in any of its steps', async () => {
    const memory = new promises.Memory(keys, values);
    const large = matrix(Float32Array, 600, 24);
    for (const delay of [0, 1, 4, 10]) {
      const control = new AbortController();
      setTimeout(() => control.abort(), delay);
      const call = memory.readVjp(large, { data: new Float32Array(6000), dims: [600, 10] }, { signal: control.signal });
      await call.catch((error) => expect(error).toMatchObject({ code: 'ABORT_ERR' }));
    }
    const gone = memory.read(queries, { signal: AbortSignal.abort() });
    await expect(gone).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await expect(memory.read([1])).rejects.toMatchObject({ code: 'ERR_SOFTMAX_SHAPE_MISMATCH' });
  });
});
