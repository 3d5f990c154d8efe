// What the layers that sample take and return, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import {
  type ContrastiveGradients,
  NoiseContrastive,
  proposals,
  Rng,
  type SampledGradients,
  SampledSoftmax,
  type Tensor,
  type TrainResult,
} from '../../lib/index';
import * as promises from '../../lib/promises';

declare const batch: { data: Float32Array; dims: number[] };
declare const indices: Int32Array;
const rng = new Rng(1);
const options = { classes: 3, dim: 2, proposal: proposals.uniform(3), samples: 2 };

describe('the layers that sample', () => {
  test('what they give', () => {
    const sampled = new SampledSoftmax(options);
    expectTypeOf(sampled.lossAndGradient(batch, indices, { rng })).toEqualTypeOf<SampledGradients>();
    expectTypeOf(sampled.lossAndGradient([1, 2], 0, { candidates: { ids: [1] } }).ess).toEqualTypeOf<Float64Array>();
    const contrastive = new NoiseContrastive({ ...options, logPartition: 'learned' });
    expectTypeOf(contrastive.lossAndGradient(batch, indices, { rng })).toEqualTypeOf<ContrastiveGradients>();
    expectTypeOf(contrastive.logPartition).toEqualTypeOf<number | Tensor>();
    const training = { learningRate: 1, rng, contexts: [0] };
    expectTypeOf(
      contrastive.trainStep({ table: batch, rows: indices }, indices, training),
    ).toEqualTypeOf<TrainResult>();
    const limited = { learningRate: 1, rng, scoreGradientLimit: 2 };
    expectTypeOf(contrastive.trainStep({ table: batch, rows: indices }, indices, limited)).toEqualTypeOf<TrainResult>();
    const later = new promises.SampledSoftmax(options);
    expectTypeOf(later.lossAndGradient(batch, indices, { rng })).toEqualTypeOf<Promise<SampledGradients>>();
  });

  test('what they do not take', () => {
    // @ts-expect-error: a proposal says what is drawn
    new SampledSoftmax({ classes: 3, dim: 2, samples: 2 });
    // @ts-expect-error: no such form
    new SampledSoftmax({ ...options, form: 'importance' });
    const examples = { table: batch, rows: indices };
    // @ts-expect-error: the gradient of a softmax has a bound
    new SampledSoftmax(options).trainStep(examples, indices, { learningRate: 1, rng, scoreGradientLimit: 2 });
    // @ts-expect-error: a generator must be given
    new NoiseContrastive(options).trainStep({ table: batch, rows: indices }, indices, { learningRate: 1 });
  });
});
