// What the shared options must be. Each function answers with the value in the one form that the rest works with.
import { invalidType, invalidValue, outOfRange } from './errors';
import { isArray, kindOf } from './intrinsics';
import type { NonFinite } from './types';

export function validateOptions(options: unknown): void {
  const isRecord = typeof options === 'object' && options !== null && !isArray(options);
  if (!isRecord || kindOf(options) !== undefined) throw invalidType('options', 'of type object', options);
}

/** The inverse temperature: beta = 1 / temperature = ln(base), 1 by default. Zeros have no sign, but in temperature. */
export function validateScale(beta: unknown, temperature: unknown, base: unknown): number {
  if (temperature === undefined && base === undefined) {
    return beta === undefined ? 1 : validateReal('options.beta', beta) + 0;
  }
  if (beta !== undefined || (temperature !== undefined && base !== undefined)) {
    throw invalidValue('options', 'must have at most one of beta, temperature and base', { beta, temperature, base });
  }
  if (temperature !== undefined) return 1 / validateReal('options.temperature', temperature) + 0;
  const value = validateReal('options.base', base);
  if (value <= 0) throw outOfRange('options.base', '> 0', value);
  return Math.log(value);
}

function validateReal(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (value !== value) throw invalidValue(name, 'must not be NaN', value);
  return value;
}

export function validateRule(value: unknown): NonFinite {
  if (value === undefined || value === 'limit') return 'limit';
  if (value === 'ieee') return 'ieee';
  if (value === 'throw') return 'throw';
  throw invalidValue('options.nonFinite', "must be one of: 'limit', 'ieee', 'throw'", value);
}

/** Whether ties share (hardmax). */
export function validateTies(value: unknown): boolean {
  if (value === undefined || value === 'first') return false;
  if (value === 'split') return true;
  throw invalidValue('options.ties', "must be one of: 'first', 'split'", value);
}

export function validateFlag(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
  return value;
}

export function validateCount(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value) || value < 0) throw outOfRange(name, 'an integer >= 0', value);
  return value;
}

/** The axes, from 0 and in ascending order. A tensor of rank 0 is taken as one of shape [1]. */
export function validateAxes(axis: unknown, rank: number, single: boolean): number[] {
  const count = Math.max(rank, 1);
  if (axis === undefined) return [count - 1];
  if (single || !isArray(axis)) {
    const expected = single ? 'of type number' : 'of type number or an instance of Array';
    return [validateAxis('options.axis', axis, count, expected)];
  }
  if (axis.length === 0) throw invalidValue('options.axis', 'must name at least one axis', axis);
  const axes = Array.from(axis, (value: unknown, i) =>
    validateAxis(`options.axis[${i}]`, value, count, 'of type number'),
  ).sort((a, b) => a - b);
  if (axes.some((value, i) => value === axes[i + 1])) {
    throw invalidValue('options.axis', 'must name each axis once', axis);
  }
  return axes;
}

function validateAxis(name: string, axis: unknown, count: number, expected: string): number {
  if (typeof axis !== 'number') throw invalidType(name, expected, axis);
  if (!Number.isInteger(axis)) throw outOfRange(name, 'an integer', axis);
  if (axis < -count || axis >= count) throw outOfRange(name, `>= ${-count} and <= ${count - 1}`, axis);
  return axis < 0 ? axis + count : axis + 0;
}
