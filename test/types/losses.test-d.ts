// What the losses take and return, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import { crossEntropy, klDivergence, nllLoss, type Reduction, type Tensor } from '../../lib/index';

declare const float32: Float32Array;
declare const tensor32: { data: Float32Array; dims: number[] };
declare const reduction: Reduction;
declare const wanted: boolean;

describe('losses', () => {
  test('a number, or one for each row', () => {
    expectTypeOf(crossEntropy(tensor32, [0, 1]).loss).toEqualTypeOf<number>();
    expectTypeOf(crossEntropy(tensor32, [0], { reduction: 'none' }).loss).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(crossEntropy(float32, 0, { reduction: 'none' }).loss).toEqualTypeOf<number>();
    expectTypeOf(crossEntropy(tensor32, [0], { reduction }).loss).toEqualTypeOf<number | Tensor<Float32Array>>();
    expectTypeOf(crossEntropy(tensor32, BigInt64Array.of(1n)).logSumExp).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(crossEntropy([1, 2], 0).logSumExp).toEqualTypeOf<number>();
  });

  test('the gradients that were asked for', () => {
    expectTypeOf(crossEntropy(tensor32, [0]).gradient).toEqualTypeOf<undefined>();
    expectTypeOf(crossEntropy(tensor32, [0], { gradient: true }).gradient).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(crossEntropy(float32, 0, { gradient: true }).gradient).toEqualTypeOf<Float32Array>();
    expectTypeOf(crossEntropy(float32, 0, { gradient: float32 }).gradient).toEqualTypeOf<Float32Array>();
    expectTypeOf(crossEntropy(float32, 0, { gradient: false }).gradient).toEqualTypeOf<undefined>();
    expectTypeOf(crossEntropy(float32, 0, { gradient: wanted }).gradient).toEqualTypeOf<Float32Array | undefined>();
    expectTypeOf(crossEntropy([1, 2], [0, 1], { targetGradient: true }).targetGradient).toEqualTypeOf<Float64Array>();
    expectTypeOf(nllLoss(tensor32, [0], { gradient: true }).gradient).toEqualTypeOf<Tensor<Float32Array>>();
  });

  test('what is refused', () => {
    // @ts-expect-error: another element type
    crossEntropy(float32, 0, { gradient: new Float64Array(2) });
    // @ts-expect-error: an unknown reduction
    crossEntropy(float32, 0, { reduction: 'max' });
    // @ts-expect-error: an option of softmax
    nllLoss(float32, 0, { beta: 2 });
    // @ts-expect-error: no target
    crossEntropy(float32);
  });

  test('the divergence', () => {
    expectTypeOf(klDivergence([1, 2], [2, 1])).toEqualTypeOf<number>();
    expectTypeOf(klDivergence(tensor32, tensor32)).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(klDivergence(tensor32, tensor32, { out: float32 })).toEqualTypeOf<Float32Array>();
  });
});
