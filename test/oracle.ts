// Exact values: exponentials and logarithms as integers scaled by 2^1300, from the power series, with nothing of the
// code under test in them. Every float64 is such an integer; results are right to 2^-1200.

/** A number times 2^1300. */
export type Exact = bigint;

const bits = 1300n;
const one: Exact = 1n << bits;

const multiply = (a: Exact, b: Exact): Exact => (a * b) >> bits;
const divide = (a: Exact, b: Exact): Exact => (a << bits) / b;

/** A float64 as it is. */
export function exact(x: number): Exact {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const word = view.getBigUint64(0);
  const exponent = Number((word >> 52n) & 0x7ffn);
  const fraction = word & ((1n << 52n) - 1n);
  const significand = exponent === 0 ? fraction : fraction | (1n << 52n);
  const magnitude = significand << (bits + BigInt(Math.max(exponent, 1) - 1075));
  return word >> 63n === 1n ? -magnitude : magnitude;
}

/** 2 artanh(t) = log((1 + t) / (1 - t)), |t| <= 1/3. */
function twiceArtanh(t: Exact): Exact {
  const square = multiply(t, t);
  let sum = 0n;
  let power = t;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += power / k;
    power = multiply(power, square);
  }
  return 2n * sum;
}

const ln2 = twiceArtanh(one / 3n);

export function log(x: Exact): Exact {
  const exponent = BigInt(x.toString(2).length) - bits - 1n;
  const scaled = exponent >= 0n ? x >> exponent : x << -exponent;
  return exponent * ln2 + twiceArtanh(divide(scaled - one, scaled + one));
}

/** e^x for x <= 0 or moderate. */
export function exp(x: Exact): Exact {
  const exponent = x / ln2 - (x < 0n ? 1n : 0n);
  const rest = x - exponent * ln2;
  let sum = 0n;
  let term = one;
  for (let k = 1n; term !== 0n; k += 1n) {
    sum += term;
    term = multiply(term, rest) / k;
  }
  return exponent >= 0n ? sum << exponent : sum >> -exponent;
}

export interface ExactRow {
  readonly softmax: readonly Exact[];
  readonly logSoftmax: readonly Exact[];
  readonly logSumExp: Exact;
  readonly smoothMax: Exact;
}

/** All the forms of one row of finite logits, beta finite and not 0. */
export function exactRow(logits: ArrayLike<number>, beta = 1, weights?: ArrayLike<number>): ExactRow {
  const scaled = Array.from(logits, (z) => multiply(exact(beta), exact(z)));
  let max = scaled[0] as Exact;
  for (const z of scaled) if (z > max) max = z;
  const exponentials = scaled.map((z) => exp(z - max));
  const terms = weights ? exponentials.map((e, j) => multiply(e, exact(weights[j] as number))) : exponentials;
  const sum = terms.reduce((a, b) => a + b, 0n);
  const logSum = log(sum < 0n ? -sum : sum);
  return {
    softmax: exponentials.map((e) => divide(e, sum)),
    logSoftmax: scaled.map((z) => z - max - logSum),
    logSumExp: max + logSum,
    smoothMax: divide(max + logSum, exact(beta)),
  };
}

/** The distance of a result from the exact value in units in the last place, of float32 or float64. */
export function ulpError(actual: number, expected: Exact, kind: 'float32' | 'float64'): number {
  const [digits, least] = kind === 'float32' ? [24n, -149n] : [53n, -1074n];
  const magnitude = expected < 0n ? -expected : expected;
  const length = magnitude === 0n ? 0n : BigInt(magnitude.toString(2).length);
  const ulpExponent = length - digits > least + bits ? length - digits : least + bits;
  const difference = exact(actual) - expected;
  return Number(((difference < 0n ? -difference : difference) << 20n) >> ulpExponent) / 2 ** 20;
}

/** The same against a unit in the last place of a greater number than the result. */
export function ulpErrorAt(scale: number, actual: number, expected: Exact, kind: 'float32' | 'float64'): number {
  const difference = exact(actual) - expected;
  return ulpError(scale, exact(scale) + (difference < 0n ? -difference : difference), kind);
}
