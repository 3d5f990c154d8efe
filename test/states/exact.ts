// log sum e^(beta z) with 40 digits and more, by integers, as the judge of states: nothing of it is the library's.

const digits = 256n; // binary, behind the point
const one = 1n << digits;

/** A float64 as a fixed-point number, exactly if it is a multiple of 2^-256. */
function fixed(x: number): bigint {
  if (x === 0) return 0n;
  const exponent = Math.max(-1022, Math.floor(Math.log2(Math.abs(x))));
  const shift = 60 - exponent;
  const integer = BigInt(x * 2 ** Math.floor(shift / 2) * 2 ** Math.ceil(shift / 2));
  const places = digits - BigInt(shift);
  return places >= 0n ? integer << places : integer >> -places;
}

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> digits;

/** e^x for x <= 0, by halving x 16 times and Taylor's series. */
function exp(x: bigint): bigint {
  if (x < -200n * one) return 0n;
  const small = x >> 16n;
  let term = one;
  let sum = one;
  for (let k = 1n; term !== 0n && k < 60n; k += 1n) {
    term = multiply(term, small) / k;
    sum += term;
  }
  for (let i = 0; i < 16; i += 1) sum = multiply(sum, sum);
  return sum;
}

/** log x for x >= 1, by Newton's method on e^-y. */
function log(x: bigint): bigint {
  let y = fixed(Math.log(Number((x * 2n ** 52n) / one) / 2 ** 52));
  for (let i = 0; i < 5; i += 1) y += multiply(x, exp(-y)) - one;
  return y;
}

/** log sum e^(beta z) - y, in units in the last place of the greater of |y| and |beta max|, for moderate finite logits. */
export function errorInUlps(y: number, logits: ArrayLike<number>, beta = 1): number {
  const scaled = Array.from(logits, (z) => multiply(fixed(z), fixed(beta)));
  const max = scaled.reduce((a, b) => (a > b ? a : b));
  const sum = scaled.reduce((total, z) => total + exp(z - max), 0n);
  const error = max + log(sum) - fixed(y);
  const size = Math.max(Math.abs(y), Math.abs(Number(max) / 2 ** Number(digits)));
  return Number(error) / 2 ** Number(digits) / ulpOf(size);
}

/** The distance from |x| to the next float64. */
export const ulpOf = (x: number): number =>
  2 ** Math.max(-1074, Math.floor(Math.log2(Math.abs(x) || Number.MIN_VALUE)) - 52);
