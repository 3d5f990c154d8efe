// linearCrossEntropy is crossEntropy of the logits that are never made, in every combination of options; its gradients
// are the chain rule's, and what finite differences say.
import { describe, expect, test } from 'vitest';
import * as reference from '../../lib/reference';
import { libraries } from '../libraries';
import { chained, type Elements, kinds, type Layer, layerOf, logitsOf, worst } from './linear-layers';

// Around the borders of tiles (512 classes), panels (16 and 8 of them), blocks (256) and tiles of rows (6).
const shapes = [
  [1, 1, 1],
  [1, 5, 3],
  [5, 3, 2],
  [6, 16, 16],
  [7, 17, 33],
  [2, 8, 512],
  [2, 40, 513],
  [1, 9, 1030],
  [3, 300, 70],
  [260, 6, 20],
] as const;

const float32 = kinds[0] as Elements;

const bound = (Kind: Elements): number => (Kind === float32 ? 2e-6 : 4e-15);

function combinations(classes: number) {
  const weight = Float64Array.from({ length: classes }, (_, c) => (c % 3) / 2 + 0.25);
  const mask = { data: Uint8Array.from({ length: classes }, (_, c) => (c % 5 === 2 ? 0 : 1)), dims: [classes] };
  const all: Record<string, unknown>[] = [];
  for (const reduction of ['mean', 'sum', 'none'] as const) {
    for (const labelSmoothing of [0, 0.1, { epsilon: 0.2, over: 'others' as const }]) {
      for (const rest of [{}, { weight }, { zLoss: 0.01, softcap: 3, beta: -0.7 }, { mask }, { ignoreIndex: 0 }]) {
        all.push({ reduction, labelSmoothing, ...rest });
      }
    }
  }
  return all;
}

const dataOf = (value: unknown): ArrayLike<number> =>
  typeof value === 'number' ? [value] : ((value as { data?: ArrayLike<number> }).data ?? (value as ArrayLike<number>));

