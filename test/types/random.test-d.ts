// What the generator, the proposals and the estimates take and give, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import {
  checkUnbiased,
  type Drawn,
  type ImportanceEstimate,
  importanceSampling,
  type LearnedProposal,
  type Proposal,
  proposals,
  Rng,
  type RngState,
  type UnbiasedReport,
} from '../../lib/index';
import * as promises from '../../lib/promises';
import type * as reference from '../../lib/reference';

declare const proposal: Proposal;
declare const rng: Rng;

describe('Rng', () => {
  test('numbers and states', () => {
    expectTypeOf(new Rng(1n, 2).uniform()).toEqualTypeOf<number>();
    expectTypeOf(rng.advance(2n ** 40n)).toEqualTypeOf<Rng>();
    expectTypeOf(rng.fork(1).state).toEqualTypeOf<RngState>();
    expectTypeOf(Rng.fromState(rng.state)).toEqualTypeOf<Rng>();
    // @ts-expect-error: a seed must be given
    new Rng();
    // @ts-expect-error: seeds are numbers
    new Rng('1');
    // @ts-expect-error: a state is kept, not changed
    rng.state.seed = '1';
  });

  test('one class for all', () => {
    expectTypeOf<typeof promises.Rng>().toEqualTypeOf<typeof Rng>();
    expectTypeOf<typeof reference.Rng>().toEqualTypeOf<typeof Rng>();
  });
});

describe('proposals', () => {
  test('by name', () => {
    expectTypeOf(proposals.uniform(3)).toEqualTypeOf<Proposal>();
    expectTypeOf(proposals.unigram(Int32Array.of(1), { power: 1 })).toEqualTypeOf<Proposal>();
    expectTypeOf(proposals.learned(3)).toEqualTypeOf<LearnedProposal>();
    expectTypeOf<LearnedProposal>().toExtend<Proposal>();
    // @ts-expect-error: nothing of that name
    proposals.zipf(3);
  });

  test('draws', () => {
    expectTypeOf(proposal.sample(3, { rng, unique: true, exclude: [1] })).toEqualTypeOf<Int32Array>();
    expectTypeOf(proposal.draw(3, { rng })).toEqualTypeOf<Drawn>();
    // @ts-expect-error: the generator is not a choice
    proposal.sample(3, { unique: true });
    // @ts-expect-error: an unknown option
    proposal.sample(3, { rng, uniq: true });
  });

  test('a number for one id, an array for several', () => {
    expectTypeOf(proposal.logProbability(1)).toEqualTypeOf<number>();
    expectTypeOf(proposal.logProbability([1, 2])).toEqualTypeOf<Float64Array>();
    expectTypeOf(proposal.expectedCount(Int32Array.of(1), 5, { unique: true })).toEqualTypeOf<Float64Array>();
    expectTypeOf(proposal.logExpectedCount(1, 5, { exclude: 2 })).toEqualTypeOf<number>();
    // @ts-expect-error: an unknown form
    proposal.expectedCount(1, 5, { form: 'rosen' });
  });
});

describe('estimates', () => {
  test('of log Z', () => {
    expectTypeOf(importanceSampling([1], Float32Array.of(0))).toEqualTypeOf<ImportanceEstimate>();
    expectTypeOf(promises.importanceSampling([1], [0])).resolves.toEqualTypeOf<ImportanceEstimate>();
  });

  test('against the exact value', () => {
    const options = { draws: 10, seed: 1 };
    expectTypeOf(checkUnbiased((source) => source.uniform(), 0.5, options)).toEqualTypeOf<UnbiasedReport>();
    const later = promises.checkUnbiased(async (source) => [source.uniform()], [0.5], options);
    expectTypeOf(later).resolves.toEqualTypeOf<UnbiasedReport>();
    // @ts-expect-error: a plain one gives no promise
    checkUnbiased(async () => 1, 1, options);
    // @ts-expect-error: the number of runs must be given
    checkUnbiased(() => 1, 1, { seed: 1 });
  });
});
