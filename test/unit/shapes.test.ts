// Axes, several axes, masks that broadcast, storage of each form: against plain loops over indices.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { createRandom } from '../seed';

const random = createRandom(2);

const dims = [2, 3, 4] as const;
const size = 24;
const data = Float64Array.from({ length: size }, () => random() * 6 - 3);
const at = (a: number, b: number, c: number): number => (a * 3 + b) * 4 + c;

/** Every index of the shape as [a, b, c]. */
const indices = Array.from({ length: size }, (_, i) => [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4] as const);

/** The row of an element: its indices on the axes that are kept. */
const rowOf = (index: readonly number[], axes: readonly number[]): string =>
  index.filter((_, axis) => !axes.includes(axis)).join();

/** softmax by its definition. These logits are small, so nothing overflows. */
function plainSoftmax(axes: readonly number[], takesPart: (index: readonly number[]) => boolean): number[] {
  const sums = new Map<string, number>();
  const terms = indices.map((index, i) => (takesPart(index) ? Math.exp(data[i] as number) : 0));
  indices.forEach((index, i) => {
    const row = rowOf(index, axes);
    sums.set(row, (sums.get(row) ?? 0) + (terms[i] as number));
  });
  return indices.map((index, i) => (terms[i] as number) / (sums.get(rowOf(index, axes)) || 1));
}

/** log-sum-exp by its definition, in the order of the rows. */
function plainLogSumExp(axes: readonly number[], weightOf: (index: readonly number[]) => number): number[] {
  const sums = new Map<string, number>();
  indices.forEach((index, i) => {
    const row = rowOf(index, axes);
    sums.set(row, (sums.get(row) ?? 0) + weightOf(index) * Math.exp(data[i] as number));
  });
  return [...sums.values()].map(Math.log);
}

function expectNear(actual: ArrayLike<number>, expected: readonly number[], digits = 14): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i], `element ${i}`).toBeCloseTo(value, digits);
}

const axes: [axis: number | number[], reduced: number[], kept: number[]][] = [
  [-1, [2], [2, 3]],
  [2, [2], [2, 3]],
  [1, [1], [2, 4]],
  [-2, [1], [2, 4]],
  [0, [0], [3, 4]],
  [-3, [0], [3, 4]],
  [[1, 2], [1, 2], [2]],
  [[0, 1], [0, 1], [4]],
  [[-1, 0], [0, 2], [3]],
  [[2, 0, 1], [0, 1, 2], []],
  [[1], [1], [2, 4]],
];

const everything = () => true;
const logits = { data, dims: [...dims] };
const float32 = { data: Float32Array.from(data), dims: [...dims] };

