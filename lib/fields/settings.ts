// The options of the methods of a field.
import { invalidType, outOfRange } from '../errors';
import type { Progress, SearchOptions } from '../optimization/search';
import { type Range, readNumber } from '../random/arguments';
import { validateCount, validateOptions } from '../validate';

const notNegative: Range = { includes: (value) => value >= 0 && value < Infinity, words: 'finite and >= 0' };

export interface FitSettings extends SearchOptions {
  readonly l2: number;
}

export function readFitSettings(options: unknown): FitSettings {
  validateOptions(options);
  const { l2 = 1, tolerance = 1e-6, maxIterations = 1000, onProgress } = options as Record<string, unknown>;
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidType('options.onProgress', 'of type function', onProgress);
  }
  return {
    l2: readNumber('options.l2', l2, notNegative),
    tolerance: readNumber('options.tolerance', tolerance, notNegative),
    maxIterations: validateCount('options.maxIterations', maxIterations),
    onProgress: onProgress as ((progress: Progress) => void) | undefined,
  };
}

export interface GibbsSettings {
  readonly samples: number;
  readonly burnIn: number;
  readonly thin: number;
  readonly initial: unknown;
}

export function readGibbsSettings(options: unknown): GibbsSettings {
  validateOptions(options);
  const { samples = 1000, burnIn = 100, thin = 1, initial } = options as Record<string, unknown>;
  return {
    samples: readPositive('options.samples', samples),
    burnIn: validateCount('options.burnIn', burnIn),
    thin: readPositive('options.thin', thin),
    initial,
  };
}

function readPositive(name: string, value: unknown): number {
  const count = validateCount(name, value);
  if (count === 0) throw outOfRange(name, 'an integer >= 1', value);
  return count;
}
