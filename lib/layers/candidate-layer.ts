// What the layers that learn from sampled classes have in common: their parameters, an exact softmax over all classes
// for everything but learning, and how they sample.
import type { Share, TargetCorrection } from '../candidate-calls';
import { atCallSite, invalidType, invalidValue, shapeMismatch } from '../errors';
import { Float64Array } from '../intrinsics';
import { AliasTable } from '../random/alias';
import { Proposal } from '../random/proposal';
import type { Backend, FloatArray, FloatType, Tensor } from '../types';
import { validateFlag, validateOptions } from '../validate';
import type { StoredArray } from './bytes';
import { trainOnCandidates } from './candidate-training';
import type { Sampling } from './candidates';
import { exactDistribution, exactLogProbability, exactSample, exactTopK } from './exact';
import { adoptLinear, readLinear, readSize, readType } from './parameters';

export interface CandidateOptions {
  readonly classes?: unknown;
  readonly dim?: unknown;
  readonly type?: unknown;
  readonly bias?: unknown;
  readonly weight?: unknown;
  readonly proposal?: unknown;
  readonly samples?: unknown;
  readonly unique?: unknown;
  readonly share?: unknown;
  readonly removeAccidentalHits?: unknown;
}

/** What a layer makes of the options that all have. */
export interface Defaults {
  readonly share: Share;
  /** Of shared candidates; those of an example's own are drawn with replacement. */
  readonly unique: boolean;
  readonly withoutHits: (unique: boolean) => boolean;
}

export const shares: readonly Share[] = ['example', 'window', 'batch'];

export function readChoice<Choice extends string>(
  name: string,
  value: unknown,
  choices: readonly Choice[],
  otherwise: Choice,
): Choice {
  if (value === undefined) return otherwise;
  if (choices.includes(value as Choice)) return value as Choice;
  throw invalidValue(name, `must be one of: ${choices.map((choice) => `'${choice}'`).join(', ')}`, value);
}

const flagOr = (name: string, value: unknown, otherwise: boolean): boolean =>
  value === undefined ? otherwise : validateFlag(name, value);

/** The log partition of a layer: a parameter, or a number. */
export interface LogPartition {
  readonly logPartition: Tensor | undefined;
  readonly fixedLogPartition: number;
}

/** The class that the layers extend, for a backend. */
export function candidateLayer(backend: Backend) {
  return class CandidateLayer {
    readonly classes: number;
    readonly dim: number;
    readonly type: FloatType;
    readonly weight: Tensor;
    readonly bias: Tensor | undefined;
    readonly proposal: Proposal;
    readonly samples: number;
    readonly unique: boolean;
    readonly share: Share;
    readonly removeAccidentalHits: boolean;

    constructor(options: CandidateOptions, defaults: (options: CandidateOptions) => Defaults) {
      try {
        validateOptions(options);
        const { classes, dim, type, bias, weight, proposal, samples, unique, share, removeAccidentalHits } = options;
        const byDefault = defaults(options);
        this.classes = readSize('options.classes', classes);
        this.dim = readSize('options.dim', dim);
        this.type = readType(type);
        this.samples = readSize('options.samples', samples);
        this.share = readChoice('options.share', share, shares, byDefault.share);
        const isShared = this.share === 'batch';
        this.unique = flagOr('options.unique', unique, isShared && byDefault.unique);
        if (this.unique && !isShared) throw invalidValue('options.unique', "must be given with share: 'batch'", unique);
        const hits = byDefault.withoutHits(this.unique);
        this.removeAccidentalHits = flagOr('options.removeAccidentalHits', removeAccidentalHits, hits);
        const given = readLinear({ weight, bias }, this.type);
        this.proposal = readProposal(proposal, this.classes);
        ({ weight: this.weight, bias: this.bias } = adoptLinear(given, this.type, this.classes, this.dim));
      } catch (error) {
        throw atCallSite(error, new.target);
      }
    }

    logProbability(hidden: unknown, ids: unknown): unknown {
      return exactLogProbability(backend, this, hidden, ids);
    }

    distribution(hidden: unknown): unknown {
      return exactDistribution(backend, this, hidden);
    }

    topK(hidden: unknown, k: unknown): unknown {
      return exactTopK(backend, this, hidden, k);
    }

    sample(hidden: unknown, rng: unknown): unknown {
      return exactSample(backend, this, hidden, rng);
    }

    /** @internal */
    samplingFor(how: { logistic: boolean; counts: boolean; corrects: TargetCorrection }): Sampling {
      const { proposal, samples, unique, share, removeAccidentalHits } = this;
      return { proposal, samples, unique, share, withoutHits: removeAccidentalHits, ...how };
    }

    /** @internal */
    train(sampling: Sampling, partition: LogPartition, examples: unknown, targets: unknown, options: unknown): unknown {
      const { classes, dim, type, weight, bias } = this;
      const parameters = { classes, dim, type, weight, bias, ...partition };
      return trainOnCandidates(backend, parameters, sampling, { examples, targets, options });
    }
  };
}

function readProposal(value: unknown, classes: number): Proposal {
  if (!(value instanceof Proposal)) throw invalidType('options.proposal', 'one of proposals', value);
  if (value.classes === classes) return value;
  throw shapeMismatch('options.proposal', `have ${classes} classes`, String(value.classes));
}

/** The probabilities of a proposal, as whole numbers; nothing for a uniform one. */
export function sharesOf({ table, classes }: Proposal): Float64Array {
  const ofClasses = new Float64Array(table.thresholds.length === 0 ? 0 : classes);
  for (let id = 0; id < ofClasses.length; id += 1) ofClasses[id] = table.share(id);
  return ofClasses;
}

export function proposalOf(classes: number, ofClasses: Float64Array): Proposal {
  return new Proposal(classes, () => new AliasTable(classes, ofClasses.length === 0 ? undefined : ofClasses));
}

/** The arrays of tensors, without those that are not there. */
export const dataOf = (...tensors: readonly (Tensor | undefined)[]): StoredArray[] =>
  tensors.flatMap((tensor) => (tensor === undefined ? [] : [tensor.data as FloatArray]));
