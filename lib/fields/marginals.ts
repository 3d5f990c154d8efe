// Probabilities of the states of some variables, in steps.
import { Float64Array } from '../intrinsics';
import type { Backend } from '../types';
import { type Plan, planOf, validateTable } from './elimination';
import { type Collected, collect, conditional, distribute } from './inference';
import { freeVariables, type Model, viewOf } from './model';
import type { Steps } from './steps';
import { type Axes, gather, productOf, scatter } from './tables';

/** In which all variables but these are eliminated. */
export function planBeside(model: Model, variables: ArrayLike<number>): Plan {
  const stay = new Set(Array.from(variables));
  const others = freeVariables(model).filter((variable) => !stay.has(variable));
  const sizes = Array.from(variables, (variable) => model.cardinalities[variable] as number);
  validateTable(productOf(sizes), sizes.length, model.memoryLimit);
  const scopes = model.factors.map(
    (factor) => viewOf(model, factor.variables, factor.sizes, factor.logPotentials).variables,
  );
  return planOf(model.cardinalities, scopes, others, model.memoryLimit);
}

/** The probabilities of the joint states of some variables, in their order: all others are summed out. */
export function* marginalOf(
  model: Model,
  variables: ArrayLike<number>,
  plan: Plan,
  backend: Backend,
): Steps<Float64Array> {
  const sizes = Array.from(variables, (variable) => model.cardinalities[variable] as number);
  const out = new Float64Array(productOf(sizes));
  const view = viewOf(model, variables, sizes, out);
  // A table of rows of one state.
  const axes: Axes = {
    variables: [...view.variables, -1],
    sizes: [...view.variables.map((variable) => model.cardinalities[variable] as number), 1],
  };
  const table = new Float64Array(productOf(axes.sizes));
  const { rest } = yield* collect(model, plan, backend, 1);
  for (const source of rest) gather(axes, source.view, 0, table);
  const p: Float64Array = yield () => conditional(backend, table, table.length);
  scatter(axes, view, 0, p);
  return out;
}

/** For each variable the probabilities of its states. */
export function* singleMarginals(model: Model, collected: Collected, backend: Backend): Steps<Float64Array[]> {
  const marginals = Array.from(model.cardinalities, (n) => new Float64Array(n));
  model.known.forEach((state, variable) => {
    if (state >= 0) (marginals[variable] as Float64Array)[state] = 1;
  });
  yield* distribute(collected, backend, marginals, undefined);
  return marginals;
}