describe.each(libraries)('%s', (_, { softmax, logSoftmax, logSumExp, smoothMax, argmax, hardmax }) => {
  test.each(axes)('axis %j', (axis, reduced, kept) => {
    const p = softmax(logits, { axis });
    expect(p).toMatchObject({ dims, type: 'float64' });
    expectNear(p.data, plainSoftmax(reduced, everything));
    expectNear(softmax(float32, { axis }).data, plainSoftmax(reduced, everything), 6);
    expectNear(logSoftmax(logits, { axis }).data.map(Math.exp), plainSoftmax(reduced, everything));

    const sums = logSumExp(logits, { axis });
    expect(sums).toMatchObject({ dims: kept, type: 'float64' });
    expectNear(
      sums.data,
      plainLogSumExp(reduced, () => 1),
    );
    expectNear(smoothMax(logits, { axis }).data, [...sums.data]);
    const withOnes = dims.map((dim, k) => (reduced.includes(k) ? 1 : dim));
    expect(logSumExp(logits, { axis, keepDims: true }).dims).toEqual(withOnes);
  });

  test.each([0, 1, 2])('argmax and hardmax, axis %d', (axis) => {
    const greatest = new Map<string, readonly number[]>();
    for (const index of indices) {
      const found = greatest.get(rowOf(index, [axis]));
      const value = (i: readonly number[]) => data[at(...(i as [number, number, number]))] as number;
      if (found === undefined || value(index) > value(found)) greatest.set(rowOf(index, [axis]), index);
    }
    const found = argmax(logits, { axis });
    expect(found.data).toEqual(Int32Array.from(greatest.values(), (index) => index[axis] as number));
    expect(found).toMatchObject({ dims: dims.filter((_dim, k) => k !== axis), type: 'int32' });
    const oneHot = indices.map((index) => (greatest.get(rowOf(index, [axis])) === index ? 1 : 0));
    expect([...hardmax(logits, { axis }).data]).toEqual(oneHot);
  });

  test.each<[string, number[], (index: readonly number[]) => boolean]>([
    ['of the whole shape', [2, 3, 4], ([a, b, c]) => ((a as number) + (b as number) + (c as number)) % 2 === 0],
    ['of the last axes', [3, 4], ([, b, c]) => b !== c],
    ['of the last axis', [4], ([, , c]) => c !== 2],
    ['of the middle axis', [3, 1], ([, b]) => b !== 1],
    ['of the outer axes', [2, 3, 1], ([a, b]) => a === b],
    ['of the first and the last', [2, 1, 4], ([a, , c]) => (c as number) > (a as number)],
    ['of one element', [1], everything],
  ])('a mask %s', (_title, maskDims, takesPart) => {
    const positions = indices.filter((index) => index.every((i, k) => i < (maskDims[k - 3 + maskDims.length] ?? 1)));
    const mask = { data: Uint8Array.from(positions, (index) => (takesPart(index) ? 5 : 0)), dims: maskDims };
    for (const [axis, reduced] of axes) {
      expectNear(softmax(logits, { axis, mask }).data, plainSoftmax(reduced, takesPart));
      expectNear(softmax(float32, { axis, mask }).data, plainSoftmax(reduced, takesPart), 6);
      const weight = (index: readonly number[]) => (takesPart(index) ? 1 : 0);
      expectNear(logSumExp(logits, { axis, mask }).data, plainLogSumExp(reduced, weight));
    }
  });

  test('a bare mask is of the whole shape, or of the last axis', () => {
    const whole = Uint8Array.from(indices, ([a, b]) => ((a + b) % 2 === 0 ? 1 : 0));
    expectNear(
      softmax(logits, { mask: whole }).data,
      plainSoftmax([2], ([a, b]) => ((a as number) + (b as number)) % 2 === 0),
    );
    expectNear(
      softmax(logits, { mask: Uint8Array.of(1, 0, 1, 1) }).data,
      plainSoftmax([2], ([, , c]) => c !== 1),
    );
  });

  test('weights broadcast, of any kind of array', () => {
    const plain = plainLogSumExp([1], ([, b]) => [1, 0.5, 2][b as number] as number);
    const weightDims = [3, 1];
    for (const weights of [Float64Array.of(1, 0.5, 2), Float32Array.of(1, 0.5, 2)]) {
      expectNear(logSumExp(logits, { axis: 1, weights: { data: weights, dims: weightDims } }).data, plain);
      expectNear(logSumExp(float32, { axis: 1, weights: { data: weights, dims: weightDims } }).data, plain, 6);
    }
    expectNear(
      logSumExp(logits, { weights: [1, 2, 3, 4] }).data,
      plainLogSumExp([2], ([, , c]) => (c as number) + 1),
    );
  });

  test('tensors without elements', () => {
    for (const shape of [[3, 0], [0, 3], [0], [2, 0, 3]]) {
      const empty = { data: new Float32Array(0), dims: shape };
      for (const axis of shape.keys()) {
        expect(softmax(empty, { axis })).toEqual({ ...empty, type: 'float32' });
        const kept = shape.filter((_dim, k) => k !== axis);
        const rows = kept.reduce((a, b) => a * b, 1);
        const nothing = { data: new Float32Array(rows).fill(-Infinity), dims: kept, type: 'float32' };
        expect(logSumExp(empty, { axis })).toEqual(nothing);
        expect(logSumExp(empty, { axis, weights: [1] })).toEqual(nothing);
        expect(smoothMax(empty, { axis, beta: -1 }).data).toEqual(new Float32Array(rows).fill(Infinity));
        if (rows === 0) expect(argmax(empty, { axis }).data).toEqual(new Int32Array(0));
      }
    }
  });

  test('a tensor of rank 0 is one logit', () => {
    const scalar = { data: Float64Array.of(3), dims: [] };
    expect(softmax(scalar)).toEqual({ data: Float64Array.of(1), dims: [], type: 'float64' });
    expect(logSumExp(scalar, { axis: 0 })).toEqual({ data: Float64Array.of(3), dims: [], type: 'float64' });
    expect(argmax(scalar).data[0]).toBe(0);
  });
});
