// What samples are worth to a field, and the fields that make them most likely. The derivative of the log-likelihood in a
// log-potential is how often its states are seen, less how often they are expected: E_data - E_model.
import { invalidValue, shapeMismatch } from '../errors';
import { Float64Array } from '../intrinsics';
import { tensorOf } from '../operations/results';
import { lbfgs } from '../optimization/lbfgs';
import type { Convergence, Evaluation } from '../optimization/search';
import type { Backend } from '../types';
import type { GivenStates } from './arguments';
import type { Plan } from './elimination';
import type { Likelihood } from './field-types';
import { type Collected, collect, distribute, restOf } from './inference';
import { likeFactors, type Model, type ModelFactor, viewOf, weightOf } from './model';
import type { FitSettings } from './settings';
import type { Steps } from './steps';

/** For each factor how many samples have each of its states. */
function countsOf(model: Model, { states, rows }: GivenStates): Float64Array[] {
  const size = model.cardinalities.length;
  const counts = likeFactors(model);
  model.factors.forEach(({ variables, sizes }, f) => {
    const count = counts[f] as Float64Array;
    for (let row = 0; row < rows; row += 1) {
      let place = 0;
      for (let axis = 0; axis < sizes.length; axis += 1) {
        place = place * (sizes[axis] as number) + (states[row * size + (variables[axis] as number)] as number);
      }
      count[place] = (count[place] as number) + 1;
    }
  });
  return counts;
}

/** For each factor the probabilities of its states. */
function* expectationsOf(model: Model, collected: Collected, backend: Backend): Steps<Float64Array[]> {
  const expected = likeFactors(model);
  const views = model.factors.map(({ variables, sizes }, f) =>
    viewOf(model, variables, sizes, expected[f] as Float64Array),
  );
  // What is known is certain.
  for (const { data, offset, variables } of views) if (variables.length === 0) data[offset] = 1;
  const marginals = Array.from(model.cardinalities, (n) => new Float64Array(n));
  yield* distribute(collected, backend, marginals, views);
  return expected;
}

/** counts - rows * expected; 0 where a state is forbidden, which no log-potential changes. */
function gradientsOf(
  model: Model,
  counts: readonly Float64Array[],
  rows: number,
  expected: Float64Array[],
): Float64Array[] {
  return model.factors.map(({ logPotentials }, f) =>
    logPotentials.map((value, i) =>
      value === -Infinity
        ? 0
        : ((counts[f] as Float64Array)[i] as number) - rows * ((expected[f] as Float64Array)[i] as number),
    ),
  );
}

export function* likelihoodOf(model: Model, sums: Collected, given: GivenStates, backend: Backend): Steps<Likelihood> {
  const { states, rows } = given;
  const expected = yield* expectationsOf(model, sums, backend);
  let logLikelihood = 0;
  for (let row = 0; row < rows; row += 1) {
    logLikelihood += weightOf(model, states, row * model.cardinalities.length) - restOf(sums);
  }
  const gradients = gradientsOf(model, countsOf(model, given), rows, expected);
  return {
    logLikelihood,
    gradients: gradients.map((gradient, f) => tensorOf(gradient, [...(model.factors[f] as ModelFactor).sizes])),
  };
}

/** The model of greatest likelihood less the penalty. */
export function* fitted(
  model: Model,
  plan: Plan,
  backend: Backend,
  given: GivenStates,
  settings: FitSettings,
): Steps<{ model: Model; convergence: Convergence }> {
  validateSamples(model, given);
  const { l2 } = settings;
  const { rows } = given;
  const counts = packed(model, countsOf(model, given));
  const start = packed(
    model,
    model.factors.map(({ logPotentials }) => logPotentials),
  );
  const search = lbfgs(start, settings);
  let next = search.next();
  while (next.done !== true) next = search.next(yield* evaluate(next.value));
  const { point, ...convergence } = next.value;
  return { model: unpacked(model, point), convergence };

  /** The mean over the samples: -log P + l2/2 theta^2 / rows. */
  function* evaluate(theta: Float64Array): Steps<Evaluation> {
    const moved = unpacked(model, theta);
    const collected = yield* collect(moved, plan, backend, 1);
    const expected = packed(model, yield* expectationsOf(moved, collected, backend));
    let value = restOf(collected);
    const gradient = new Float64Array(theta.length);
    for (let i = 0; i < theta.length; i += 1) {
      const [t, share] = [theta[i] as number, (counts[i] as number) / rows];
      value += ((l2 / rows) * t * t) / 2 - share * t;
      gradient[i] = (expected[i] as number) - share + (l2 / rows) * t;
    }
    return { value, gradient };
  }
}

function validateSamples(model: Model, { states, rows, isOne }: GivenStates): void {
  const size = model.cardinalities.length;
  if (rows === 0) throw shapeMismatch('samples', 'have one row or more', '0');
  for (let row = 0; row < rows; row += 1) {
    if (weightOf(model, states, row * size) > -Infinity) continue;
    const shown = [...states.subarray(row * size, (row + 1) * size)];
    throw invalidValue('samples', `must be allowed by the field, also ${isOne ? 'this one' : `row ${row}`}`, shown);
  }
}

/** What can change: all log-potentials but -Infinity, in one array. */
function packed({ factors }: Model, arrays: readonly Float64Array[]): Float64Array {
  const all: number[] = [];
  factors.forEach(({ logPotentials }, f) => {
    logPotentials.forEach((value, i) => {
      if (value !== -Infinity) all.push((arrays[f] as Float64Array)[i] as number);
    });
  });
  return Float64Array.from(all);
}

function unpacked(model: Model, theta: Float64Array): Model {
  let place = 0;
  const factors = model.factors.map(({ variables, sizes, logPotentials }) => ({
    variables,
    sizes,
    logPotentials: logPotentials.map((value) => {
      if (value === -Infinity) return value;
      place += 1;
      return theta[place - 1] as number;
    }),
  }));
  return { ...model, factors };
}
