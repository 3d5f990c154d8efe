// Laws of linearCrossEntropy that hold for any layer.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { seed } from '../seed';

fc.configureGlobal({ seed, numRuns: 60 });

const number = fc.double({ min: -2, max: 2, noNaN: true });
const layer = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    depth: fc.integer({ min: 0, max: 20 }),
    classes: fc.integer({ min: 1, max: 40 }),
  })
  .chain(({ rows, depth, classes }) => {
    const matrix = (height: number) =>
      fc
        .array(number, { minLength: height * depth, maxLength: height * depth })
        .map((values) => ({ data: Float64Array.from(values), dims: [height, depth] }));
    return fc.record({
      hidden: matrix(rows),
      weight: matrix(classes),
      bias: fc.array(number, { minLength: classes, maxLength: classes }),
      target: fc.array(fc.integer({ min: 0, max: classes - 1 }), { minLength: rows, maxLength: rows }),
    });
  });

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i += 1) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    expect(Math.abs(a - b), `element ${i}: ${a} and ${b}`).toBeLessThanOrEqual(tolerance);
  }
}

describe.each(libraries)('%s', (_, { linearCrossEntropy, crossEntropy }) => {
  test('gradients of a bias sum to nothing: a shift of all logits costs nothing', () => {
    fc.assert(
      fc.property(layer, fc.integer({ min: -50, max: 50 }), ({ hidden, weight, bias, target }, shift) => {
        const result = linearCrossEntropy(hidden, weight, target, { bias, gradient: true, reduction: 'sum' });
        expectNear([result.biasGradient.reduce((a, b) => a + b, 0)], [0], 1e-13);
        const shifted = bias.map((b) => b + shift);
        const other = linearCrossEntropy(hidden, weight, target, { bias: shifted, gradient: true, reduction: 'sum' });
        expectNear([other.loss], [result.loss], 2e-12);
        expectNear(other.hiddenGradient.data, result.hiddenGradient.data, 2e-12);
        expectNear(other.weightGradient.data, result.weightGradient.data, 2e-12);
      }),
    );
  });

  test('rows are independent, and their weight gradients add up', () => {
    fc.assert(
      fc.property(layer, ({ hidden, weight, bias, target }) => {
        const options = { bias, gradient: true, reduction: 'none' } as const;
        const all = linearCrossEntropy(hidden, weight, target, options);
        const depth = hidden.dims[1] as number;
        const sum = new Float64Array(weight.data.length);
        target.forEach((c, row) => {
          const one = hidden.data.slice(row * depth, (row + 1) * depth);
          const result = linearCrossEntropy(one, weight, c, options);
          expect(result.loss).toBe(all.loss.data[row]);
          expect(result.logSumExp).toBe(all.logSumExp.data[row]);
          expect(result.hiddenGradient).toEqual(all.hiddenGradient.data.slice(row * depth, (row + 1) * depth));
          for (const [i, g] of result.weightGradient.data.entries()) sum[i] = (sum[i] as number) + g;
        });
        expectNear(all.weightGradient.data, sum, 1e-13);
      }),
    );
  });

  test('Euler: <weight, its gradient> is <hidden, its gradient>', () => {
    const product = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
    fc.assert(
      fc.property(layer, ({ hidden, weight, bias, target }) => {
        const result = linearCrossEntropy(hidden, weight, target, { bias, gradient: true, labelSmoothing: 0.1 });
        const ofHidden = product(hidden.data, result.hiddenGradient.data);
        expectNear([product(weight.data, result.weightGradient.data)], [ofHidden], 1e-12);
      }),
    );
  });

  test('one hidden number of 1 makes the weights the logits', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 60 }), (z) => {
        const weight = { data: Float64Array.from(z), dims: [z.length, 1] };
        const linear = linearCrossEntropy([1], weight, 0, { gradient: true });
        const plain = crossEntropy(z, 0, { gradient: true });
        expectNear([linear.loss], [plain.loss], 1e-15);
        expectNear(linear.weightGradient.data, plain.gradient, 1e-15);
      }),
    );
  });
});
