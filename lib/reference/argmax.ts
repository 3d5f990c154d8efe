// The index of the first maximum of beta z, and the one-hot vector of it (ONNX Hardmax) or of all ties (the limit of
// softmax for beta -> Infinity). Of beta the sign counts.
import type { Call, Verdict } from '../types';
import { mapRows, type Row, reduceRows } from './rows';
import { sharersOf, standingOf } from './standing';

export function argmax(call: Call): Verdict {
  return reduceRows(call, (row) => ({ value: indexOf(row, call.beta), sign: 1 }));
}

/** The first NaN that counts, or the first maximum, or the first element that counts (all -Infinity), or -1. */
function indexOf(row: Row, beta: number): number {
  const firstNaN = row.z.findIndex((z, j) => row.counts[j] !== 0 && Number.isNaN(z));
  if (firstNaN >= 0) return firstNaN;
  const [first] = tiesOf(row, beta);
  return first ?? row.counts.indexOf(1);
}

export function hardmax(call: Call): Verdict {
  const { beta, variant: splitTies } = call;
  return mapRows(call, (row, result) => {
    if (standingOf(row, beta).isNaN) {
      result.fill(NaN);
      return;
    }
    const ties = tiesOf(row, beta);
    const winners = splitTies ? ties : ties.slice(0, 1);
    for (const j of winners) result[j] = 1 / winners.length;
  });
}

const tiesOf = (row: Row, beta: number): number[] => {
  const limit = beta === 0 ? 0 : beta * Infinity;
  return sharersOf(row, limit, standingOf(row, beta)) as number[];
};
