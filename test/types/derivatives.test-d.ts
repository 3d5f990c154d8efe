// What the derivatives take and give, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import {
  logSoftmaxJacobian,
  logSoftmaxJvp,
  logSoftmaxVjp,
  logSumExpVjp,
  softmaxBetaGradient,
  softmaxJacobian,
  softmaxJvp,
  softmaxVjp,
  type Tensor,
} from '../../lib/index';
import type * as reference from '../../lib/reference';

declare const float32: Float32Array;
declare const float64: Float64Array;
declare const tensor32: { data: Float32Array; dims: number[] };
declare const tensor64: { data: Float64Array; dims: readonly number[] };

describe('products', () => {
  test('the result is like the point', () => {
    expectTypeOf(softmaxVjp(float32, float32)).toEqualTypeOf<Float32Array>();
    expectTypeOf(softmaxVjp([1, 2], [1, 2])).toEqualTypeOf<Float64Array>();
    expectTypeOf(softmaxJvp(tensor32, tensor32)).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(softmaxJvp(tensor32, float32, { axis: [0, 1] })).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(logSoftmaxVjp(float32, [1, 2])).toEqualTypeOf<Float32Array>();
    expectTypeOf(logSoftmaxJvp(tensor64, tensor64, { beta: 2 })).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(logSumExpVjp(float32, 1)).toEqualTypeOf<Float32Array>();
    expectTypeOf(logSumExpVjp(tensor64, float64)).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(softmaxBetaGradient(tensor32, { mask: new Uint8Array(2) })).toEqualTypeOf<Tensor<Float32Array>>();
  });

  test('out is what is returned', () => {
    expectTypeOf(softmaxVjp(tensor32, float32, { out: float32 })).toEqualTypeOf<Float32Array>();
    expectTypeOf(logSumExpVjp([1, 2], 1, { out: float64 })).toEqualTypeOf<Float64Array>();
  });

  test('what is refused', () => {
    // @ts-expect-error: two kinds
    softmaxVjp(float32, float64);
    // @ts-expect-error: two kinds
    logSoftmaxJvp(tensor64, tensor32);
    // @ts-expect-error: another element type
    softmaxVjp(float32, float32, { out: float64 });
    // @ts-expect-error: what it is multiplied with is missing
    logSoftmaxVjp(float32);
    // @ts-expect-error: integers are no gradient
    logSumExpVjp(float32, new Int32Array(1));
  });
});

describe('matrices', () => {
  test('always a tensor', () => {
    expectTypeOf(softmaxJacobian(float32)).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(softmaxJacobian([1, 2])).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(logSoftmaxJacobian(tensor64, { axis: 0 })).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(softmaxJacobian(tensor32, { out: float32 })).toEqualTypeOf<Float32Array>();
  });

  test('along one axis', () => {
    // @ts-expect-error: one axis
    softmaxJacobian(tensor32, { axis: [0, 1] });
    // @ts-expect-error: another element type
    logSoftmaxJacobian(tensor32, { out: float64 });
  });
});

test('the reference has the same types', () => {
  expectTypeOf<typeof reference.softmaxVjp>().toEqualTypeOf<typeof softmaxVjp>();
  expectTypeOf<typeof reference.logSoftmaxJacobian>().toEqualTypeOf<typeof logSoftmaxJacobian>();
});
