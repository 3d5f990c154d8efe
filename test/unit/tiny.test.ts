// Rows that TypeScript computes by itself must have the bits that the binary gives them as part of a batch.
import { describe, expect, it } from 'vitest';
import { argmax, backend, logSoftmax, logSumExp, softmax } from '../../lib/index';
import { createRandom } from '../seed';

const kinds = [Float32Array, Float64Array] as const;
const spreads = [0, 0.1, 1, 10, 60, 300, 1500];

/** The row as the second of a batch too large for any short way. */
function inBatch(
  operation: (z: never) => { data: ArrayLike<number> },
  row: ArrayLike<number>,
  Kind: (typeof kinds)[number],
) {
  const n = row.length;
  const rows = 200;
  const data = new Kind(rows * n);
  for (let r = 0; r < rows; r += 1)
    for (let i = 0; i < n; i += 1) data[r * n + i] = r === 1 ? (row[i] as number) : i - r;
  const result = operation({ data, dims: [rows, n] } as never).data;
  const size = result.length / rows;
  return Array.from({ length: size }, (_, i) => result[size + i] as number);
}

const operations = { softmax, logSoftmax, logSumExp, argmax };

describe.runIf(backend.kind !== 'typescript').each(kinds)('one short vector (%o)', (Kind) => {
  it.each(['softmax', 'logSoftmax', 'logSumExp', 'argmax'] as const)(
    '%s has the bits of the same row in a batch',
    (name) => {
      const operation = operations[name] as (z: unknown) => ArrayLike<number> | number;
      const random = createRandom(8);
      for (let round = 0; round < 2000; round += 1) {
        const n = 1 + (round % 9);
        const spread = spreads[round % spreads.length] as number;
        const row = new Kind(n).map(() => (random() - 0.5) * spread);
        if (round % 5 === 0) row[n - 1] = row[0] as number;
        if (round % 11 === 0) row[0] = -0;
        if (round % 13 === 0) row[n >> 1] = [Number.NaN, Infinity, -Infinity][round % 3] as number;
        const alone = operation(row);
        const values = typeof alone === 'number' ? [alone] : Array.from(alone);
        expect(values, `${name} of ${row}`).toStrictEqual(inBatch(operation as never, row, Kind));
      }
    },
  );
});
