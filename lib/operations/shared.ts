// The options that every function of logits has, read once, and the canonical part of a call made from them.
import { nonFinite } from '../errors';
import type { Layout } from '../shape';
import type { Canonical, Conclude, NonFinite } from '../types';
import { validateOptions, validateRule, validateScale } from '../validate';
import { type Given, readMask } from './arguments';
import type { Arrangement } from './arrange';

export interface Shared {
  readonly axis: unknown;
  readonly mask: Given<Uint8Array> | undefined;
  readonly rule: NonFinite;
  readonly beta: number;
}

interface SharedOptions {
  readonly axis?: unknown;
  readonly mask?: unknown;
  readonly nonFinite?: unknown;
  readonly beta?: unknown;
  readonly temperature?: unknown;
  readonly base?: unknown;
}

export function readShared(options: object): Shared {
  validateOptions(options);
  const { axis, mask, nonFinite: rule, beta, temperature, base } = options as SharedOptions;
  return {
    rule: validateRule(rule),
    beta: validateScale(beta, temperature, base),
    axis,
    mask: mask === undefined ? undefined : readMask('options.mask', mask),
  };
}

export function canonical({ mask, rule, beta }: Shared, layout: Layout, arrangement: Arrangement): Canonical {
  const { outer, n, inner } = layout;
  const placed = mask && arrangement.broadcast(mask);
  return { outer, n, inner, mask: placed?.data, maskStrides: placed?.strides, beta, rule };
}

/**
 * Throws what the rule 'throw' refuses, of the arguments of these names; else brings results to where they are wanted and
 * gives what the function returns.
 */
export function concluding(arrangement: Arrangement, result: () => unknown, names?: readonly string[]): Conclude {
  return (verdict) => {
    if (verdict >= 0) throw nonFinite(verdict, names);
    arrangement.finish();
    return result();
  };
}
