// The normal distribution.

/**
 * The probability that a normal variable is more than `z` standard deviations from its mean, to either side; z >= 0.
 * Relative error about 1e-13: the series of the error function, from 3 on its continued fraction (Laplace).
 */
export function beyond(z: number): number {
  if (z > 40) return 0;
  const density = Math.exp((-z * z) / 2) * Math.sqrt(2 / Math.PI);
  if (z > 3) {
    let fraction = z;
    for (let k = 200; k > 0; k -= 1) fraction = z + k / fraction;
    return density / fraction;
  }
  let sum = z;
  let term = z;
  for (let k = 3; term > 1e-17 * sum; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 1 - density * sum;
}
