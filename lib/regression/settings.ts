// The options of fitting, checked.
import { invalidType, invalidValue, outOfRange, printShape, shapeMismatch } from '../errors';
import { type Given, measure, readFloats } from '../operations/arguments';
import { sizeOf } from '../shape';
import type { FloatArray } from '../types';
import { validateCount, validateFlag, validateOptions } from '../validate';

export const defaultL2 = 1;

export function readAmount(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!(value >= 0 && value < Infinity)) throw outOfRange(name, 'finite and >= 0', value);
  return value;
}

export function readPositive(name: string, value: unknown, fallback: number): number {
  const amount = readAmount(name, value, fallback);
  if (amount === 0) throw outOfRange(name, 'finite and > 0', value);
  return amount;
}

export function readSignal(value: unknown): AbortSignal | undefined {
  const given = value as AbortSignal | undefined;
  if (given === undefined) return undefined;
  const isSignal = typeof given === 'object' && given !== null && typeof given.aborted === 'boolean';
  if (!isSignal) throw invalidType('options.signal', 'an instance of AbortSignal', value);
  return given;
}

export function readCallback<Told>(value: unknown): ((told: Told) => void) | undefined {
  if (value !== undefined && typeof value !== 'function')
    throw invalidType('options.onProgress', 'of type function', value);
  return value as ((told: Told) => void) | undefined;
}

/** Of fit. `tolerance` is undefined where the features' type decides. */
export interface FitSettings {
  readonly l2: number;
  readonly tolerance: number | undefined;
  readonly maxIterations: number;
  readonly classWeight: 'balanced' | Given<FloatArray> | undefined;
  readonly sampleWeight: Given<FloatArray> | undefined;
  readonly warmStart: boolean;
  readonly onProgress: ((progress: object) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

const defaultIterations = 1000;

export function readFitSettings(options: object): FitSettings {
  validateOptions(options);
  const given = options as Record<keyof FitSettings, unknown>;
  const { l2, tolerance, maxIterations, classWeight, sampleWeight, warmStart, onProgress, signal } = given;
  if (typeof classWeight === 'string' && classWeight !== 'balanced') {
    throw invalidValue('options.classWeight', "must be 'balanced', or a number for each class", classWeight);
  }
  return {
    l2: readAmount('options.l2', l2, defaultL2),
    tolerance: tolerance === undefined ? undefined : readAmount('options.tolerance', tolerance, 0),
    maxIterations:
      maxIterations === undefined ? defaultIterations : validateCount('options.maxIterations', maxIterations),
    classWeight: readClassWeight(classWeight),
    sampleWeight: readWeights('options.sampleWeight', sampleWeight),
    warmStart: validateFlag('options.warmStart', warmStart),
    onProgress: readCallback(onProgress),
    signal: readSignal(signal),
  };
}

const readClassWeight = (value: unknown): 'balanced' | Given<FloatArray> | undefined =>
  value === 'balanced' ? value : readWeights('options.classWeight', value);

export const readWeights = (name: string, value: unknown): Given<FloatArray> | undefined =>
  value === undefined ? undefined : readFloats(name, value);

/** One factor for each row, or class: copied, finite and not negative. */
export function measureWeights(given: Given<FloatArray>, count: number, each: string): Float64Array {
  const dims = measure(given);
  if (dims.length !== 1 || sizeOf(dims) !== count) {
    const received = given.dims === undefined ? `${dims[0]}` : `shape ${printShape(dims)}`;
    throw shapeMismatch(given.name, `have ${count} elements, one for each ${each}`, received);
  }
  const weights = new Float64Array(given.data);
  for (let i = 0; i < count; i += 1) {
    const weight = weights[i] as number;
    if (!(weight >= 0 && weight < Infinity)) throw outOfRange(`${given.name}[${i}]`, 'finite and >= 0', weight);
  }
  return weights;
}
