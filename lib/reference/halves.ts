// Numbers of 16 bits by the definitions of their formats: a sign bit, an exponent that counts from `bias`, and `fraction`
// bits behind the point. float16 is IEEE 754 binary16; bfloat16 has the exponent of float32.
import type { HalfType } from '../token-calls';
import type { FloatArray } from '../types';

const formats = { float16: { fraction: 10, bias: 15 }, bfloat16: { fraction: 7, bias: 127 } } as const;

/** The number that a pattern stands for. */
export function valueOf(pattern: number, half: HalfType): number {
  const { fraction, bias } = formats[half];
  const sign = pattern >>> 15 === 0 ? 1 : -1;
  const exponent = (pattern & 0x7fff) >>> fraction;
  const digits = pattern & (2 ** fraction - 1);
  if (exponent === 2 * bias + 1) return digits === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * digits * 2 ** (1 - bias - fraction);
  return sign * (2 ** fraction + digits) * 2 ** (exponent - bias - fraction);
}

/** The pattern of the number next to x, of two as near the even one. */
export function patternOf(x: number, half: HalfType): number {
  const { fraction, bias } = formats[half];
  const infinity = (2 * bias + 1) * 2 ** fraction;
  if (Number.isNaN(x)) return infinity + 2 ** (fraction - 1);
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  const size = Math.abs(x);
  const exponent = Math.max(exponentOf(size), 1 - bias);
  // How many of the last digit's units: the patterns of positive numbers count them, one exponent after the other.
  const units = roundEven(size / 2 ** (exponent - fraction));
  const pattern = (exponent + bias - 1) * 2 ** fraction + units;
  return sign + Math.min(pattern, infinity);
}

function exponentOf(size: number): number {
  if (size === 0) return -Infinity;
  if (size === Infinity) return 1024;
  const near = Math.floor(Math.log2(size));
  // The logarithm may have been rounded to the next whole number.
  return 2 ** near > size ? near - 1 : 2 ** (near + 1) <= size ? near + 1 : near;
}

function roundEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** The numbers, in float64. */
export function numbersOf(data: FloatArray | Uint16Array, half: HalfType | undefined): Float64Array {
  if (half === undefined) return Float64Array.from(data);
  return Float64Array.from(data, (pattern) => valueOf(pattern, half));
}
