// The examples that a layer is trained on: rows of a table, or means of bags of rows.
import { invalidType, outOfRange, printShape, shapeMismatch } from '../errors';
import { lengthOf } from '../intrinsics';
import { type Given, measure, readStorage } from '../operations/arguments';
import type { GivenTarget } from '../operations/targets';
import type { FloatArray, FloatType } from '../types';
import { copyIndices, readIds } from './layer';
import { kindOfType } from './parameters';

interface GivenExamples {
  readonly table: Given<FloatArray>;
  readonly rows: GivenTarget;
  readonly offsets: GivenTarget | undefined;
}

export function readExamples(value: unknown, type: FloatType): GivenExamples {
  if (typeof value !== 'object' || value === null) throw invalidType('examples', 'of type object', value);
  const { table, rows, offsets } = value as { table?: unknown; rows?: unknown; offsets?: unknown };
  const storage = readStorage<FloatArray>('examples.table', table, kindOfType[type]);
  if (storage.dims === undefined) throw invalidType('examples.table', 'an object with data and dims', table);
  return {
    table: storage,
    rows: readIds('examples.rows', rows),
    offsets: offsets === undefined ? undefined : readIds('examples.offsets', offsets),
  };
}

/** Examples in the form that computes: see Examples of lib/layers/types.ts. */
export interface TrainingExamples {
  readonly table: FloatArray;
  /** Rows of the table. */
  readonly size: number;
  readonly rows: Int32Array;
  readonly offsets: Int32Array | undefined;
  readonly count: number;
}

export function measureExamples({ table, rows, offsets }: GivenExamples, dim: number): TrainingExamples {
  const dims = measure(table);
  if (dims.length !== 2 || dims[1] !== dim) {
    throw shapeMismatch(table.name, `have shape [size, ${dim}]`, `shape ${printShape(dims)}`);
  }
  const size = dims[0] as number;
  const indices = copyIndices(rows, size);
  if (offsets === undefined) return { table: table.data, size, rows: indices, offsets, count: lengthOf(indices) };
  const bounds = copyIndices(offsets, lengthOf(indices) + 1);
  validateOffsets(offsets.name, bounds, lengthOf(indices));
  return { table: table.data, size, rows: indices, offsets: bounds, count: lengthOf(bounds) - 1 };
}

/** Offsets lead from 0 to the end, and no bag is empty: the mean of nothing is no vector. */
function validateOffsets(name: string, offsets: Int32Array, end: number): void {
  const last = lengthOf(offsets) - 1;
  if (last < 0) throw shapeMismatch(name, 'have one element more than there are examples', '0');
  if (offsets[0] !== 0) throw outOfRange(`${name}[0]`, '0', offsets[0]);
  if (offsets[last] !== end) throw outOfRange(`${name}[${last}]`, `${end}, the number of examples.rows`, offsets[last]);
  for (let k = 0; k < last; k += 1) {
    if ((offsets[k + 1] as number) <= (offsets[k] as number)) {
      const wanted = `greater than the one before, ${offsets[k]}: bag ${k} would be empty`;
      throw outOfRange(`${name}[${k + 1}]`, wanted, offsets[k + 1]);
    }
  }
}
