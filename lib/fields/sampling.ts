// Joint states drawn from a field, in steps: exactly, or by a Gibbs sampler.
import { invalidValue } from '../errors';
import { Float64Array, Int32Array } from '../intrinsics';
import { tensorOf } from '../operations/results';
import { drawSeed, exampleRng, type Rng } from '../random/rng';
import { readStates } from './arguments';
import { type Backward, drawing } from './backward';
import { effectiveSampleSize, sharesOfStates } from './effective-sample-size';
import type { GibbsSamples } from './field-types';
import type { GibbsSampler } from './gibbs';
import { knownStates, type Model, weightOf } from './model';
import type { GibbsSettings } from './settings';
import { pause, type Steps } from './steps';

/**
 * A generator of the call's own: whatever is drawn, and whoever else draws meanwhile, the given one is two words further.
 * The pause comes first, as it is where a call ends that is given up, or only checked.
 */
export function* ownGenerator(rng: Rng): Steps<Rng> {
  yield pause;
  return exampleRng(drawSeed(rng), 0);
}

/** `count` joint states, one after the other. */
export function* drawn(model: Model, backward: Backward, count: number, rng: Rng): Steps<Int32Array> {
  const size = model.cardinalities.length;
  const samples = new Int32Array(count * size);
  const states = knownStates(model);
  const choose = drawing(rng);
  for (let i = 0; i < count; i += 1) {
    backward.complete(states, choose);
    samples.set(states, i * size);
    yield pause;
  }
  return samples;
}

/** The joint state that a chain begins with. */
export function initialStates(model: Model, sampler: GibbsSampler, initial: unknown): Int32Array {
  if (initial === undefined) {
    const states = knownStates(model);
    sampler.begin(states);
    if (weightOf(model, states) > -Infinity) return states;
    throw invalidValue('options.initial', 'must be given, as the field forbids the one by default', initial);
  }
  const { states } = readStates('options.initial', initial, model);
  if (weightOf(model, states) > -Infinity) return states;
  throw invalidValue('options.initial', 'must be allowed by the field and its evidence', initial);
}

export function* sweeps(
  model: Model,
  sampler: GibbsSampler,
  states: Int32Array,
  { samples: count, burnIn, thin }: GibbsSettings,
  generator: Rng,
): Steps<GibbsSamples> {
  const rng = yield* ownGenerator(generator);
  const size = states.length;
  const samples = new Int32Array(count * size);
  for (let sweep = 0; sweep < burnIn; sweep += 1) {
    sampler.sweep(states, rng);
    yield pause;
  }
  for (let i = 0; i < count; i += 1) {
    for (let sweep = 0; sweep < thin; sweep += 1) {
      sampler.sweep(states, rng);
      yield pause;
    }
    samples.set(states, i * size);
  }
  const marginals: Float64Array[] = [];
  const sizes = new Float64Array(size);
  for (let variable = 0; variable < size; variable += 1) {
    const shares = sharesOfStates(samples, variable, size, count, model.cardinalities[variable] as number);
    marginals.push(shares);
    sizes[variable] = effectiveSampleSize(samples, variable, size, count, shares);
    yield pause;
  }
  return { samples: tensorOf(samples, [count, size]), marginals, effectiveSampleSize: sizes, state: states };
}
