// What linearCrossEntropy takes and returns, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import { linearCrossEntropy, type Tensor } from '../../lib/index';

declare const numbers: number[];
declare const float32: Float32Array;
declare const indices: Int32Array;
declare const hidden32: { data: Float32Array; dims: number[] };
declare const weight32: { data: Float32Array; dims: number[] };
declare const weight64: { data: Float64Array; dims: number[] };

describe('linearCrossEntropy', () => {
  test('a number, or with none one for each row', () => {
    const result = linearCrossEntropy(hidden32, weight32, indices);
    expectTypeOf(result.loss).toEqualTypeOf<number>();
    expectTypeOf(result.totalWeight).toEqualTypeOf<number>();
    expectTypeOf(result.logSumExp).toEqualTypeOf<Tensor<Float32Array>>();
    const none = linearCrossEntropy(hidden32, weight32, indices, { reduction: 'none' });
    expectTypeOf(none.loss).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(linearCrossEntropy(numbers, weight64, 3, { reduction: 'none' }).loss).toEqualTypeOf<number>();
  });

  test('gradients that are asked for', () => {
    const all = linearCrossEntropy(hidden32, weight32, indices, { bias: numbers, gradient: true });
    expectTypeOf(all.hiddenGradient).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(all.weightGradient).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(all.biasGradient).toEqualTypeOf<Float32Array>();
    const one = linearCrossEntropy(numbers, weight64, 3, { gradient: { hidden: true } });
    expectTypeOf(one.hiddenGradient).toEqualTypeOf<Float64Array>();
    expectTypeOf(one.weightGradient).toEqualTypeOf<undefined>();
    expectTypeOf(one.biasGradient).toEqualTypeOf<undefined>();
    const stored = linearCrossEntropy(hidden32, weight32, indices, { gradient: { weight: float32 } });
    expectTypeOf(stored.weightGradient).toEqualTypeOf<Float32Array>();
    expectTypeOf(linearCrossEntropy(hidden32, weight32, indices).weightGradient).toEqualTypeOf<undefined>();
  });

  test('what is refused', () => {
    // @ts-expect-error a matrix has a shape
    linearCrossEntropy(hidden32, float32, indices);
    // @ts-expect-error the classes are the last axis
    linearCrossEntropy(hidden32, weight32, indices, { axis: 0 });
    // @ts-expect-error storage of another type
    linearCrossEntropy(hidden32, weight32, indices, { gradient: { weight: new Float64Array(3) } });
    // @ts-expect-error all or some, but no array
    linearCrossEntropy(hidden32, weight32, indices, { gradient: float32 });
  });
});
