// Gumbel noise, the bits of native/kernels/gumbel.hpp.
import { Float64Array } from '../intrinsics';
import { exampleRng } from '../random/rng';
import { logFloat64 } from '../tiny/float64';

/** A Gumbel number from a uniform one in (0, 1): its distribution function is e^(-e^-x). */
export const gumbelOf = (uniform: number): number => -logFloat64(-logFloat64(uniform));

/** The first numbers of stream 0 of a seed. */
export function gumbelNoise(seed: readonly [low: number, high: number], length: number): Float64Array {
  const random = exampleRng(seed, 0);
  const noise = new Float64Array(length);
  for (let i = 0; i < length; i += 1) noise[i] = gumbelOf(random.uniform());
  return noise;
}
