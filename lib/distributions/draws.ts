// Draws from categorical distributions by alias tables, which are made once.
import { outOfRange } from '../errors';
import { Float64Array, Int32Array } from '../intrinsics';
import { AliasTable } from '../random/alias';
import type { Rng } from '../random/rng';
import { validateCount } from '../validate';

const mostDraws = 0x7fffffff;

export function validateDraws(count: unknown, rows: number): number {
  const draws = validateCount('count', count);
  const most = Math.floor(mostDraws / Math.max(rows, 1));
  if (draws > most) throw outOfRange('count', `<= ${most}`, count);
  return draws;
}

/** A table for each of the rows of n probabilities. */
export function tablesOf(p: Float64Array, rows: number, n: number): AliasTable[] {
  return Array.from({ length: rows }, (_, row) =>
    AliasTable.fromWeights(new Float64Array(p.subarray(row * n, (row + 1) * n))),
  );
}

/** `count` classes of each table, table by table. */
export function drawAll(tables: readonly AliasTable[], count: number, rng: Rng): Int32Array {
  const ids = new Int32Array(tables.length * count);
  for (let i = 0; i < ids.length; i += 1) ids[i] = (tables[Math.floor(i / count)] as AliasTable).draw(rng);
  return ids;
}
