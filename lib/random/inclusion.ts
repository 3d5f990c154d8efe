// How likely a class is among the first k different ones that are drawn: inclusion probabilities of successive sampling.
// Each class rings once, after an exponential time of rate q (Rosen, "Asymptotic theory for successive sampling with
// varying probabilities without replacement", 1972); the order of first draws is that of the rings. So
//
//   pi_i = integral over t of q_i e^(-q_i t) P(fewer than k others have rung by t).

/** Exact ones take this many operations for each node of the integral, some 500 of them. */
const exactOperations = 2 ** 15;

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
  const t = expectedTime(q, k);
  return (place) => asymptoticInclusion(q[place] as number, t);
}

/** Whether the integral is computed: else Rosen's limit of it. */
export const isExact = (classes: number, k: number): boolean => classes * k <= exactOperations;

/** Rosen's limit, with t the time by which k are expected to have rung. */
export const asymptoticInclusion = (q: number, t: number): number => -Math.expm1(-q * t);

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

/** For each of n events: the probability that fewer than k of the others happen. */
class FewOthers {
  /** Of the events before each one: the probabilities of 0 ... k - 1. */
  readonly #before: Float64Array;
  /** Of those behind it: that of j or fewer, in turn. */
  readonly #behind: Float64Array;
  readonly #result: Float64Array;

  constructor(
    n: number,
    readonly k: number,
  ) {
    this.#before = new Float64Array((n + 1) * k);
    this.#behind = new Float64Array(k);
    this.#result = new Float64Array(n);
  }

  /** Event i happens with p_i, and does not with r_i = 1 - p_i. Sums of products of positive numbers: nothing cancels. */
  probabilities(p: Float64Array, r: Float64Array): Float64Array {
    const { k } = this;
    const n = p.length;
    const before = this.#before;
    before.fill(0, 0, k);
    before[0] = 1;
    for (let i = 0; i < n; i += 1) addEvent(before, i * k, (i + 1) * k, k, p[i] as number, r[i] as number);
    const behind = this.#behind.fill(0);
    behind[0] = 1;
    for (let i = n - 1; i >= 0; i -= 1) {
      let fewer = 0;
      let atMost = 0;
      for (let j = 0; j < k; j += 1) {
        atMost += behind[j] as number;
        fewer += atMost * (before[i * k + k - 1 - j] as number);
      }
      this.#result[i] = fewer;
      addEvent(behind, 0, 0, k, p[i] as number, r[i] as number);
    }
    return this.#result;
  }
}

/** The probabilities of 0 ... k - 1 events at `to`, from those at `from` without the event of p and r. */
function addEvent(counts: Float64Array, from: number, to: number, k: number, p: number, r: number): void {
  for (let j = k - 1; j > 0; j -= 1) {
    counts[to + j] = (counts[from + j] as number) * r + (counts[from + j - 1] as number) * p;
  }
  counts[to] = (counts[from] as number) * r;
}
