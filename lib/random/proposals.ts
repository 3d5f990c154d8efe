// The proposals by name.
import { invalidValue, outOfRange } from '../errors';
import { Float64Array } from '../intrinsics';
import { validateCount, validateOptions } from '../validate';
import { AliasTable, mostClasses } from './alias';
import {
  belowInfinity,
  called,
  type Ids,
  type Numbers,
  type Range,
  readIds,
  readNumber,
  readNumbers,
} from './arguments';
import { Proposal } from './proposal';

export interface UnigramOptions {
  /** The exponent of the counts, finite and >= 0. Default 0.75. */
  power?: number | undefined;
}

const mostUniform = 0x7fffffff;

const exponent: Range = { includes: (value) => value >= 0 && value < Infinity, words: 'finite and >= 0' };

const wholeNumbers: Range = {
  includes: (value) => Number.isSafeInteger(value) && value >= 0,
  words: 'a safe integer >= 0',
};

/** Counts that grow: see `proposals.learned`. */
export class LearnedProposal extends Proposal {
  readonly #counts: Float64Array;

  /** @internal */
  constructor(classes: number) {
    const counts = new Float64Array(classes).fill(1);
    super(classes, () => AliasTable.fromWeights(counts));
    this.#counts = counts;
  }

  /**
   * Counts ids as seen once more each. The next draw makes the table anew, which takes time for every class: give many
   * at a time.
   *
   * @param ids - a class, or an array of them, in which one may stand often
   */
  update(ids: Ids): void {
    called(this.update, () => {
      for (const id of readIds('ids', ids, this.classes)) this.#counts[id] = (this.#counts[id] as number) + 1;
      this.renew();
    });
  }
}

/** Every class with probability 1 / classes. */
function uniform(classes: number): Proposal {
  return called(uniform, () => {
    const count = readClasses(classes, mostUniform);
    return new Proposal(count, () => new AliasTable(count));
  });
}

/** Class k with probability log((k + 2) / (k + 1)) / log(classes + 1). */
function logUniform(classes: number): Proposal {
  return called(logUniform, () => {
    const count = readClasses(classes, mostClasses);
    const weights = () => new Float64Array(count).map((_, k) => Math.log1p(1 / (k + 1)));
    return new Proposal(count, () => AliasTable.fromWeights(weights()));
  });
}

/** Classes in proportion to count^power. */
function unigram(counts: Numbers, options: UnigramOptions = {}): Proposal {
  return called(unigram, () => {
    validateOptions(options);
    const { power = 0.75 } = options;
    readNumber('options.power', power, exponent);
    const weights = readNumbers('counts', counts, wholeNumbers);
    let greatest = 0;
    for (const count of weights) greatest = Math.max(greatest, count);
    if (greatest === 0) throw invalidValue('counts', 'must have one greater than 0', counts);
    // Of the greatest, so that nothing overflows; a count of 0 has no probability, whatever the power.
    const weigh = (count: number): number => (count === 0 ? 0 : (count / greatest) ** power);
    return new Proposal(weights.length, () => AliasTable.fromWeights(weights.map(weigh)));
  });
}

/** Every class equally at first, then by how often `update` was given it, counted from 1. */
function learned(classes: number): LearnedProposal {
  return called(learned, () => new LearnedProposal(readClasses(classes, mostClasses)));
}

/** Classes by the softmax of logits. */
function softmax(logits: Numbers): Proposal {
  return called(softmax, () => {
    const z = readNumbers('logits', logits, belowInfinity);
    let greatest = -Infinity;
    for (const value of z) greatest = Math.max(greatest, value);
    if (greatest === -Infinity) throw invalidValue('logits', 'must have one greater than -Infinity', logits);
    return new Proposal(z.length, () => AliasTable.fromWeights(z.map((value) => Math.exp(value - greatest))));
  });
}

/**
 * Proposals: distributions from which classes are drawn in place of all of them, by name.
 *
 *     uniform(classes)              q_k = 1 / classes
 *     logUniform(classes)           q_k = log((k + 2) / (k + 1)) / log(classes + 1), classes in descending frequency: the
 *                                   log_uniform_candidate_sampler of TensorFlow, near Zipf's law
 *     unigram(counts, { power })    q_k ~ counts_k^power, power 0.75 by default (Mikolov and others, "Distributed
 *                                   representations of words and phrases", 2013); counts are integers >= 0
 *     learned(classes)              q_k ~ 1 + how often update(ids) was given k: learned_unigram of TensorFlow
 *     softmax(logits)               q_k ~ e^logits_k
 *
 * All draw with and without replacement, leave classes out, and say exactly what they do: see Proposal. They refuse no
 * classes, counts that are negative or fractional, and logits that are NaN or Infinity (ERR_OUT_OF_RANGE, with position;
 * ERR_INVALID_ARG_VALUE where no class would have a probability).
 *
 * @example
 * proposals.unigram([1, 2, 6, 1], { power: 1 }).expectedCount([0, 1, 2], 2, { unique: true }); // Float64Array [0.286..., 0.544..., 0.883...]
 * proposals.uniform(1000).sample(3, { rng: new Rng(1) }); // Int32Array [890, 585, 671]
 */
export const proposals = Object.freeze({ uniform, logUniform, unigram, learned, softmax });

function readClasses(classes: unknown, most: number): number {
  const count = validateCount('classes', classes);
  if (count === 0 || count > most) throw outOfRange('classes', `>= 1 and <= ${most}`, classes);
  return count;
}
