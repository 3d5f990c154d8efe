// MarkovRandomField: softmax over all joint states of many variables.
import { atCallSite, invalidValue } from '../errors';
import { Float64Array, type Int32Array } from '../intrinsics';
import { exposed } from '../layers/exposed';
import { tensorOf } from '../operations/results';
import type { Run } from '../optimization/run';
import { type Rng, validateRng } from '../random/rng';
import type { Backend, Tensor } from '../types';
import { validateCount } from '../validate';
import {
  type GivenStates,
  modelOf,
  readEvidence,
  readField,
  readMemoryLimit,
  readStates,
  readVariables,
} from './arguments';
import { Backward, best } from './backward';
import { describeMachine } from './boltzmann-machine';
import { type Plan, validateMarginals, validateSamples } from './elimination';
import type { Elimination, Factor, Fit, Likelihood, MarkovRandomFieldConstructor } from './field-types';
import { GibbsSampler } from './gibbs';
import { type Collected, collect, restOf } from './inference';
import { fitted, likelihoodOf } from './likelihood';
import { marginalOf, planBeside, singleMarginals } from './marginals';
import { knownStates, type Model, weightOf } from './model';
import { drawn, initialStates, ownGenerator, sweeps } from './sampling';
import { type FitSettings, readFitSettings, readGibbsSettings } from './settings';
import { perform, type Steps } from './steps';

/** What computes, with the positions of the options. */
export const fieldMembers = {
  logPartition: 0,
  joint: 0,
  marginal: 1,
  marginals: 0,
  mode: 0,
  logProbability: 1,
  sample: 2,
  gibbs: 1,
  logLikelihood: 1,
  fit: 1,
} as const;

interface Options {
  readonly signal?: AbortSignal;
}

// Which models the fields have, of any entry point.
const models = new WeakMap<object, Model>();

/** As described, or as that of another field, with a limit of its own if one is given. */
function modelBy(description: unknown, options: unknown): Model {
  const model = models.get(description as object);
  if (model === undefined) return readField(description, options);
  return { ...model, memoryLimit: readMemoryLimit(options, model.memoryLimit) };
}

