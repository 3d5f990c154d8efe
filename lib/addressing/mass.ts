// The mass of logits, as it can be merged: log sum e^(beta z) = beta max + log1p(the rest), where the rest is the sum of
// all exponentials but one of the maximum's, relative to it.
//
// Every exponential is e^(|beta| (key - anchor)) = 2^k m, key = sign(beta) z, with an anchor that is the same for all
// logits: 0. So one logit has one m, whatever it was pushed with; that of the maximum is kept beside the sum, for the
// day when a greater one comes and it becomes part of the rest. What is merged is only scaled by powers of two, which is
// exact, and added in pairs of float64, which is exact to some 100 bits. Any split and any order of merges therefore
// gives the same sum, and the logarithm taken at the end differs by no more than its own rounding. Were sums kept
// relative to maxima, as in Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018, each merge would
// multiply by a rounded e^(m1 - m2), and 10^5 of them would lose some 10^5 of the last bits.
import { add, type Pair, productError, quotient, sumError, times, timesPowerOfTwo, zero } from './pairs';

/** What one state, or one run of logits, has. */
export interface Mass {
  /** The greatest key; -Infinity where nothing takes part, NaN where a logit is NaN. */
  readonly max: number;
  /** The lowest id that has it, or that is NaN. */
  readonly first: number;
  /** How many logits have it; for beta = 0 how many share the mass. */
  readonly sharers: number;
  /** e^(|beta| (max - anchor)) = mantissa 2^exponent. */
  readonly mantissa: number;
  readonly exponent: number;
  /** 0, or max where |beta max| is beyond 2^40: e^(beta max) would there have no right digit. */
  readonly anchor: number;
  /** The sum of all exponentials below the maximum, in units of 2^(exponent - restExponent). */
  readonly rest: Pair;
  /** The sum of those times |beta| (max - key), in the same units. */
  readonly gap: Pair;
}

/** So small terms are normal numbers, too: native/kernels/anchored_rest.hpp. */
export const restExponent = 900;

export const nothing: Mass = {
  max: -Infinity,
  first: Infinity,
  sharers: 0,
  mantissa: 1,
  exponent: 0,
  anchor: 0,
  rest: zero,
  gap: zero,
};

/** The numbers in the order in which a backend gives them; the tenth is not of the mass. */
export const massOf = (fields: ArrayLike<number>, offset: number): Mass => ({
  max: fields[0] as number,
  first: (fields[1] as number) + offset,
  sharers: fields[2] as number,
  rest: { high: fields[3] as number, low: fields[4] as number },
  gap: { high: fields[5] as number, low: 0 },
  mantissa: fields[6] as number,
  exponent: fields[7] as number,
  anchor: fields[8] as number,
});

/** Whether those with the greatest key, or for beta = 0 all, share the mass equally. */
export const isLimit = (max: number, beta: number): boolean =>
  !Number.isFinite(max) || beta === 0 || !Number.isFinite(beta);

/** Two masses together, and what sums in the units of each are multiplied with to be in those of both. */
export interface Met {
  readonly mass: Mass;
  readonly factors: readonly [number, number];
}

export function meet(a: Mass, b: Mass, beta: number): Met {
  if (a.max === b.max) return { mass: together(a, b), factors: [1, 1] };
  if (a.max !== a.max || b.max !== b.max) return { mass: undefinedOf(a, b), factors: [0, 0] };
  if (beta === 0 && Number.isFinite(a.max) && Number.isFinite(b.max)) {
    const [greater] = a.max > b.max ? [a] : [b];
    return { mass: { ...(greater as Mass), sharers: a.sharers + b.sharers }, factors: [1, 1] };
  }
  if (a.max > b.max) {
    const { mass, factor } = above(a, b, beta);
    return { mass, factors: [1, factor] };
  }
  const { mass, factor } = above(b, a, beta);
  return { mass, factors: [factor, 1] };
}

/** Of one maximum: then mantissa, exponent and anchor are the same, too. */
function together(a: Mass, b: Mass): Mass {
  const { max, mantissa, exponent, anchor } = a;
  return {
    max,
    first: Math.min(a.first, b.first),
    sharers: a.sharers + b.sharers,
    mantissa,
    exponent,
    anchor,
    rest: add(a.rest, b.rest),
    gap: add(a.gap, b.gap),
  };
}

