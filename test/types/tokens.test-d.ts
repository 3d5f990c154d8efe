// What TypeScript makes of sample, gumbelSoftmax and gumbelSoftmaxVjp.
import { describe, expectTypeOf, test } from 'vitest';
import { gumbelSoftmax, gumbelSoftmaxVjp, Rng, sample, type Tensor } from '../../lib/index';
import * as promises from '../../lib/promises';

const rng = new Rng(1);
const z = new Float32Array(4);
const tensor = { data: z, dims: [2, 2] };

describe('sample', () => {
  test('gives arrays for a vector, tensors for a tensor', () => {
    const one = sample(z, { topK: 2, rng });
    expectTypeOf(one.ids).toEqualTypeOf<Int32Array>();
    expectTypeOf(one.logprobs).toEqualTypeOf<Float64Array>();
    expectTypeOf(one.kept).toEqualTypeOf<number>();
    const batch = sample(tensor, { rng: [rng, rng], history: [[0], [1]] });
    expectTypeOf(batch.ids).toEqualTypeOf<Tensor<Int32Array>>();
    expectTypeOf(batch.keptMass).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(promises.sample([1, 2], { rng }))
      .resolves.toHaveProperty('entropy')
      .toEqualTypeOf<number>();
  });

  test('knows its options', () => {
    sample(z, { allow: new Uint32Array(1), logitBias: new Map([[1, -Infinity]]), order: ['topK', 'temperature'] });
    sample(tensor, { history: [[1n, 2n], [3n]] });
    // @ts-expect-error no text
    sample(z, { history: ['1'] });
    // @ts-expect-error no such stage
    sample(z, { order: ['topQ'] });
    // @ts-expect-error a number
    sample(z, { topP: '0.9' });
  });
});

describe('gumbelSoftmax', () => {
  test('gives what softmax gives', () => {
    expectTypeOf(gumbelSoftmax(z, { rng })).toEqualTypeOf<Float32Array>();
    expectTypeOf(gumbelSoftmaxVjp(tensor, tensor, { tau: 2, rng })).toEqualTypeOf<Tensor<Float32Array>>();
    const halves = { data: new Uint16Array(4), dims: [4], type: 'float16' };
    expectTypeOf(gumbelSoftmax(halves, { rng }).data).toEqualTypeOf<Uint16Array<ArrayBuffer>>();
    expectTypeOf(gumbelSoftmaxVjp(halves, halves, { rng }).data).toEqualTypeOf<Uint16Array<ArrayBuffer>>();
    // @ts-expect-error a generator is needed
    gumbelSoftmax(z, {});
  });
});
