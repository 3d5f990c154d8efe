// The derivatives: against finite differences of what they are derivatives of, along axes, under masks, and where they
// are put.
import { describe, expect, test } from 'vitest';
import * as reference from '../../lib/reference';
import { libraries } from '../libraries';
import { createRandom } from '../seed';

const random = createRandom(7);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const normals = (n: number): Float64Array => Float64Array.from({ length: n }, normal);

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ''): void {
  expect(actual.length).toBe(expected.length);
  for (let j = 0; j < expected.length; j += 1) {
    const difference = Math.abs((actual[j] as number) - (expected[j] as number));
    expect(difference, `${what}, element ${j}: ${actual[j]}, not ${expected[j]}`).toBeLessThanOrEqual(tolerance);
  }
}

/** Central differences: error h^2 |f'''| / 6 and rounding 2^-53 |f| / h, both near 1e-11 for functions of size 1. */
const step = 2 ** -17;
const slope = (f: (x: number) => ArrayLike<number>): number[] => {
  const [above, below] = [f(step), f(-step)];
  return Array.from(above, (y, i) => (y - (below[i] as number)) / (2 * step));
};

/** Element j moved by h. */
const moved = (z: Float64Array, j: number, h: number): Float64Array => z.map((x, k) => (k === j ? x + h : x));

type Elementwise = (z: Float64Array, options: { beta: number }) => Float64Array;

/** J_ij, row-major, by differences. */
function jacobianOf(f: Elementwise, z: Float64Array, beta: number): number[] {
  const columns = Array.from(z, (_x, j) => slope((h) => f(moved(z, j, h), { beta })));
  return Array.from(z).flatMap((_x, i) => columns.map((column) => column[i] as number));
}

/** sum_i g_i J_ij, and sum_j J_ij t_j. */
const transposedProduct = (J: ArrayLike<number>, g: Float64Array): number[] =>
  Array.from(g, (_g, j) => g.reduce((sum, x, i) => sum + x * (J[i * g.length + j] as number), 0));
const product = (J: ArrayLike<number>, t: Float64Array): number[] =>
  Array.from(t, (_t, i) => t.reduce((sum, x, j) => sum + x * (J[i * t.length + j] as number), 0));

