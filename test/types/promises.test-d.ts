// What the promises are of, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import type { Diagnosis, Tensor } from '../../lib/index';
import * as promises from '../../lib/promises';

declare const float32: Float32Array;
declare const tensor32: { data: Float32Array; dims: number[] };
declare const signal: AbortSignal;

describe('promises', () => {
  test('of the plain results', () => {
    expectTypeOf(promises.softmax(float32, { signal })).resolves.toEqualTypeOf<Float32Array>();
    expectTypeOf(promises.argmax(tensor32)).resolves.toEqualTypeOf<Tensor<Int32Array>>();
    expectTypeOf(promises.diagnose(float32)).resolves.toEqualTypeOf<Diagnosis>();
    expectTypeOf(promises.klDivergence([1, 2], [2, 1])).resolves.toEqualTypeOf<number>();
    expectTypeOf(promises.klDivergence(tensor32, tensor32, { out: float32 })).resolves.toEqualTypeOf<Float32Array>();
  });

  test('with what was given away', () => {
    expectTypeOf(promises.softmax(float32, { transfer: true })).resolves.toEqualTypeOf<
      promises.Transferred<Float32Array>
    >();
    expectTypeOf(promises.logSumExp(float32, { transfer: false })).resolves.toEqualTypeOf<number>();
  });

  test('the losses keep what was chosen', async () => {
    const none = await promises.crossEntropy(tensor32, [0], { reduction: 'none', signal });
    expectTypeOf(none.loss).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(none.gradient).toEqualTypeOf<undefined>();
    expectTypeOf((await promises.crossEntropy(tensor32, [0])).loss).toEqualTypeOf<number>();
    const { result, transferred } = await promises.crossEntropy(float32, 0, { gradient: true, transfer: true });
    expectTypeOf(result.loss).toEqualTypeOf<number>();
    expectTypeOf(result.gradient).toEqualTypeOf<Float32Array>();
    expectTypeOf(transferred).toEqualTypeOf<readonly unknown[]>();
    const nll = await promises.nllLoss(tensor32, [0], { gradient: float32 });
    expectTypeOf(nll.gradient).toEqualTypeOf<Float32Array>();
    const linear = await promises.linearCrossEntropy(tensor32, tensor32, [0], { bias: [1], gradient: { bias: true } });
    expectTypeOf(linear.biasGradient).toEqualTypeOf<Float32Array>();
    expectTypeOf(linear.weightGradient).toEqualTypeOf<undefined>();
    const given = await promises.linearCrossEntropy(tensor32, tensor32, [0], { gradient: true, transfer: true });
    expectTypeOf(given.result.hiddenGradient).toEqualTypeOf<Tensor<Float32Array>>();
  });

  test('what is refused', () => {
    // @ts-expect-error: no signal
    promises.softmax(float32, { signal: 1 });
    // @ts-expect-error: another element type
    promises.crossEntropy(float32, 0, { gradient: new Float64Array(2) });
    // @ts-expect-error: another element type, given away
    promises.crossEntropy(float32, 0, { gradient: new Float64Array(2), transfer: true });
    // @ts-expect-error: an unknown reduction
    promises.nllLoss(float32, 0, { reduction: 'max' });
    // @ts-expect-error: an unknown option
    promises.linearCrossEntropy(tensor32, tensor32, [0], { axis: 0 });
  });
});