describe.each(libraries)('%s', (_, { linearCrossEntropy }) => {
  describe.each(kinds)('%o', (Kind) => {
    test.each(shapes)('%i rows of %i, %i classes: crossEntropy of the logits', (rows, depth, classes) => {
      const layer = layerOf(rows, depth, classes, Kind);
      const logits = logitsOf(layer);
      const { hidden, weight, bias } = layer;
      // All combinations on small layers, some on large ones.
      const every = classes > 100 ? 11 : 1;
      for (const options of combinations(classes).filter((_options, i) => i % every === 0)) {
        const ignored = (options.ignoreIndex as number | undefined) ?? -100;
        const indices = layer.target.map((c) => (c < 0 ? ignored : c));
        for (const target of [indices, layer.probabilities]) {
          const label = JSON.stringify(options).slice(0, 90);
          const expected = reference.crossEntropy(logits, target, { ...options, gradient: true });
          const actual = linearCrossEntropy(hidden, weight, target, { ...options, bias, gradient: true });
          const gradients = chained(layer, expected.gradient.data);
          const size = Math.max(1, ...Array.from(dataOf(expected.loss), Math.abs).filter(Number.isFinite));
          expect(worst(dataOf(actual.loss), dataOf(expected.loss)), label).toBeLessThanOrEqual(bound(Kind) * size);
          expect(worst(dataOf(actual.logSumExp), expected.logSumExp.data), label).toBeLessThanOrEqual(4 * bound(Kind));
          expect(actual.totalWeight, label).toBe(expected.totalWeight);
          const scale = options.reduction === 'mean' ? 1 : rows;
          const near = (a: ArrayLike<number>, b: ArrayLike<number>) =>
            expect(worst(a, b), label).toBeLessThanOrEqual(bound(Kind) * scale);
          near(actual.hiddenGradient.data, gradients.hidden);
          near(actual.weightGradient.data, gradients.weight);
          near(actual.biasGradient, gradients.bias);
        }
      }
    });
  });

  test('finite differences', () => {
    const layer = layerOf(4, 5, 7, Float64Array, 2);
    const { hidden, weight, bias, target } = layer;
    const options = { labelSmoothing: 0.1, zLoss: 0.05, softcap: 2, beta: 1.3, bias };
    const gradient = linearCrossEntropy(hidden, weight, target, { ...options, gradient: true });
    const check = (values: Float64Array, derivative: ArrayLike<number>) => {
      for (let i = 0; i < values.length; i += 1) {
        const at = values[i] as number;
        const loss = (x: number): number => {
          values[i] = x;
          return linearCrossEntropy(hidden, weight, target, options).loss;
        };
        const slope = (loss(at + 1e-5) - loss(at - 1e-5)) / 2e-5;
        values[i] = at;
        expect(Math.abs(slope - (derivative[i] as number))).toBeLessThan(1e-9);
      }
    };
    check(hidden.data, gradient.hiddenGradient.data);
    check(weight.data, gradient.weightGradient.data);
    check(bias, gradient.biasGradient);
  });

  test('a textbook example', () => {
    // logits [1, 2, 3]: loss log(1 + e^-1 + e^-2), gradient softmax - [0, 0, 1].
    const weight = { data: Float64Array.of(1, 0, 0, 1, 1, 1), dims: [3, 2] };
    const result = linearCrossEntropy([1, 2], weight, 2, { gradient: true });
    expect(result.loss).toBeCloseTo(0.40760596444438, 14);
    const p = [0.09003057317038046, 0.24472847105479764, -0.3347590442251782];
    const [a, b, c] = p as [number, number, number];
    expect(worst(result.hiddenGradient, [a + c, b + c])).toBeLessThan(1e-15);
    expect(worst(result.weightGradient.data, [a, 2 * a, b, 2 * b, c, 2 * c])).toBeLessThan(1e-15);
    expect(result.biasGradient).toBeUndefined();
  });

  test('only what is asked for is returned', () => {
    const { hidden, weight, bias, target } = layerOf(3, 4, 5, float32);
    const all = linearCrossEntropy(hidden, weight, target, { bias, gradient: true });
    expect(all.biasGradient).toBeInstanceOf(Float32Array);
    expect(Object.keys(linearCrossEntropy(hidden, weight, target))).toEqual(['loss', 'totalWeight', 'logSumExp']);
    const one = linearCrossEntropy(hidden, weight, target, { bias, gradient: { weight: true, bias: false } });
    expect(Object.keys(one)).toEqual(['loss', 'totalWeight', 'logSumExp', 'weightGradient']);
    expect(one.weightGradient).toEqual(all.weightGradient);
    const some = linearCrossEntropy(hidden, weight, target, { bias, gradient: { hidden: true, bias: true } });
    expect(some.hiddenGradient).toEqual(all.hiddenGradient);
    expect(some.biasGradient).toEqual(all.biasGradient);
  });

  test('shapes: hidden of any number of axes', () => {
    const { hidden, weight, target } = layerOf(6, 4, 5, Float64Array);
    const flat = linearCrossEntropy(hidden, weight, target, { reduction: 'none', gradient: true });
    const shaped = { data: hidden.data, dims: [2, 3, 4] };
    const given = { data: target, dims: [2, 3] };
    const result = linearCrossEntropy(shaped, weight, given, { reduction: 'none', gradient: true });
    expect(result.loss).toEqual({ ...flat.loss, dims: [2, 3] });
    expect(result.logSumExp).toEqual({ ...flat.logSumExp, dims: [2, 3] });
    expect(result.hiddenGradient).toEqual({ ...flat.hiddenGradient, dims: [2, 3, 4] });
    const row = linearCrossEntropy(hidden.data.slice(0, 4), weight, target[0] as number, { reduction: 'none' });
    expect(row.loss).toBe(flat.loss.data[0]);
  });

  test('storage is used, and the gradient of the hidden rows may take their place', () => {
    for (const Kind of kinds) {
      const { hidden, weight, bias, target } = layerOf(9, 20, 600, Kind);
      const expected = linearCrossEntropy(hidden, weight, target, { bias, gradient: true });
      const storage = { hidden: hidden.data, weight: new Kind(600 * 20).fill(7), bias: new Kind(600).fill(7) };
      const result = linearCrossEntropy(hidden, weight, target, { bias, gradient: storage });
      expect(result.hiddenGradient).toBe(storage.hidden);
      expect(result.weightGradient).toBe(storage.weight);
      expect(result.biasGradient).toBe(storage.bias);
      expect(storage.hidden).toEqual(expected.hiddenGradient.data);
      expect(storage.weight).toEqual(expected.weightGradient.data);
      expect(storage.bias).toEqual(expected.biasGradient);
    }
  });

  test('nothing there', () => {
    const weight = { data: new Float64Array(6), dims: [3, 2] };
    const none = { data: new Float64Array(0), dims: [0, 2] };
    const noRows = linearCrossEntropy(none, weight, new Int32Array(0), { gradient: true });
    expect(noRows.loss).toBeNaN();
    expect(noRows.weightGradient.data).toEqual(new Float64Array(6));
    expect(noRows.hiddenGradient.data).toEqual(new Float64Array(0));
    expect(linearCrossEntropy(none, weight, new Int32Array(0), { reduction: 'sum' }).loss).toBe(0);
    // No depth: the logits are the bias, or 0.
    const flat = { data: new Float64Array(0), dims: [2, 0] };
    const shallow = { data: new Float64Array(0), dims: [3, 0] };
    const bias = [1, 2, 3];
    const result = linearCrossEntropy(flat, shallow, [2, 0], { bias, gradient: true });
    expect(result.loss).toBeCloseTo((0.40760596444438 + 2.40760596444438) / 2, 14);
    expect(result.biasGradient[0]).toBeCloseTo(0.09003057317038046 - 0.5, 14);
    expect(linearCrossEntropy(flat, shallow, [2, 0]).loss).toBeCloseTo(Math.log(3), 15);
    // All rows ignored.
    const { hidden, weight: some } = layerOf(3, 4, 5, float32);
    const ignored = linearCrossEntropy(hidden, some, [-100, -100, -100], { gradient: true });
    expect(ignored.loss).toBeNaN();
    expect(ignored.totalWeight).toBe(0);
    expect(ignored.weightGradient.data).toEqual(new Float32Array(20));
    expect(ignored.hiddenGradient.data).toEqual(new Float32Array(12));
  });

  test('a beta that float32 cannot hold', () => {
    const layer = layerOf(3, 4, 5, float32);
    const { hidden, weight, bias, target } = layer;
    const options = { bias, beta: 1e-30, reduction: 'sum' as const };
    const storage = { hidden: hidden.data.slice(), weight: true } as const;
    const result = linearCrossEntropy(hidden, weight, target, { ...options, gradient: storage });
    const rows = target.filter((t) => t >= 0).length;
    expect(result.loss).toBeCloseTo(rows * Math.log(5), 12);
    expect(result.hiddenGradient).toBe(storage.hidden);
    expect(Math.max(...Array.from(storage.hidden, Math.abs))).toBeLessThan(1e-29);
    expect(result.weightGradient.data).toBeInstanceOf(Float32Array);
  });
});

