// What each class has of all random numbers: probabilities as whole numbers, which add up exactly.
import { Float64Array } from '../intrinsics';

/** All numbers of 53 bits: what the classes share. */
export const whole = 2 ** 53;

/**
 * Whole numbers that add up to 2^53, in proportion to the weights: each within one of its due, and at least one where
 * the weight is not 0. What rounding adds or takes is carried on to the next class; the most probable one makes up for
 * the classes that are due less than one.
 */
export function sharesOf(weights: ArrayLike<number>): Float64Array {
  let greatest = 0;
  for (let id = 1; id < weights.length; id += 1) {
    if ((weights[id] as number) > (weights[greatest] as number)) greatest = id;
  }
  // Scaled, so that no sum overflows.
  const top = weights[greatest] as number;
  const unit = whole / sumOf(weights, top);
  const shares = new Float64Array(weights.length);
  let carry = 0;
  let left = whole;
  for (let id = 0; id < shares.length; id += 1) {
    const weight = weights[id] as number;
    if (weight === 0) continue;
    const due = (weight / top) * unit + carry;
    const rounded = Math.round(due);
    carry = due - rounded;
    shares[id] = Math.max(rounded, 1);
    left -= Math.max(rounded, 1);
  }
  shares[greatest] = (shares[greatest] as number) + left;
  return shares;
}

/** Compensated (Neumaier, 1974): the rounding errors of 2^24 additions would be seen. */
function sumOf(weights: ArrayLike<number>, scale: number): number {
  let sum = 0;
  let rest = 0;
  for (let id = 0; id < weights.length; id += 1) {
    const weight = (weights[id] as number) / scale;
    const next = sum + weight;
    rest += sum >= weight ? sum - next + weight : weight - next + sum;
    sum = next;
  }
  return sum + rest;
}
