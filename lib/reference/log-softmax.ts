// log softmax(z)_i = beta (z_i - max) - log1p(rest), where rest is the sum of all exponentials but one maximum: next to
// its 1 the others would lose what is below an ulp, and a certain class would get the log-probability 0.
import type { Call, Verdict } from '../types';
import { scaledGap } from './precise';
import { mapRows } from './rows';
import { exponentials } from './softmax';
import { isUndefined, sharersOf, standingOf } from './standing';

export function logSoftmax(call: Call): Verdict {
  const { beta, rule } = call;
  return mapRows(call, (row, result) => {
    const standing = standingOf(row, beta);
    if (isUndefined(standing, beta, rule)) {
      result.fill(NaN);
      return;
    }
    const sharers = sharersOf(row, beta, standing);
    if (sharers !== undefined) {
      result.fill(-Infinity);
      for (const j of sharers) result[j] = 0 - Math.log(sharers.length);
      return;
    }
    const logSum = Math.log1p(exponentials(row, beta, standing, result));
    const max = row.z[standing.first] as number;
    for (let j = 0; j < row.n; j += 1) {
      const { high, low } = scaledGap(beta, row.z[j] as number, max);
      result[j] = row.counts[j] === 0 ? -Infinity : high - logSum + low;
    }
  });
}
