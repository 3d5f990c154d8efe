// What goes in comes out, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import {
  argmax,
  backend,
  type CodedError,
  hardmax,
  logSoftmax,
  logSumExp,
  type Options,
  setThreads,
  smoothMax,
  softmax,
  type Tensor,
  type TensorLike,
} from '../../lib/index';
import type * as reference from '../../lib/reference';

declare const float32: Float32Array;
declare const float64: Float64Array;
declare const either: Float32Array | Float64Array;
declare const numbers: readonly number[];
declare const tensor32: { data: Float32Array; dims: number[]; type: 'float32' };
declare const tensor64: { data: Float64Array; dims: readonly number[] };
/** As onnxruntime-node and transformers.js declare theirs: data of many kinds. */
declare const foreign: { data: Float32Array | BigInt64Array | Uint8Array; dims: readonly number[]; type: string };

describe('results of the shape of the logits', () => {
  test('array in, array of the same kind out', () => {
    expectTypeOf(softmax(float32)).toEqualTypeOf<Float32Array>();
    expectTypeOf(softmax(float64, { beta: 2 })).toEqualTypeOf<Float64Array>();
    expectTypeOf(softmax(numbers)).toEqualTypeOf<Float64Array>();
    expectTypeOf(softmax([1, 2, 3])).toEqualTypeOf<Float64Array>();
    expectTypeOf(logSoftmax(float32, { axis: -1 })).toEqualTypeOf<Float32Array>();
    expectTypeOf(hardmax(float64, { ties: 'split' })).toEqualTypeOf<Float64Array>();
  });

  test('tensor in, tensor out', () => {
    expectTypeOf(softmax(tensor32)).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(softmax(tensor64)).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(softmax(foreign).data).toEqualTypeOf<Float32Array | Float64Array>();
    expectTypeOf(softmax(tensor32)).toExtend<TensorLike>();
  });

  test('out is what is returned', () => {
    expectTypeOf(softmax(float32, { out: float32 })).toEqualTypeOf<Float32Array>();
    expectTypeOf(softmax(tensor32, { out: tensor32 })).toEqualTypeOf<typeof tensor32>();
    expectTypeOf(softmax(tensor32, { out: float32 })).toEqualTypeOf<Float32Array>();
    expectTypeOf(softmax(numbers, { out: float64 })).toEqualTypeOf<Float64Array>();
    expectTypeOf(softmax(either, { out: either })).toEqualTypeOf<Float32Array | Float64Array>();
    expectTypeOf(logSumExp(either)).toEqualTypeOf<number>();
    // @ts-expect-error: another element type
    softmax(float32, { out: float64 });
    // @ts-expect-error: numbers cannot be written to
    softmax(numbers, { out: [0, 0] });
  });
});

describe('one number for each row', () => {
  test('a number for a vector, a tensor for a tensor', () => {
    expectTypeOf(logSumExp(float32)).toEqualTypeOf<number>();
    expectTypeOf(logSumExp([1, 2], { weights: [1, -1] })).toEqualTypeOf<number>();
    expectTypeOf(logSumExp(tensor64, { axis: [0, 1], keepDims: true })).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(smoothMax(tensor32)).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(argmax(numbers)).toEqualTypeOf<number>();
    expectTypeOf(argmax(tensor32, { axis: 0 })).toEqualTypeOf<Tensor<Int32Array>>();
    expectTypeOf(logSumExp(tensor32, { out: float32 })).toEqualTypeOf<Float32Array>();
  });

  test('with its sign', () => {
    expectTypeOf(logSumExp(float32, { returnSign: true }).sign).toEqualTypeOf<number>();
    expectTypeOf(logSumExp(tensor32, { returnSign: true }).value).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(logSumExp(tensor32, { returnSign: true, out: float32 }).value).toEqualTypeOf<Float32Array>();
    expectTypeOf(logSumExp(tensor32, { returnSign: true, out: float32 }).sign).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(logSumExp(float32, { returnSign: false })).toEqualTypeOf<number>();
  });
});

test('what is refused', () => {
  // @ts-expect-error: integers are no logits
  softmax(new Int32Array(2));
  // @ts-expect-error: a tensor has dims
  softmax({ data: float32 });
  // @ts-expect-error: no such rule
  softmax(float32, { nonFinite: 'ignore' });
  // @ts-expect-error: beta is a number
  softmax(float32, { beta: '1' });
  // @ts-expect-error: a mask is of bytes
  softmax(float32, { mask: [true, false] });
  // @ts-expect-error: arg max has one axis
  argmax(tensor32, { axis: [0, 1] });
  // @ts-expect-error: indices are integers
  argmax(tensor32, { out: float32 });
  // @ts-expect-error: softmax has no ties
  softmax(float32, { ties: 'split' });
  // @ts-expect-error: read only
  backend.kind = 'avx2';
  // @ts-expect-error: a count
  setThreads('2');
});

test('the rest', () => {
  expectTypeOf<typeof reference.softmax>().toEqualTypeOf<typeof softmax>();
  expectTypeOf<typeof reference.logSumExp>().toEqualTypeOf<typeof logSumExp>();
  expectTypeOf(backend.kind).toEqualTypeOf<string>();
  expectTypeOf(backend.reason).toEqualTypeOf<string | undefined>();
  expectTypeOf<CodedError['code']>().toExtend<string>();
  expectTypeOf<{ beta: number | undefined; mask: undefined }>().toExtend<Options>();
});
