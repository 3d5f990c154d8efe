// What the functions take and give for floats of 16 bits, in the types.
import { expectTypeOf, test } from 'vitest';
import {
  argmax,
  crossEntropy,
  type Float16ArrayLike,
  logSumExp,
  softmax,
  softmaxVjp,
  type Tensor,
} from '../../lib/index';

declare const float16: Float16ArrayLike;
declare const bits: { data: Uint16Array; dims: number[]; type: 'bfloat16' };

test('results have the type of the input', () => {
  expectTypeOf(softmax(float16)).toEqualTypeOf<Float16ArrayLike>();
  expectTypeOf(softmax(bits)).toEqualTypeOf<Tensor<Uint16Array>>();
  expectTypeOf(softmaxVjp(bits, bits)).toEqualTypeOf<Tensor<Uint16Array>>();
  expectTypeOf(crossEntropy(bits, [1], { gradient: true }).gradient).toEqualTypeOf<Tensor<Uint16Array>>();
});

test('numbers of rows are float32', () => {
  expectTypeOf(logSumExp(float16)).toEqualTypeOf<number>();
  expectTypeOf(logSumExp(bits)).toEqualTypeOf<Tensor<Float32Array>>();
  expectTypeOf(crossEntropy(bits, [1]).logSumExp).toEqualTypeOf<Tensor<Float32Array>>();
  expectTypeOf(argmax(bits)).toEqualTypeOf<Tensor<Int32Array>>();
});

test('refused', () => {
  // @ts-expect-error a Uint16Array does not say what it holds
  softmax(new Uint16Array(2));
  // @ts-expect-error results of rows are float32
  logSumExp(bits, { out: new Uint16Array(1) });
});