const layerWith = (change: (layer: Layer) => void): Layer => {
  const layer = layerOf(4, 20, 600, float32);
  layer.target.set([3, 500, -100, 599]);
  change(layer);
  return layer;
};

describe.each(libraries)('%s, what is not finite', (_, { linearCrossEntropy }) => {
  const plain = layerWith(() => undefined);
  const run = ({ hidden, weight, bias, target }: Layer, options = {}) =>
    linearCrossEntropy(hidden, weight, target, { bias, gradient: true, reduction: 'sum', ...options });
  const expected = run(plain);

  test('NaN in an ignored row reaches nothing', () => {
    for (const value of [NaN, Infinity]) {
      const result = run(layerWith(({ hidden }) => hidden.data.fill(value, 2 * 20, 3 * 20)));
      expect(result.loss).toBe(expected.loss);
      expect(result.hiddenGradient).toEqual(expected.hiddenGradient);
      expect(result.weightGradient).toEqual(expected.weightGradient);
      expect(result.biasGradient).toEqual(expected.biasGradient);
    }
  });

  test('NaN in a masked class reaches nothing', () => {
    const mask = { data: new Uint8Array(600).fill(1), dims: [600] };
    mask.data[77] = 0;
    const masked = run(plain, { mask });
    for (const value of [NaN, Infinity, -Infinity]) {
      const result = run(
        layerWith(({ weight }) => weight.data.fill(value, 77 * 20, 77 * 20 + 3)),
        { mask },
      );
      expect(result).toEqual(masked);
      expect(result.weightGradient.data.slice(77 * 20, 78 * 20)).toEqual(new Float32Array(20));
      expect(result.biasGradient[77]).toBe(0);
    }
  });

  test('a class that is masked in one row only', () => {
    const mask = { data: new Uint8Array(4 * 600).fill(1), dims: [4, 600] };
    mask.data[600 + 77] = 0;
    const masked = run(plain, { mask });
    // All rows but the second see the NaN; the ignored one does not look.
    const result = run(
      layerWith(({ weight }) => weight.data.fill(NaN, 77 * 20, 78 * 20)),
      { mask },
    );
    expect(result.hiddenGradient.data.slice(20, 40)).toEqual(masked.hiddenGradient.data.slice(20, 40));
    expect(result.hiddenGradient.data.slice(0, 20).every(Number.isNaN)).toBe(true);
    expect(result.loss).toBeNaN();
  });

  test('a bias of -Infinity excludes a class', () => {
    const layer = layerWith(({ bias, weight }) => {
      bias[77] = -Infinity;
      weight.data.fill(NaN, 78 * 20, 78 * 20);
    });
    const result = run(layer);
    expect(Number.isFinite(result.loss)).toBe(true);
    expect(result.biasGradient[77]).toBe(0);
    expect(result.hiddenGradient.data.every(Number.isFinite)).toBe(true);
    expect(result.weightGradient.data.every(Number.isFinite)).toBe(true);
  });

  test('a NaN row is NaN, and no other', () => {
    const layer = layerWith(({ hidden }) => {
      hidden.data[20] = NaN;
    });
    const result = linearCrossEntropy(layer.hidden, layer.weight, layer.target, { gradient: true, reduction: 'none' });
    const clean = linearCrossEntropy(plain.hidden, plain.weight, plain.target, { gradient: true, reduction: 'none' });
    expect(result.loss.data[1]).toBeNaN();
    expect(result.loss.data[0]).toBe(clean.loss.data[0]);
    expect(result.hiddenGradient.data.slice(20, 40).every(Number.isNaN)).toBe(true);
    expect(result.hiddenGradient.data.slice(0, 20)).toEqual(clean.hiddenGradient.data.slice(0, 20));
  });

  test("'throw' names the first offending row and writes nothing", () => {
    const layer = layerWith(({ hidden }) => {
      hidden.data[3 * 20] = Infinity;
      hidden.data[2 * 20] = NaN;
    });
    const { hidden, weight, target } = layer;
    const storage = { weight: new float32(600 * 20).fill(7), hidden: new float32(80).fill(7) };
    expect(() => linearCrossEntropy(hidden, weight, target, { nonFinite: 'throw', gradient: storage })).toThrow(
      expect.objectContaining({ code: 'ERR_SOFTMAX_NON_FINITE', message: expect.stringContaining('Row 3 ') }),
    );
    expect(storage.weight.every((x) => x === 7) && storage.hidden.every((x) => x === 7)).toBe(true);
    const fine = linearCrossEntropy(plain.hidden, plain.weight, plain.target, { nonFinite: 'throw' });
    expect(fine.loss).toBe(linearCrossEntropy(plain.hidden, plain.weight, plain.target).loss);
    const mask = { data: new Uint8Array(4 * 600).fill(1), dims: [4, 600] };
    mask.data.fill(0, 600, 1200);
    expect(() => linearCrossEntropy(plain.hidden, plain.weight, plain.target, { nonFinite: 'throw', mask })).toThrow(
      expect.objectContaining({ message: expect.stringContaining('Row 1 ') }),
    );
  });

  test('beta = Infinity: the limit, and gradients of zeros', () => {
    const layer = layerOf(2, 3, 4, Float64Array);
    const result = linearCrossEntropy(layer.hidden, layer.weight, [0, 1], { beta: Infinity, gradient: true });
    expect(result.loss === Infinity || result.loss === 0).toBe(true);
    expect(result.hiddenGradient.data).toEqual(new Float64Array(6));
    expect(result.weightGradient.data).toEqual(new Float64Array(12));
  });
});