/** The class that computes with a backend, and runs its steps: now, or for promises. */
export function markovRandomField<Constructor = MarkovRandomFieldConstructor>(
  backend: Backend,
  runSteps: Run,
): Constructor {
  const run = <Result>(steps: Steps<Result>, signal?: AbortSignal): unknown => runSteps(steps, perform, signal);

  class MarkovRandomField {
    readonly #model: Model;
    #plan: Plan | undefined;
    #sums: Collected | undefined;
    #backward: Backward | undefined;
    #sampler: GibbsSampler | undefined;

    constructor(description: unknown, options: unknown = {}) {
      try {
        this.#model = modelBy(description, options);
      } catch (error) {
        throw atCallSite(error, new.target);
      }
      models.set(this, this.#model);
    }

    static boltzmannMachine(machine: unknown, options: unknown = {}): MarkovRandomField {
      return new MarkovRandomField(describeMachine(machine), options);
    }

    get size(): number {
      return this.#model.cardinalities.length;
    }
    get cardinalities(): Int32Array {
      return this.#model.cardinalities.slice();
    }
    get factors(): Factor[] {
      return this.#model.factors.map(({ variables, sizes, logPotentials }) => ({
        variables: variables.slice(),
        logPotentials: tensorOf(logPotentials.slice(), [...sizes]),
      }));
    }
    get evidence(): ReadonlyMap<number, number> {
      return new Map(this.#model.evidence);
    }
    get memoryLimit(): number {
      return this.#model.memoryLimit;
    }
    get elimination(): Elimination {
      const { order, width, largestTable, bytes } = this.#planned();
      return { order: order.slice(), width, largestTable, bytes };
    }
    get logPartition(): unknown {
      return run(this.#partition());
    }

    energy(states: unknown): unknown {
      return this.#each(states, (weight) => 0 - weight);
    }

    logProbability(states: unknown, options?: Options): unknown {
      const weights = this.#each(states, (weight) => weight) as number | Tensor<Float64Array>;
      return run(this.#logShares(weights), options?.signal);
    }

    joint(options?: Options): unknown {
      return run(this.#marginal([...this.#model.cardinalities.keys()]), options?.signal);
    }

    marginal(variables: unknown, options?: Options): unknown {
      const isOne = typeof variables === 'number';
      const asked = readVariables('variables', isOne ? [variables] : variables, this.size);
      return run<unknown>(isOne ? this.#single(asked) : this.#marginal(asked), options?.signal);
    }

    marginals(options?: Options): unknown {
      return run(this.#marginals(), options?.signal);
    }

    conditional(evidence: unknown): MarkovRandomField {
      const { cardinalities, factors, memoryLimit } = this.#model;
      return fieldOf(modelOf(cardinalities, factors, readEvidence(evidence, this.#model), memoryLimit));
    }

    mode(options?: Options): unknown {
      return run(this.#mode(), options?.signal);
    }

    sample(rng: unknown, count?: unknown, options?: Options): unknown {
      const generator = validateRng('rng', rng);
      const rows = count === undefined ? undefined : validateCount('count', count);
      validateSamples(rows ?? 1, this.size, this.memoryLimit);
      return run(this.#drawn(generator, rows), options?.signal);
    }

    gibbs(rng: unknown, options: Options = {}): unknown {
      const generator = validateRng('rng', rng);
      const settings = readGibbsSettings(options);
      validateMarginals(this.#model.cardinalities, this.memoryLimit);
      validateSamples(settings.samples, this.size, this.memoryLimit);
      this.#sampler ??= new GibbsSampler(this.#model);
      const states = initialStates(this.#model, this.#sampler, settings.initial);
      return run(sweeps(this.#model, this.#sampler, states, settings, generator), options.signal);
    }

    logLikelihood(samples: unknown, options?: Options): unknown {
      return run(this.#likelihood(readStates('samples', samples, this.#model)), options?.signal);
    }

    fit(samples: unknown, options: Options = {}): unknown {
      const settings = readFitSettings(options);
      const given = readStates('samples', samples, this.#model);
      return run(this.#fitted(given, settings), options.signal);
    }

    #planned(): Plan {
      this.#plan ??= planBeside(this.#model, []);
      return this.#plan;
    }

    *#collected(): Steps<Collected> {
      this.#sums ??= yield* collect(this.#model, this.#planned(), backend, 1);
      return this.#sums;
    }

    /** The sums of a field in which something is possible. */
    *#possible(): Steps<Collected> {
      const sums = yield* this.#collected();
      this.#validatePossible(restOf(sums));
      return sums;
    }

    #validatePossible(logZ: number): void {
      if (logZ > -Infinity) return;
      const { evidence } = this.#model;
      if (evidence.size > 0) throw invalidValue('evidence', 'must have a probability greater than 0', evidence);
      throw invalidValue('description.factors', 'must leave a joint state that is not forbidden', this.factors);
    }

    *#partition(): Steps<number> {
      return restOf(yield* this.#collected());
    }

    *#logShares(weights: number | Tensor<Float64Array>): Steps<unknown> {
      const logZ = restOf(yield* this.#possible());
      if (typeof weights === 'number') return weights - logZ;
      return tensorOf(
        weights.data.map((weight) => weight - logZ),
        weights.dims,
      );
    }

    *#marginal(variables: ArrayLike<number>): Steps<Tensor<Float64Array>> {
      const { cardinalities } = this.#model;
      const plan = planBeside(this.#model, variables);
      const p = yield* marginalOf(this.#model, variables, plan, backend);
      if (!p.some((share) => share > 0)) this.#validatePossible(-Infinity);
      const dims = Array.from(variables, (variable) => cardinalities[variable] as number);
      return tensorOf(p, dims);
    }

    *#single(variable: ArrayLike<number>): Steps<Float64Array> {
      const { data } = yield* this.#marginal(variable);
      return data;
    }

    *#marginals(): Steps<Float64Array[]> {
      return yield* singleMarginals(this.#model, yield* this.#possible(), backend);
    }

    *#mode(): Steps<Int32Array> {
      const maxima = yield* collect(this.#model, this.#planned(), backend, Infinity);
      this.#validatePossible(restOf(maxima));
      const states = knownStates(this.#model);
      new Backward(maxima).complete(states, best);
      return states;
    }

    *#drawn(rng: Rng, count: number | undefined): Steps<unknown> {
      const own = yield* ownGenerator(rng);
      this.#backward ??= new Backward(yield* this.#possible());
      const samples = yield* drawn(this.#model, this.#backward, count ?? 1, own);
      return count === undefined ? samples : tensorOf(samples, [count, this.size]);
    }

    *#likelihood(given: GivenStates): Steps<Likelihood> {
      const sums = yield* this.#possible();
      return yield* likelihoodOf(this.#model, sums, given, backend);
    }

    *#fitted(given: GivenStates, settings: FitSettings): Steps<Fit<MarkovRandomField>> {
      const { model, convergence } = yield* fitted(this.#model, this.#planned(), backend, given, settings);
      return { field: fieldOf(model), convergence };
    }

    /** A number for each joint state of what its log-potentials add up to. */
    #each(given: unknown, value: (weight: number) => number): unknown {
      const { states, rows, isOne } = readStates('states', given, this.#model);
      const values = new Float64Array(rows);
      for (let row = 0; row < rows; row += 1) values[row] = value(weightOf(this.#model, states, row * this.size));
      return isOne ? values[0] : tensorOf(values, [rows]);
    }
  }

  const fieldOf = (model: Model): MarkovRandomField => {
    const key = {};
    models.set(key, model);
    return new MarkovRandomField(key);
  };
  return exposed(
    MarkovRandomField,
    [...Object.keys(fieldMembers), 'energy', 'conditional', 'elimination'],
    ['boltzmannMachine'],
  ) as unknown as Constructor;
}
