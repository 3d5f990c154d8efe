// What the options of attention say of its scores, but for arrays.
import { invalidType, invalidValue, outOfRange } from '../errors';
import { isArray } from '../intrinsics';
import type { NonFinite } from '../types';
import { validateRule, validateScale } from '../validate';

interface ScoreOptions {
  readonly scale?: unknown;
  readonly causal?: unknown;
  readonly window?: unknown;
  readonly softcap?: unknown;
  readonly beta?: unknown;
  readonly temperature?: unknown;
  readonly base?: unknown;
  readonly nonFinite?: unknown;
}

export interface ScoreSettings {
  /** undefined = 1 / sqrt(depth). */
  readonly scale: number | undefined;
  readonly softcap: number;
  readonly beta: number;
  readonly rule: NonFinite;
  /** How far a key may lie behind and ahead of the query's place among the keys. */
  readonly behind: number;
  readonly ahead: number;
  /** Whether the first query stands at the first key, instead of the last at the last. */
  readonly fromTheTop: boolean;
}

export function readScoreSettings(options: ScoreOptions): ScoreSettings {
  const { scale, causal = false, window, softcap, beta, temperature, base, nonFinite } = options;
  if (causal !== true && causal !== false && causal !== 'topLeft' && causal !== 'bottomRight') {
    throw invalidValue('options.causal', "must be one of: true, false, 'topLeft', 'bottomRight'", causal);
  }
  const [behind, ahead] = readWindow(window);
  return {
    scale: scale === undefined ? undefined : readNumber('options.scale', scale, 'finite', () => true),
    softcap: softcap === undefined ? 0 : readNumber('options.softcap', softcap, 'finite and > 0', (cap) => cap > 0),
    beta: validateScale(beta, temperature, base),
    rule: validateRule(nonFinite),
    behind,
    ahead: causal === false ? ahead : 0,
    fromTheTop: causal === 'topLeft',
  };
}

function readNumber(name: string, value: unknown, range: string, isWithin: (value: number) => boolean): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!(Number.isFinite(value) && isWithin(value))) throw outOfRange(name, range, value);
  return value;
}

function readWindow(window: unknown): [behind: number, ahead: number] {
  if (window === undefined) return [Infinity, Infinity];
  if (!isArray(window)) {
    const both = readReach('options.window', window, 'of type number or an instance of Array');
    return [both, both];
  }
  if (window.length !== 2) throw invalidValue('options.window', 'must have two elements, [left, right]', window);
  return [
    readReach('options.window[0]', window[0], 'of type number'),
    readReach('options.window[1]', window[1], 'of type number'),
  ];
}

function readReach(name: string, value: unknown, expected: string): number {
  if (typeof value !== 'number') throw invalidType(name, expected, value);
  if (value !== Infinity && !(Number.isSafeInteger(value) && value >= 0)) {
    throw outOfRange(name, 'an integer >= 0 or Infinity', value);
  }
  return value;
}
