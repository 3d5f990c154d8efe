// What can be asked of a proposal.
import { invalidType, invalidValue } from '../errors';
import { validateCount } from '../validate';
import type { Ids } from './arguments';
import type { Rng } from './rng';

/** What is left out: the distribution is that of the other classes, q / (1 - sum of the excluded q). */
export interface Exclusion {
  /** Classes that are not drawn. Default: none. */
  exclude?: Ids | undefined;
}

export interface DrawOptions extends Exclusion {
  /** The source of the random numbers. */
  rng: Rng;
  /** Whether each class is drawn at most once: a class that was drawn before is drawn anew. Default false. */
  unique?: boolean | undefined;
}

export interface ExpectedCountOptions extends Exclusion {
  /** Whether each class is drawn at most once. Default false. */
  unique?: boolean | undefined;
  /** Of unique classes: the true inclusion probabilities, or TensorFlow's formula. Default 'inclusion'. */
  form?: 'inclusion' | 'tensorflow' | undefined;
  /** For 'tensorflow': how many draws it took to find the unique classes, as `draw` says. */
  tries?: number | undefined;
}

/** Classes that were drawn. */
export interface Drawn {
  readonly ids: Int32Array;
  /** How many draws of classes that are not excluded it took, with those of classes that were there already. */
  readonly tries: number;
}

/** The tries of TensorFlow's formula, undefined for the true probabilities. */
export function readTries(form: unknown, tries: unknown, unique: boolean): number | undefined {
  if (form !== undefined && form !== 'inclusion' && form !== 'tensorflow') {
    throw invalidValue('options.form', "must be one of: 'inclusion', 'tensorflow'", form);
  }
  if (form !== 'tensorflow') {
    if (tries !== undefined) throw invalidValue('options.tries', "is for options.form 'tensorflow'", tries);
    return undefined;
  }
  if (!unique) throw invalidValue('options.form', 'is for options.unique', form);
  if (tries === undefined) throw invalidType('options.tries', 'of type number', tries);
  return validateCount('options.tries', tries);
}
