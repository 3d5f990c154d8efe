// How a state counts: read once, when it is made, and the same for all states that it can be merged with.
import { outOfRange } from '../errors';
import type { NonFinite } from '../types';
import { validateCount, validateOptions, validateRule, validateScale } from '../validate';

export interface Settings {
  readonly beta: number;
  readonly topK: number;
  /** -1 = none. */
  readonly target: number;
  readonly valueSize: number;
  readonly rule: NonFinite;
}

/** Ids are below this: they are given in an Int32Array. */
export const mostIds = 0x80000000;

const mostTop = 1 << 20;

export function readSettings(options: unknown): Settings {
  validateOptions(options);
  const { beta, temperature, base, topK, target, valueSize, nonFinite } = options as Record<string, unknown>;
  return {
    beta: validateScale(beta, temperature, base),
    topK: topK === undefined ? 0 : readAtMost('options.topK', topK, mostTop),
    target: target === undefined ? -1 : readAtMost('options.target', target, mostIds - 1),
    valueSize: valueSize === undefined ? 0 : readAtMost('options.valueSize', valueSize, 0x7fffffff),
    rule: validateRule(nonFinite),
  };
}

function readAtMost(name: string, value: unknown, most: number): number {
  const count = validateCount(name, value);
  if (count > most) throw outOfRange(name, `>= 0 and <= ${most}`, value);
  return count;
}

const shown = { beta: 'beta', topK: 'topK', target: 'target', valueSize: 'valueSize', rule: 'nonFinite' } as const;

/** States that count in different ways have no sum. */
export function validateSame(own: Settings, other: Settings): void {
  for (const key of Object.keys(shown) as (keyof Settings)[]) {
    if (own[key] === other[key]) continue;
    const wanted = key === 'target' ? print(own.target) : own[key];
    const found = key === 'target' ? print(other.target) : other[key];
    throw outOfRange(`other.${shown[key]}`, `${wanted}, as that of the state it is merged into`, found);
  }
}

const print = (target: number): number | undefined => (target < 0 ? undefined : target);
