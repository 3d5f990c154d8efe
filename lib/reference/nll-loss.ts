// Negative log-likelihood of log-probabilities that are given: L = -sum_c u_c log p_c, dL/d(log p_c) = -u_c.
import type { LossCall, Verdict } from '../types';
import { placeOf, readRow } from './rows';
import { massesOf, Totals, weightedSum } from './targets';

export function nllLoss(call: LossCall): Verdict {
  const all = new Uint8Array(call.n).fill(1);
  const rows = Array.from({ length: call.outer * call.inner }, (_, index) => massesOf(call, index, all));
  const totals = new Totals(
    call.reduction,
    rows.map(({ rowWeight }) => rowWeight),
  );
  const losses = rows.map(({ isIgnored, u }, index) => {
    const { z } = readRow(call, index);
    const loss = isIgnored ? 0 : 0 - weightedSum(u, (c) => z[c] as number);
    for (let c = 0; c < call.n && call.gradient !== undefined; c += 1) {
      call.gradient[placeOf(call, index, c)] = isIgnored ? 0 : 0 - totals.scale * (u[c] as number);
    }
    if (call.losses) call.losses[index] = loss;
    return loss;
  });
  call.totals.loss = totals.loss(losses);
  call.totals.totalWeight = totals.totalWeight;
  return -1;
}
