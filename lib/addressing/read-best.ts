// Reading only the rows most similar to each query: a backend finds them, and softmax is over their exact scores.
import { Float64Array, Int32Array } from '../intrinsics';
import { afterwards, canonicalRows } from '../layers/layer';
import { allocateLike } from '../operations/arrange';
import { own } from '../ownership';
import type { Backend, FloatArray } from '../types';
import { addRow, dot } from './matrices';
import { type Gradients, type Reading, softmaxOf, throughLengths } from './read';

/** Of each query the k rows, best first, of equals the lower one, and their weights: [count, k]. */
export interface Addressed {
  readonly rows: Int32Array;
  readonly weights: FloatArray;
}

function addressedBest(backend: Backend, reading: Reading, k: number, next: (found: Addressed) => unknown): unknown {
  const { kind, count, size, dim, comparedQueries, comparedKeys } = reading;
  const rows = own(new Int32Array(count * k));
  const out = allocateLike(kind, count * k);
  const shape = canonicalRows(count, size);
  const call = {
    ...shape,
    hidden: comparedQueries,
    matrix: comparedKeys,
    bias: undefined,
    depth: dim,
    k,
    ids: rows,
    out,
  };
  return afterwards(
    backend.linearTopK.perform(call, () => rows),
    () => {
      const scores = Float64Array.from(rows, (row, i) =>
        dot(comparedQueries, Math.floor(i / k) * dim, comparedKeys, row * dim, dim),
      );
      return softmaxOf(backend, scores, count, k, reading.beta, (weights) => next({ rows, weights }));
    },
  );
}

export function readBest(
  backend: Backend,
  reading: Reading,
  k: number,
  conclude: (output: FloatArray, found: Addressed) => unknown,
): unknown {
  const { kind, count, valueSize, values } = reading;
  return addressedBest(backend, reading, k, ({ rows, weights }) => {
    const sums = new Float64Array(count * valueSize);
    rows.forEach((row, i) => {
      const weight = weights[i] as number;
      if (weight === 0) return;
      addRow(weight, values, row * valueSize, sums, Math.floor(i / k) * valueSize, valueSize);
    });
    return conclude(rounded(kind, sums), { rows, weights: rounded(kind, weights) });
  });
}

/** As readAllVjp; the rows that are not addressed have no gradient. */
export function readBestVjp(
  backend: Backend,
  reading: Reading,
  k: number,
  g: FloatArray,
  conclude: (gradients: Gradients) => unknown,
): unknown {
  const { kind, count, size, dim, valueSize, beta, values, comparedQueries, comparedKeys } = reading;
  const isSmooth = beta !== 0 && Number.isFinite(beta);
  return addressedBest(backend, reading, k, ({ rows, weights }) => {
    const queries = new Float64Array(count * dim);
    const ofKeys = new Float64Array(size * dim);
    const ofValues = new Float64Array(size * valueSize);
    for (let q = 0; q < count; q += 1) {
      const direction = Array.from({ length: k }, (_, i) =>
        dot(g, q * valueSize, values, (rows[q * k + i] as number) * valueSize, valueSize),
      );
      const mean = direction.reduce((sum, x, i) => sum + x * (weights[q * k + i] as number), 0);
      for (const [i, x] of direction.entries()) {
        const row = rows[q * k + i] as number;
        const weight = weights[q * k + i] as number;
        addRow(weight, g, q * valueSize, ofValues, row * valueSize, valueSize);
        if (!isSmooth) continue;
        const ofScore = beta * weight * (x - mean);
        addRow(ofScore, comparedKeys, row * dim, queries, q * dim, dim);
        addRow(ofScore, comparedQueries, q * dim, ofKeys, row * dim, dim);
      }
    }
    const gradients = { queries, keys: ofKeys, values: ofValues };
    const { queries: a, keys: b, values: c } = throughLengths(reading, gradients);
    return conclude({ queries: rounded(kind, a), keys: rounded(kind, b), values: rounded(kind, c) });
  });
}

function rounded(kind: string, data: FloatArray): FloatArray {
  const out = allocateLike(kind, data.length);
  out.set(data);
  return out;
}
