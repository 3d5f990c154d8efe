// e^d, log(1 + x) and log x in float64, step by step as native/simd/math.hpp does them (Exp<F64> in plain arithmetic,
// log1p_any, log_any): the same bits.
import { Float64Array } from '../intrinsics';

const log2e = 1.4426950408889634074;
const round = 6755399441055744;
// ln 2 to 42 bits: its product with an exponent is exact.
const ln2High = 0.693147180559890330187045;
const ln2Low = 5.4979230187083711747e-14;

/** Below this the result may be subnormal: such rows are left to the binary. */
export const leastFloat64 = -708;

/** 2^-k for the k that occur. */
const powers = new Float64Array(1024);
for (let k = 0, power = 1; k < 1024; k += 1, power /= 2) powers[k] = power;

/** For leastFloat64 <= d <= 0. */
export function expFloat64(d: number): number {
  const rounded = d * log2e + round;
  const k = rounded - round;
  const above = k * -ln2High + d;
  const below = k * -ln2Low;
  const r = above + below;
  let q = 2.500001784799441942979e-8 * r + 2.763030587370528406623e-7;
  q = q * r + 2.755758680563501936443e-6;
  q = q * r + 2.480149295079216271354e-5;
  q = q * r + 1.984126950577388161111e-4;
  q = q * r + 1.388888894375871648113e-3;
  q = q * r + 8.33333333349497588583e-3;
  q = q * r + 4.16666666665297336753e-2;
  q = q * r + 1.666666666666641151329e-1;
  q = q * r + 5.000000000000010667971e-1;
  const lost = above - r + below;
  return (1 + (r + (r * r * q + lost))) * (powers[0 - k] as number);
}

// Twice the least float64 above sqrt(1/2): where the binary's 2^k m, m in [sqrt(1/2), sqrt(2)), goes on to the next k.
const turn = 1.4142135623730951;

/** For 0 <= x <= 7: what a row of eight can leave. */
export function log1p(x: number): number {
  const u = 1 + x;
  if (u < turn) return logAssembled(x, 0, 0);
  const k = u < 2 * turn ? 1 : u < 4 * turn ? 2 : 3;
  const m = u / (1 << k);
  const larger = x > 1 ? x : 1;
  const smaller = x > 1 ? 1 : x;
  return logAssembled(m - 1, k, (smaller - (u - larger)) / u);
}

const parts = new Float64Array(1);
const words = new Uint32Array(parts.buffer);

/** For a normal x > 0. */
export function logFloat64(x: number): number {
  parts[0] = x;
  const high = words[1] as number;
  words[1] = (high & 0xfffff) | 0x3ff00000;
  const m = parts[0] as number;
  const k = (high >>> 20) - 1023;
  return m < turn ? logAssembled(m - 1, k, 0) : logAssembled(m / 2 - 1, k + 1, 0);
}

/** k ln 2 + log(1 + f), with a correction to its last digits. */
function logAssembled(f: number, k: number, correction: number): number {
  const s = f / (2 + f);
  const z = s * s;
  let p = 1.308921924385939457167e-1 * z + 1.326851624848739668834e-1;
  p = p * z + 1.538624968412704930803e-1;
  p = p * z + 1.818179544817574220698e-1;
  p = p * z + 2.222222239360519128406e-1;
  p = p * z + 2.857142857079475803888e-1;
  p = p * z + 4.000000000000089248747e-1;
  p = p * z + 6.666666666666664646052e-1;
  const halfSquare = 0.5 * f * f;
  const low = k * ln2Low + correction;
  const tail = s * (z * p + halfSquare) + low;
  return k * ln2High + (f - (halfSquare - tail));
}
