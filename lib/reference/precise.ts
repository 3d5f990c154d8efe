// Float64 arithmetic that keeps what rounding drops, so that the reference stays within about an ulp of the truth.
// a + b and a * b are each the rounded result plus an error that is itself a float64 (Dekker 1971, Knuth TAOCP 4.2.2).

/** a + b minus its rounded value, exactly. */
export function sumError(a: number, b: number): number {
  const sum = a + b;
  const part = sum - a;
  return a - (sum - part) + (b - part);
}

const splitter = 2 ** 27 + 1;

/** a * b minus its rounded value, exactly unless it under- or overflows; then 0, which the callers can bear. */
export function productError(a: number, b: number): number {
  const aHigh = splitter * a - (splitter * a - a);
  const bHigh = splitter * b - (splitter * b - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  const error = aLow * bLow - (a * b - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  return Number.isFinite(error) ? error : 0;
}

/** A running sum with the error of every addition carried along (Neumaier 1974). */
export class Sum {
  private high = 0;
  private low = 0;

  add(term: number): void {
    if (Number.isFinite(this.high + term)) this.low += sumError(this.high, term);
    this.high += term;
  }

  get value(): number {
    return this.high + this.low;
  }
}

/** beta (z - max) as a rounded value and what it lacks. The difference is formed first: it is exact for near logits. */
export function scaledGap(beta: number, z: number, max: number): { high: number; low: number } {
  const gap = z - max;
  // The difference of two finite logits can overflow where its product with a small beta does not.
  if (!Number.isFinite(gap)) return { high: beta * (z / 2 - max / 2) * 2, low: 0 };
  const high = beta * gap;
  if (!Number.isFinite(high)) return { high, low: 0 };
  return { high, low: productError(beta, gap) + beta * sumError(z, -max) };
}

/** e^(beta (z - max)) */
export function expOfGap(beta: number, z: number, max: number): number {
  const { high, low } = scaledGap(beta, z, max);
  const e = Math.exp(high);
  return e === 0 ? 0 : e * (1 + low);
}
