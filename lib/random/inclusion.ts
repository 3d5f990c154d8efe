// How likely a class is among the first k different ones that are drawn: inclusion probabilities of successive sampling.
// Each class rings once, after an exponential time of rate q (Rosen, "Asymptotic theory for successive sampling with
// varying probabilities without replacement", 1972); the order of first draws is that of the rings. So
//
//   pi_i = integral over t of q_i e^(-q_i t) P(fewer than k others have rung by t).

import { FewOthers } from './few-others';

/** The integral is computed with at most this many counts at each of its nodes, which are 200 to 2,000. */
const mostCounts = 2 ** 15;

/** Below this share of the whole nothing counts. */
const negligible = 1e-18;

/**
 * The inclusion probabilities of `k` different classes by probabilities `q`, all greater than 0 with the sum 1, as a
 * function of a class's place in `q`; k <= q.length.
 */
export function inclusionOf(q: Float64Array, k: number): (place: number) => number {
  if (k === 0) return () => 0;
  if (k === 1) return (place) => q[place] as number;
  if (k === q.length) return () => 1;
  if (q.every((value) => value === q[0])) return () => k / q.length;
  if (isExact(q.length, k)) {
    const probabilities = exactInclusion(q, k);
    return (place) => probabilities[place] as number;
  }
  const inclusion = asymptoticInclusion(q, k);
  return (place) => inclusion(q[place] as number);
}

/** Whether the integral is computed: else an expansion of it. */
export const isExact = (classes: number, k: number): boolean => classes * k <= mostCounts;

/**
 * Class i is included if it rings before T, the time by which k others have: pi_i = 1 - E e^(-q_i T). Rosen's limit puts
 * in for T the time t by which k are expected to have rung. Here is the next term of it: the mean of T for each class,
 * which is not among its own others, and its variance, by the delta method.
 *
 * With v the variance of the number that has rung by t, the relative error is below 0.3 / v^2, that of Rosen's 0.2 / v.
 */
export function asymptoticInclusion(q: Float64Array, k: number): (q: number) => number {
  const t = expectedTime(q, k);
  // The mean of the number that has rung is m with m' = rate, m'' = -slowing; its variance v with v' = growth.
  let [rate, slowing, variance, growth] = [0, 0, 0, 0];
  for (const value of q) {
    const silent = Math.exp(-value * t);
    rate += value * silent;
    slowing += value * value * silent;
    variance += silent * (1 - silent);
    growth += value * silent * (2 * silent - 1);
  }
  // Half a ring early: T is where a whole number reaches k, which is k - 1/2 for a continuous one.
  const shift = (slowing * variance) / (2 * rate ** 3) + growth / (2 * rate ** 2) - 1 / (2 * rate);
  const spread = variance / rate ** 2;
  return (value) => {
    const own = -Math.expm1(-value * t);
    const negative = Math.expm1(-value * (t + shift + own / rate));
    return Math.min(Math.max(-(negative + (1 + negative) * value * value * (spread / 2)), 0), 1);
  };
}

/**
 * The time by which k of the clocks are expected to have rung. Their number is concave in it, so that Newton's steps
 * from t = k, which is early as q adds up to 1, never pass it.
 */
export function expectedTime(q: Float64Array, k: number): number {
  let t = k;
  for (let i = 0; i < 1000; i += 1) {
    let missing = k;
    let rate = 0;
    for (const value of q) {
      const silent = Math.expm1(-value * t);
      missing += silent;
      rate += value * (silent + 1);
    }
    const step = missing / rate;
    t += step;
    if (!(step > 1e-15 * t)) break;
  }
  return t;
}

/**
 * The integral, by the trapezoidal rule in log t, which converges exponentially. What changes fastest there is the
 * number that has rung, within about 1 / sqrt(k). Within 1e-13.
 */
export function exactInclusion(q: Float64Array, k: number): Float64Array {
  const step = Math.min(0.25, 0.5 / Math.sqrt(k));
  // Long before the first ring, and before k of them.
  const first = Math.min(1 / q.reduce((a, b) => Math.max(a, b)), expectedTime(q, k));
  const start = Math.log(first * negligible);
  const sums = new Float64Array(q.length);
  const rung = new Float64Array(q.length);
  const silent = new Float64Array(q.length);
  const few = new FewOthers(q.length, k);
  for (let node = 0; ; node += 1) {
    const t = Math.exp(start + node * step);
    let mean = 0;
    for (let i = 0; i < q.length; i += 1) {
      const rate = (q[i] as number) * t;
      silent[i] = Math.exp(-rate);
      rung[i] = -Math.expm1(-rate);
      mean += rung[i] as number;
    }
    const isEarly = mean < k && tailBound(mean, k) < negligible;
    const fewer = isEarly ? undefined : few.probabilities(rung, silent);
    let most = 0;
    for (let i = 0; i < q.length; i += 1) {
      const rate = (q[i] as number) * t;
      const term = step * rate * (silent[i] as number) * (fewer === undefined ? 1 : (fewer[i] as number));
      sums[i] = (sums[i] as number) + term;
      most = Math.max(most, term / (sums[i] as number));
    }
    if (mean > 1 && most < negligible) return sums;
  }
}

/** Chernoff's bound of the probability that k or more ring by the time that fewer are expected to. */
const tailBound = (mean: number, k: number): number => Math.exp(k - mean - k * Math.log(k / mean));
