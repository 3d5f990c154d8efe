// Float64 numbers with what their rounding drops (Dekker 1971, Knuth TAOCP 4.2.2): sums that are right to some 100 bits.

/** a + b minus its rounded value, exactly; 0 where that is infinite. */
export function sumError(a: number, b: number): number {
  const sum = a + b;
  const part = sum - a;
  const error = a - (sum - part) + (b - part);
  return error === error ? error : 0;
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

/** An unevaluated sum: `low` is at most half an ulp of `high`. */
export interface Pair {
  readonly high: number;
  readonly low: number;
}

export const zero: Pair = { high: 0, low: 0 };

const pairOf = (high: number, low: number): Pair => {
  const sum = high + low;
  return { high: sum, low: low - (sum - high) };
};

export function add(a: Pair, b: Pair): Pair {
  const high = a.high + b.high;
  return pairOf(high, sumError(a.high, b.high) + (a.low + b.low));
}

/** a b for a number b. */
export function times(a: Pair, b: number): Pair {
  const high = a.high * b;
  return pairOf(high, productError(a.high, b) + a.low * b);
}

/** a 2^k, exact unless it underflows. */
export function timesPowerOfTwo({ high, low }: Pair, k: number): Pair {
  // Two factors: 2^k itself may be 0 where its product with `high` is not.
  const half = 2 ** Math.trunc(k / 2);
  const rest = 2 ** (k - Math.trunc(k / 2));
  return { high: high * half * rest, low: low * half * rest };
}

/** a / b, rounded once. */
export function quotient(a: Pair, b: number): number {
  const rounded = a.high / b;
  const product = rounded * b;
  return rounded + (a.high - product - productError(rounded, b) + a.low) / b;
}
