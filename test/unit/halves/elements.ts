// Floats of 16 bits by their definition, to compare the library's conversions with.

export interface HalfType {
  readonly type: 'float16' | 'bfloat16';
  readonly exponentBits: number;
  readonly fractionBits: number;
}

export const halfTypes: HalfType[] = [
  { type: 'float16', exponentBits: 5, fractionBits: 10 },
  { type: 'bfloat16', exponentBits: 8, fractionBits: 7 },
];

/** IEEE 754, section 3.4: the value of a pattern. */
export function valueOf(pattern: number, { exponentBits, fractionBits }: HalfType): number {
  const sign = pattern >= 0x8000 ? -1 : 1;
  const exponent = (pattern & 0x7fff) >> fractionBits;
  const fraction = (pattern & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** The pattern nearest to a value; of two the even one. Found by bisection, with infinity where the next value would be. */
export function nearest(value: number, half: HalfType): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const infinity = (2 ** half.exponentBits - 1) << half.fractionBits;
  if (Number.isNaN(value)) return NaN;
  const size = Math.abs(value);
  let [below, above] = [0, infinity];
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (valueOf(middle, half) <= size) below = middle;
    else above = middle;
  }
  const upper =
    above === infinity ? 2 * valueOf(infinity - 1, half) - valueOf(infinity - 2, half) : valueOf(above, half);
  const [down, up] = [size - valueOf(below, half), upper - size];
  return sign | (down < up || (down === up && below % 2 === 0) ? below : above);
}
