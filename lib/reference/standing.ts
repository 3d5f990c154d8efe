// What infinities, NaN, ties and the limits of beta make of a row, said once for all formulas.
import type { NonFinite } from '../types';
import type { Row } from './rows';

export interface Standing {
  /** Whether an element that counts is NaN. */
  readonly isNaN: boolean;
  /** Whether an element that counts is infinite. */
  readonly isInfinite: boolean;
  /** The greatest key, where key = z, or -z for a negative beta. -Infinity if nothing takes part. */
  readonly max: number;
  /** The first index of that key, or -1. */
  readonly first: number;
  /** How many elements take part: they count, and their key is above -Infinity. */
  readonly taking: number;
}

export const keyOf = (z: number, beta: number): number => (beta < 0 ? -z : z);

export function standingOf({ n, z, counts }: Row, beta: number): Standing {
  const standing = { isNaN: false, isInfinite: false, max: -Infinity, first: -1, taking: 0 };
  for (let j = 0; j < n; j += 1) {
    if (counts[j] === 0) continue;
    const key = keyOf(z[j] as number, beta);
    if (Number.isNaN(key)) standing.isNaN = true;
    else if (!Number.isFinite(key)) standing.isInfinite = true;
    if (key > -Infinity) standing.taking += 1;
    if (key > standing.max) {
      standing.max = key;
      standing.first = j;
    }
  }
  return standing;
}

/** Whether a row of probabilities is NaN: for a NaN logit, and under 'ieee' wherever Infinity - Infinity or 0 * Infinity is met. */
export function isUndefined(standing: Standing, beta: number, rule: NonFinite): boolean {
  if (standing.isNaN) return true;
  return rule === 'ieee' && (!Number.isFinite(standing.max) || (beta === 0 && standing.isInfinite));
}

/**
 * The elements that share the mass equally, where a limit decides: the maxima for beta = +-Infinity, all that take part
 * for beta = 0, the logits that are +Infinity for any beta, none where nothing takes part. Otherwise undefined.
 */
export function sharersOf({ n, z, counts }: Row, beta: number, { max }: Standing): number[] | undefined {
  const indices = Array.from({ length: n }, (_, j) => j).filter((j) => counts[j] !== 0);
  const key = (j: number): number => keyOf(z[j] as number, beta);
  if (max === -Infinity) return [];
  if (max === Infinity || Math.abs(beta) === Infinity) return indices.filter((j) => key(j) === max);
  if (beta === 0) return indices.filter((j) => key(j) > -Infinity);
  return undefined;
}
