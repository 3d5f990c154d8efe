// The types of what softmax-native/promises draws: those of the plain functions, with two more options. Types only.
import type { Fits } from './options';
import type { Giving, Keeping, PromiseOptions, Transferred } from './promise-types';
import type { CheckUnbiasedOptions, Estimate, UnbiasedReport } from './random/check-unbiased';
import type { importanceSampling } from './random/importance';
import type { Rng } from './random/rng';
import type { GumbelOptions, SampleOptions, SampleResult } from './tokens/types';
import type { Direction, ElementsOf, Input, Like } from './types';

export type CheckUnbiasedPromise = (
  estimator: (rng: Rng) => Estimate | Promise<Estimate>,
  exact: Estimate,
  options: CheckUnbiasedOptions & Pick<PromiseOptions, 'signal'>,
) => Promise<UnbiasedReport>;

export type ImportanceSamplingPromise = (
  ...args: Parameters<typeof importanceSampling>
) => Promise<ReturnType<typeof importanceSampling>>;

export interface SamplePromise {
  <Logits extends Input>(logits: Logits, options: Giving<SampleOptions>): Promise<Transferred<SampleResult<Logits>>>;
  <Logits extends Input>(logits: Logits, options?: Keeping<SampleOptions>): Promise<SampleResult<Logits>>;
}

export interface GumbelPromise {
  <Logits extends Input, Out = Like<Logits>>(
    logits: Logits,
    options: Giving<GumbelOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Transferred<Out>>;
  <Logits extends Input, Out = Like<Logits>>(
    logits: Logits,
    options: Keeping<GumbelOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Out>;
}

export interface GumbelVjpPromise {
  <Logits extends Input, Out = Like<Logits>>(
    logits: Logits,
    g: Direction<Logits>,
    options: Giving<GumbelOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Transferred<Out>>;
  <Logits extends Input, Out = Like<Logits>>(
    logits: Logits,
    g: Direction<Logits>,
    options: Keeping<GumbelOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Out>;
}
