// Counts of independent events that are not alike.

/** For each of n events: the probability that fewer than k of the others happen. */
export class FewOthers {
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
