// What distributions and fields take and return, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import { Categorical, type GibbsSamples, MarkovRandomField, Rng, type Tensor } from '../../lib/index';
import * as promises from '../../lib/promises';

declare const float32: Float32Array;
declare const tensor32: { data: Float32Array; dims: number[] };
const rng = new Rng(1);

describe('Categorical', () => {
  test('gives numbers and arrays for a vector', () => {
    const p = new Categorical(float32);
    expectTypeOf(p.logPartition).toEqualTypeOf<number>();
    expectTypeOf(p.mean).toEqualTypeOf<Float32Array>();
    expectTypeOf(p.mode).toEqualTypeOf<number>();
    expectTypeOf(p.logProbability(1)).toEqualTypeOf<number>();
    expectTypeOf(p.logProbability([1, 2])).toEqualTypeOf<Float32Array>();
    expectTypeOf(p.sample(rng)).toEqualTypeOf<number>();
    expectTypeOf(p.sample(rng, 3)).toEqualTypeOf<Int32Array>();
    expectTypeOf(p.fisher([1, 2])).toEqualTypeOf<Float32Array>();
    expectTypeOf(p.temper(2)).toEqualTypeOf<typeof p>();
    expectTypeOf(new Categorical([1, 2]).mean).toEqualTypeOf<Float64Array>();
  });

  test('gives tensors for a tensor, and for energies what the energies are', () => {
    const p = new Categorical({ energies: tensor32, temperature: 2 });
    expectTypeOf(p.entropy).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(p.mean).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(p.sample(rng, 2)).toEqualTypeOf<Tensor<Int32Array>>();
    expectTypeOf(new Categorical(tensor32).klDivergence(p)).toEqualTypeOf<Tensor<Float32Array>>();
    expectTypeOf(new Categorical({ energies: [1, 2] }).freeEnergy).toEqualTypeOf<number>();
  });

  test('refuses', () => {
    // @ts-expect-error logits are no string
    new Categorical('1');
    // @ts-expect-error a temperature is a number
    new Categorical({ energies: [1], temperature: '2' });
    // @ts-expect-error not a distribution
    new Categorical([1]).klDivergence([1]);
  });

  test('for promises', () => {
    const p = new promises.Categorical(float32);
    expectTypeOf(p.logPartition).resolves.toEqualTypeOf<number>();
    expectTypeOf(p.naturalParameters).toEqualTypeOf<Float32Array>();
    expectTypeOf(p.sample(rng, 3)).resolves.toEqualTypeOf<Int32Array>();
    expectTypeOf(p.klDivergence(new Categorical(float32))).resolves.toEqualTypeOf<number>();
  });
});

describe('MarkovRandomField', () => {
  const field = new MarkovRandomField({
    cardinalities: [2, 2],
    factors: [{ variables: [0, 1], logPotentials: tensor32 }],
  });

  test('gives arrays of one variable, tensors of several', () => {
    expectTypeOf(field.logPartition).toEqualTypeOf<number>();
    expectTypeOf(field.marginal(0)).toEqualTypeOf<Float64Array>();
    expectTypeOf(field.marginal([0, 1])).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(field.energy([0, 1])).toEqualTypeOf<number>();
    expectTypeOf(field.energy({ data: new Int32Array(4), dims: [2, 2] })).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(field.sample(rng)).toEqualTypeOf<Int32Array>();
    expectTypeOf(field.sample(rng, 2)).toEqualTypeOf<Tensor<Int32Array>>();
    expectTypeOf(field.gibbs(rng, { thin: 2 })).toEqualTypeOf<GibbsSamples>();
    expectTypeOf(field.conditional({ 1: 0 }).conditional(new Map([[0, 1]]))).toEqualTypeOf<MarkovRandomField>();
    expectTypeOf(field.fit([0, 1], { l2: 1 }).field).toEqualTypeOf<MarkovRandomField>();
  });

  test('refuses', () => {
    // @ts-expect-error factors have log-potentials
    new MarkovRandomField({ cardinalities: [2], factors: [{ variables: [0] }] });
    // @ts-expect-error no such option
    field.gibbs(rng, { sweeps: 3 });
    // @ts-expect-error a machine has biases
    MarkovRandomField.boltzmannMachine({ weights: [0] });
  });

  test('for promises', () => {
    const promised = new promises.MarkovRandomField(field);
    expectTypeOf(promised.logPartition).resolves.toEqualTypeOf<number>();
    expectTypeOf(promised.marginal(0, { signal: new AbortController().signal })).resolves.toEqualTypeOf<Float64Array>();
    expectTypeOf(promised.energy([0, 1])).toEqualTypeOf<number>();
    expectTypeOf(promised.fit([0, 1])).resolves.toHaveProperty('field');
  });
});
