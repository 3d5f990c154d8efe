// The arg max of one vector too short to repay a call of the binary: comparisons are exact on either side.
import type { FloatArray } from '../types';

/** Writes the first index of the greatest logit, or of the first NaN. */
export function tinyArgmax(logits: FloatArray, out: FloatArray | Int32Array, n: number): boolean {
  let greatest = logits[0] as number;
  let index = 0;
  for (let i = 1; i < n && greatest === greatest; i += 1) {
    const z = logits[i] as number;
    if (z > greatest || z !== z) {
      greatest = z;
      index = i;
    }
  }
  out[0] = index;
  return true;
}