describe.each(libraries)('%s', (_, library) => {
  const { softmax, logSoftmax, softmaxVjp, softmaxJvp, logSoftmaxVjp, logSoftmaxJvp } = library;
  const { logSumExpVjp, softmaxBetaGradient, softmaxJacobian, logSoftmaxJacobian } = library;

  describe.each([1, -0.7, 2.5])('finite differences of the reference, beta %d', (beta) => {
    test.each([1, 2, 5, 9, 20])('n = %d', (n) => {
      const [z, g] = [normals(n), normals(n)];
      const [p, logP] = [softmax(z, { beta }), logSoftmax(z, { beta })];
      const J = jacobianOf(reference.softmax, z, beta);
      expectNear(softmaxJacobian(z, { beta }).data, J, 1e-9, 'softmaxJacobian');
      expectNear(softmaxVjp(p, g, { beta }), transposedProduct(J, g), 1e-8, 'softmaxVjp');
      expectNear(softmaxJvp(p, g, { beta }), product(J, g), 1e-8, 'softmaxJvp');
      const L = jacobianOf(reference.logSoftmax, z, beta);
      expectNear(logSoftmaxJacobian(z, { beta }).data, L, 1e-9, 'logSoftmaxJacobian');
      expectNear(logSoftmaxVjp(logP, g, { beta }), transposedProduct(L, g), 1e-8, 'logSoftmaxVjp');
      expectNear(logSoftmaxJvp(logP, g, { beta }), product(L, g), 1e-8, 'logSoftmaxJvp');
      const sums = z.map((_x, j) => slope((h) => [reference.logSumExp(moved(z, j, h), { beta })])[0] as number);
      expectNear(
        logSumExpVjp(z, 1.5, { beta }),
        sums.map((s) => 1.5 * s),
        1e-9,
        'logSumExpVjp',
      );
      const inBeta = slope((h) => reference.softmax(z, { beta: beta + h }));
      expectNear(softmaxBetaGradient(z, { beta }), inBeta, 1e-9, 'softmaxBetaGradient');
    });
  });

  test('the derivative in beta at 0 is that of a uniform distribution', () => {
    expectNear(softmaxBetaGradient([1, 2, 6], { beta: 0 }), [-2 / 3, -1 / 3, 1], 4e-16);
    expectNear(softmaxBetaGradient([1, -Infinity, 6], { beta: 0 }), [-1.25, 0, 1.25], 0);
  });

  const axes = [0, 1, 2, -1, [0, 1], [1, 2], [0, 2], [0, 1, 2]];

  /** The rows of a tensor of [2, 3, 4], each as the places of its elements. */
  function rowsAlong(axis: number | number[]): number[][] {
    const along = [axis].flat().map((a) => (a + 3) % 3);
    const rows = new Map<string, number[]>();
    for (let place = 0; place < 24; place += 1) {
      const index = [Math.floor(place / 12), Math.floor(place / 4) % 3, place % 4];
      const key = index.filter((_i, a) => !along.includes(a)).join();
      rows.set(key, [...(rows.get(key) ?? []), place]);
    }
    return [...rows.values()];
  }

  test.each(axes.map((axis) => [axis] as const))('along axis %j: each row alone', (axis) => {
    for (const Elements of [Float32Array, Float64Array] as Float64ArrayConstructor[]) {
      const create = () => Elements.from(normals(24));
      const [z, g, mask] = [create(), create(), Uint8Array.from({ length: 24 }, () => Number(random() < 0.8))];
      const p = softmax({ data: z, dims: [2, 3, 4] }, { axis }).data;
      const logP = logSoftmax({ data: z, dims: [2, 3, 4] }, { axis }).data;
      const tensor = (data: Float64Array) => ({ data, dims: [2, 3, 4] });
      const rows = rowsAlong(axis);
      const gOfRows = Elements.from(rows, normal);
      const of = (data: Float64Array, row: number[]) => Elements.from(row, (place) => data[place] as number);
      const maskOf = (row: number[]) => Uint8Array.from(row, (place) => mask[place] as number);
      const whole = { axis, mask: { data: mask, dims: [2, 3, 4] } };
      const results = [
        softmaxVjp(tensor(p), tensor(g), whole),
        logSoftmaxVjp(tensor(logP), g, whole),
        logSoftmaxJvp(tensor(logP), tensor(g), whole),
        logSumExpVjp(tensor(z), gOfRows, whole),
        softmaxBetaGradient(tensor(z), whole),
      ];
      for (const [r, row] of rows.entries()) {
        const options = { mask: maskOf(row) };
        const expected = [
          softmaxVjp(of(p, row), of(g, row), options),
          logSoftmaxVjp(of(logP, row), of(g, row), options),
          logSoftmaxJvp(of(logP, row), of(g, row), options),
          logSumExpVjp(of(z, row), gOfRows[r] as number, options),
          softmaxBetaGradient(of(z, row), options),
        ];
        for (const [k, result] of results.entries()) {
          expect(result.dims).toEqual([2, 3, 4]);
          expect(of(result.data, row), `function ${k}`).toEqual(expected[k]);
          for (const [j, takesPart] of options.mask.entries()) if (!takesPart) expect(expected[k]?.[j]).toBe(0);
        }
      }
      if (typeof axis !== 'number') continue;
      for (const jacobian of [softmaxJacobian, logSoftmaxJacobian]) {
        const n = (rows[0] as number[]).length;
        const { data, dims } = jacobian(tensor(z), { axis, mask: whole.mask });
        expect(dims).toEqual([...[2, 3, 4].filter((_d, a) => a !== (axis + 3) % 3), n, n]);
        for (const [r, row] of rows.entries()) {
          const expected = jacobian(of(z, row), { mask: maskOf(row) });
          expect(expected.dims).toEqual([n, n]);
          expect(data.slice(r * n * n, (r + 1) * n * n)).toEqual(expected.data);
        }
      }
    }
  });

  test('g of log-sum-exp: a number, an array, a tensor without the axes or with them as 1', () => {
    const logits = { data: Float64Array.of(1, 2, 3, 3, 2, 1), dims: [2, 3] };
    const expected = logSumExpVjp(logits, [2, -1]).data;
    expectNear(
      expected.subarray(0, 3),
      softmax([1, 2, 3]).map((p) => 2 * p),
      4e-16,
    );
    for (const g of [
      Float64Array.of(2, -1),
      { data: Float64Array.of(2, -1), dims: [2] },
      { data: Float64Array.of(2, -1), dims: [2, 1] },
    ]) {
      expect(logSumExpVjp(logits, g).data).toEqual(expected);
    }
    expect(logSumExpVjp([1, 2, 3], [2])).toEqual(logSumExpVjp([1, 2, 3], 2));
  });

  test('numbers take the kind of the point', () => {
    const p = Float32Array.of(0.25, 0.75);
    expect(softmaxVjp(p, [1, 0])).toEqual(Float32Array.of(0.1875, -0.1875));
    expect(softmaxVjp([0.25, 0.75], Float64Array.of(1, 0))).toEqual(Float64Array.of(0.1875, -0.1875));
    expect(
      logSumExpVjp(
        p.map(() => 3),
        1,
      ),
    ).toEqual(Float32Array.of(0.5, 0.5));
  });

  test('scales beyond float32 are computed in float64', () => {
    const [p, g] = [Float32Array.of(0.25, 0.75), Float32Array.of(1, 0)];
    expect(softmaxVjp(p, g, { beta: 1e30 })).toEqual(Float32Array.of(1.875e29, -1.875e29));
    expect(softmaxJvp(p, g, { temperature: 1e30 })).toEqual(Float32Array.of(1.875e-31, -1.875e-31));
    expect(softmaxJacobian(Float32Array.of(3, 3), { beta: 1e-25 }).data[0]).toBe(Math.fround(0.25e-25));
    expect(logSumExpVjp(Float32Array.of(3, 3), 2, { beta: 1e-25 })[0]).toBe(Math.fround(1e-25));
  });

  test('out, in place of either input, and in a tensor', () => {
    for (const n of [3, 100]) {
      const [p, g] = [softmax(normals(n)), normals(n)];
      for (const call of [softmaxVjp, softmaxJvp, logSoftmaxVjp, logSoftmaxJvp]) {
        const expected = call(p, g);
        const [out, first, second] = [new Float64Array(n), p.slice(), g.slice()];
        expect(call(p, g, { out })).toBe(out);
        expect(out).toEqual(expected);
        expect(call(first, g, { out: first })).toBe(first);
        expect(first).toEqual(expected);
        expect(call(p, second, { out: second })).toBe(second);
        expect(second).toEqual(expected);
      }
    }
    const logits = { data: Float64Array.from([1, 2, 3, 4, 5, 6]), dims: [2, 3] };
    const out = { data: new Float64Array(6), dims: [2, 3] };
    const expected = logSumExpVjp(logits, [1, 2]).data;
    expect(logSumExpVjp(logits, [1, 2], { out })).toBe(out);
    expect(out.data).toEqual(expected);
    const matrices = { data: new Float64Array(18), dims: [2, 3, 3] };
    expect(softmaxJacobian(logits, { out: matrices })).toBe(matrices);
    expect(matrices.data).toEqual(softmaxJacobian(logits).data);
    const bare = new Float64Array(9);
    expect(softmaxJacobian([1, 2, 3], { out: bare })).toBe(bare);
    softmaxBetaGradient(logits, { out: logits });
    expect(logits.data).toEqual(
      softmaxBetaGradient({ data: Float64Array.from([1, 2, 3, 4, 5, 6]), dims: [2, 3] }).data,
    );
  });

  test('nothing', () => {
    expect(softmaxVjp([], [])).toEqual(new Float64Array(0));
    expect(logSumExpVjp([], 1)).toEqual(new Float64Array(0));
    expect(softmaxJacobian([])).toEqual({ data: new Float64Array(0), dims: [0, 0], type: 'float64' });
    expect(softmaxJacobian({ data: new Float32Array(0), dims: [2, 0] }).dims).toEqual([2, 0, 0]);
    expect(softmaxVjp({ data: new Float32Array(0), dims: [0, 3] }, []).dims).toEqual([0, 3]);
  });
});
