// What attention and its gradients take and return, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import { attention, attentionVjp, type Tensor } from '../../lib/index';
import * as promises from '../../lib/promises';

declare const float32: Float32Array;
declare const numbers: number[];
declare const bytes: Uint8Array;
declare const some: boolean;
declare const tensor32: { data: Float32Array; dims: number[] };
declare const tensor64: { data: Float64Array; dims: number[] };

describe('attention', () => {
  test('the output, of the kind of the query', () => {
    expectTypeOf(attention(tensor32, tensor32, tensor32).output).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(attention(tensor64, tensor64, tensor64).output).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(attention(tensor32, tensor32, tensor32, { out: float32 }).output).toEqualTypeOf<Float32Array>();
  });

  test('what is asked for', () => {
    const all = attention(tensor32, tensor32, tensor32, { returnLogSumExp: true, returnWeights: true });
    expectTypeOf(all.logSumExp).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(all.weights).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(attention(tensor32, tensor32, tensor32).weights).toEqualTypeOf<undefined>();
    const perhaps = attention(tensor32, tensor32, tensor32, { returnWeights: some });
    expectTypeOf(perhaps.weights).toEqualTypeOf<Tensor<Float32Array> | undefined>();
  });

  test('options', () => {
    attention(tensor32, tensor32, tensor32, { causal: 'topLeft', window: [3, 0], mask: bytes, bias: numbers, beta: 2 });
    // @ts-expect-error an alignment that is none
    attention(tensor32, tensor32, tensor32, { causal: 'left' });
    // @ts-expect-error a window has two ends
    attention(tensor32, tensor32, tensor32, { window: [3] });
    // @ts-expect-error no axis
    attention(tensor32, tensor32, tensor32, { axis: 0 });
    // @ts-expect-error queries have a shape
    attention(float32, tensor32, tensor32);
    // @ts-expect-error storage has the query's type
    attention(tensor32, tensor32, tensor32, { out: tensor64 });
  });
});

describe('attentionVjp', () => {
  test('gradients', () => {
    const result = attentionVjp(tensor32, tensor32, tensor32, float32);
    expectTypeOf(result.queryGradient).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(result.keyGradient).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(result.valueGradient).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(result.biasGradient).toEqualTypeOf<undefined>();
    const bare = attentionVjp(tensor32, tensor32, tensor32, tensor32, { bias: numbers, biasGradient: true });
    expectTypeOf(bare.biasGradient).toEqualTypeOf<Float32Array>();
    const shaped = attentionVjp(tensor32, tensor32, tensor32, tensor32, { bias: tensor32, biasGradient: true });
    expectTypeOf(shaped.biasGradient).toEqualTypeOf<Tensor<Float32Array>>();
    // @ts-expect-error a gradient of the query's type
    attentionVjp(tensor32, tensor32, tensor32, tensor64);
  });
});

test('promises of the same', () => {
  expectTypeOf(promises.attention(tensor32, tensor32, tensor32, { returnLogSumExp: true }))
    .resolves.toHaveProperty('logSumExp')
    .toEqualTypeOf<Tensor<Float32Array>>();
  expectTypeOf(promises.attentionVjp(tensor64, tensor64, tensor64, tensor64, { transfer: true }))
    .resolves.toHaveProperty('transferred')
    .toEqualTypeOf<readonly unknown[]>();
});
