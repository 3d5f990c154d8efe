// What states and memories take and return, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import { Memory, SoftmaxState, type Tensor, type TopOfState } from '../../lib/index';
import * as promises from '../../lib/promises';

declare const float32: Float32Array;
declare const tensor32: { data: Float32Array; dims: number[] };

describe('SoftmaxState', () => {
  const state = new SoftmaxState({ beta: 2, topK: 3, target: 1, valueSize: 2, nonFinite: 'ieee' });

  test('knows numbers', () => {
    expectTypeOf(state.logSumExp).toEqualTypeOf<number>();
    expectTypeOf(state.targetLogProbability).toEqualTypeOf<number | undefined>();
    expectTypeOf(state.top()).toEqualTypeOf<TopOfState>();
    expectTypeOf(state.value()).toEqualTypeOf<Float64Array>();
    expectTypeOf(state.toBytes()).toEqualTypeOf<Uint8Array>();
  });

  test('gives itself, and probabilities of the kind of the logits', () => {
    expectTypeOf(state.push(float32, { offset: 3, values: tensor32 }).merge(state)).toEqualTypeOf<SoftmaxState>();
    expectTypeOf(state.probabilities(float32)).toEqualTypeOf<Float32Array>();
    expectTypeOf(state.probabilities([1])).toEqualTypeOf<Float64Array>();
    expectTypeOf(state.probabilities(tensor32)).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(state.probabilities(float32, tensor32)).toEqualTypeOf<typeof tensor32>();
    expectTypeOf(SoftmaxState.collect([[1], { logits: float32, offset: 2 }])).toEqualTypeOf<Promise<SoftmaxState>>();
  });

  test('refuses', () => {
    // @ts-expect-error logits are no string
    state.push('1');
    // @ts-expect-error of another element type
    state.probabilities(float32, new Float64Array(1));
    // @ts-expect-error no such option
    new SoftmaxState({ top: 3 });
    // @ts-expect-error nothing that has what a state has
    state.merge({});
  });

  test('for promises', () => {
    const promised = new promises.SoftmaxState();
    expectTypeOf(promised.push(float32, { signal: new AbortController().signal })).resolves.toEqualTypeOf<
      typeof promised
    >();
    expectTypeOf(promised.probabilities(float32)).resolves.toEqualTypeOf<Float32Array>();
    expectTypeOf(promised.merge(state)).toEqualTypeOf<typeof promised>();
  });
});

describe('Memory', () => {
  const memory = new Memory(tensor32, tensor32);

  test('reads arrays for one query, tensors for many', () => {
    expectTypeOf(memory.read([1, 2]).rows).toEqualTypeOf<Int32Array>();
    expectTypeOf(memory.read(tensor32, { topK: 2, similarity: 'cosine' }).rows).toEqualTypeOf<Tensor<Int32Array>>();
    expectTypeOf(memory.readVjp(tensor32, tensor32).keyGradient).toEqualTypeOf<Tensor>();
    expectTypeOf(memory.add(tensor32, tensor32)).toEqualTypeOf<Int32Array>();
    expectTypeOf(new promises.Memory(tensor32, tensor32).read(float32)).resolves.toHaveProperty('weights');
  });

  test('refuses', () => {
    // @ts-expect-error keys have a shape
    new Memory(float32, tensor32);
    // @ts-expect-error not a similarity
    memory.read(float32, { similarity: 'angle' });
  });
});