function undefinedOf(a: Mass, b: Mass): Mass {
  if (a.max === a.max) return b;
  if (b.max === b.max) return a;
  return { ...a, first: Math.min(a.first, b.first) };
}

/** The greater mass with the less in its rest; `factor` is that of the less. */
function above(greater: Mass, less: Mass, beta: number): { mass: Mass; factor: number } {
  if (less.max === -Infinity || isLimit(greater.max, beta)) return { mass: greater, factor: 0 };
  const scale = Math.abs(beta);
  const gap = scale * (greater.max - less.max);
  if (greater.anchor !== 0 || less.anchor !== 0) return farAbove(greater, less, gap);
  const down = less.exponent - greater.exponent;
  if (down < -2 * restExponent - 200) return { mass: greater, factor: 0 };
  // What was its maximum is now part of the rest.
  const own: Pair = { high: less.sharers * less.mantissa, low: productError(less.sharers, less.mantissa) };
  const all = timesPowerOfTwo(add(less.rest, timesPowerOfTwo(own, restExponent)), down);
  const gaps = add(timesPowerOfTwo(less.gap, down), times(all, gap));
  const mass = { ...greater, rest: add(greater.rest, all), gap: add(greater.gap, gaps) };
  return { mass, factor: timesPowerOfTwo({ high: 1, low: 0 }, down).high };
}

/** Of maxima beyond 2^40, where |beta| max itself is not right to 10^-4: sums relative to the maxima will do. */
function farAbove(greater: Mass, less: Mass, gap: number): { mass: Mass; factor: number } {
  const e = Math.exp(-gap) * greater.mantissa;
  if (e === 0) return { mass: greater, factor: 0 };
  const all = (less.sharers + restOf(less)) * e * 2 ** restExponent;
  const gaps = (relative(less.gap, less) * e * 2 ** restExponent || 0) + gap * all;
  const rest = add(greater.rest, { high: all, low: 0 });
  return { mass: { ...greater, rest, gap: add(greater.gap, { high: gaps, low: 0 }) }, factor: e / less.mantissa };
}

const relative = (sum: Pair, { mantissa }: Mass): number => quotient(sum, mantissa) * 2 ** -restExponent;

/** The sum of all exponentials below the maximum, relative to it. */
export const restOf = (mass: Mass): number => relative(mass.rest, mass);

/** The sum of all, relative to the maximum's, and its logarithm, which is right next to 0, too. */
export const totalOf = (mass: Mass): number => mass.sharers + restOf(mass);
export const logTotalOf = (mass: Mass): number => Math.log1p(mass.sharers - 1 + restOf(mass));

/** log sum e^(beta z) */
export function logSumExpOf(mass: Mass, beta: number): number {
  const { max, sharers } = mass;
  if (!Number.isFinite(max)) return max;
  if (beta === 0) return Math.log(sharers);
  if (!Number.isFinite(beta)) return max === 0 ? Math.log(sharers) : max * Infinity;
  const scale = Math.abs(beta);
  const shift = scale * max;
  const log = logTotalOf(mass);
  return shift + log + (productError(scale, max) + sumError(shift, log));
}

/** -sum p log p, in nats: the logarithm of the total, and the mean of the gaps. */
export function entropyOf(mass: Mass, beta: number): number {
  if (mass.max !== mass.max) return NaN;
  if (isLimit(mass.max, beta)) return mass.sharers === 0 ? 0 : Math.log(mass.sharers);
  return logTotalOf(mass) + relative(mass.gap, mass) / totalOf(mass);
}

/** log of the share that a logit of this key has. */
export function logShareOf(mass: Mass, beta: number, key: number): number {
  const { max, sharers } = mass;
  if (max !== max || key !== key) return NaN;
  if (isLimit(max, beta)) {
    const shares = key > -Infinity && (key === max || (beta === 0 && max < Infinity));
    return shares ? -Math.log(sharers) : -Infinity;
  }
  const scale = Math.abs(beta);
  const difference = key - max;
  const product = scale * difference;
  if (!Number.isFinite(product)) return product;
  const low = productError(scale, difference) + scale * sumError(key, -max);
  const log = logTotalOf(mass);
  return product - log + (low + sumError(product, -log));
}
