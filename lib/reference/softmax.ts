// softmax(z)_i = e^(beta z_i) / sum_j e^(beta z_j), with e^(beta max z) divided out of both (Bridle 1990; the shift:
// Blanchard, Higham and Higham, IMA J. Numer. Anal. 41, 2021).
import type { Call, NonFinite, Verdict } from '../types';
import { expOfGap, Sum } from './precise';
import { mapRows, type Row } from './rows';
import { isUndefined, type Standing, sharersOf, standingOf } from './standing';

export function softmax(call: Call): Verdict {
  return mapRows(call, (row, result) => probabilities(row, call.beta, call.rule, result));
}

/** Fills `result`, which holds zeros, with the softmax of one row. */
export function probabilities(row: Row, beta: number, rule: NonFinite, result: Float64Array): void {
  const standing = standingOf(row, beta);
  if (isUndefined(standing, beta, rule)) {
    result.fill(NaN);
    return;
  }
  const sharers = sharersOf(row, beta, standing);
  if (sharers !== undefined) {
    for (const j of sharers) result[j] = 1 / sharers.length;
    return;
  }
  const total = 1 + exponentials(row, beta, standing, result);
  for (let j = 0; j < row.n; j += 1) result[j] = (result[j] as number) / total;
}

/** Fills e^(beta (z_j - max)); returns their sum without the first maximum, which is 1. */
export function exponentials({ n, z, counts }: Row, beta: number, { first }: Standing, result: Float64Array): number {
  const max = z[first] as number;
  const rest = new Sum();
  for (let j = 0; j < n; j += 1) {
    result[j] = counts[j] === 0 ? 0 : expOfGap(beta, z[j] as number, max);
    if (j !== first) rest.add(result[j] as number);
  }
  return rest.value;
}
