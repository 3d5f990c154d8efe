// Sums over vectors of one length.

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** y + factor x, into `out`, which may be either of them. */
export function addScaled(y: Float64Array, factor: number, x: Float64Array, out: Float64Array): Float64Array {
  for (let i = 0; i < y.length; i += 1) out[i] = (y[i] as number) + factor * (x[i] as number);
  return out;
}

/** The largest magnitude; NaN where there is one. */
export function maxNorm(a: Float64Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i += 1) {
    const size = Math.abs(a[i] as number);
    if (!(size <= most)) most = size;
    if (size !== size) return NaN;
  }
  return most;
}
