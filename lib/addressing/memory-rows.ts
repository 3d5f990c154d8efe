// The rows of a memory: keys, values, and ids that stay theirs. Rows are in ascending order of ids, without gaps.
import { invalidType, outOfRange, printShape, shapeMismatch } from '../errors';
import { Float32Array, Float64Array, Int32Array, kindOf } from '../intrinsics';
import { measureIds, readIds } from '../layers/layer';
import { type Given, measure, readLike } from '../operations/arguments';
import type { FloatArray } from '../types';

const mostRows = 0x7fffffff;

/** A matrix that grows at its end. Rows that somebody reads, perhaps behind the caller's back, stay as they are. */
class Lines {
  private data: FloatArray;
  /** So many rows are read by somebody. */
  private lent = 0;

  constructor(
    private readonly kind: string,
    readonly width: number,
  ) {
    this.data = make(kind, 0);
  }

  /** The first `count` rows themselves. */
  view(count: number): FloatArray {
    this.lent = Math.max(this.lent, count);
    return this.data.subarray(0, count * this.width);
  }

  private unlend(): void {
    if (this.lent > 0) this.data = this.data.slice();
    this.lent = 0;
  }

  append(count: number, rows: FloatArray): void {
    const end = count * this.width + rows.length;
    if (end > this.data.length) {
      const larger = make(this.kind, Math.max(end, 2 * this.data.length));
      larger.set(this.data.subarray(0, count * this.width));
      this.data = larger;
      this.lent = 0;
    } else if (count < this.lent) {
      this.unlend();
    }
    this.data.set(rows, count * this.width);
  }

  set(row: number, rows: FloatArray, from: number): void {
    this.unlend();
    this.data.set(rows.subarray(from * this.width, (from + 1) * this.width), row * this.width);
  }

  /** Moves row `from` to a place before it. */
  move(from: number, to: number): void {
    this.unlend();
    this.data.copyWithin(to * this.width, from * this.width, (from + 1) * this.width);
  }
}

const make = (kind: string, length: number): FloatArray =>
  kind === 'Float32Array' ? new Float32Array(length) : new Float64Array(length);

interface Matrix {
  readonly data: FloatArray;
  readonly rows: number;
}

export class MemoryRows {
  private readonly keyLines: Lines;
  private readonly valueLines: Lines;
  private idOfRow: number[] = [];
  private next = 0;
  private readonly made = new Map<string, FloatArray>();

  constructor(
    readonly kind: string,
    readonly dim: number,
    readonly valueSize: number,
  ) {
    this.keyLines = new Lines(kind, dim);
    this.valueLines = new Lines(kind, valueSize);
  }

  get size(): number {
    return this.idOfRow.length;
  }
  get keys(): FloatArray {
    return this.keyLines.view(this.size);
  }
  get values(): FloatArray {
    return this.valueLines.view(this.size);
  }
  get ids(): Int32Array {
    return Int32Array.from(this.idOfRow);
  }
  get nextId(): number {
    return this.next;
  }

  /** What is made of the rows, and kept until they change. */
  kept(name: string, build: () => FloatArray): FloatArray {
    const found = this.made.get(name) ?? build();
    this.made.set(name, found);
    return found;
  }

  add(keys: unknown, values: unknown): Int32Array {
    const givenKeys = readLike('keys', keys, this.kind);
    const givenValues = readLike('values', values, this.kind);
    const ofKeys = measureRows(givenKeys, this.dim);
    const ofValues = measureRows(givenValues, this.valueSize);
    validateSameRows(givenValues, ofValues.rows, ofKeys.rows);
    if (this.next + ofKeys.rows > mostRows) throw outOfRange('keys', 'such that ids are below 2 ** 31 - 1', this.next);
    const first = this.next;
    this.restore(
      ofKeys.data,
      ofValues.data,
      Int32Array.from({ length: ofKeys.rows }, (_, i) => first + i),
    );
    return Int32Array.from(this.idOfRow.slice(this.size - ofKeys.rows));
  }

  /** Rows with the ids that they have, greater than all that are there. */
  restore(keys: FloatArray, values: FloatArray, ids: Int32Array, next = this.next + ids.length): void {
    this.keyLines.append(this.size, keys);
    this.valueLines.append(this.size, values);
    for (const id of ids) this.idOfRow.push(id);
    this.next = next;
    this.made.clear();
  }

  replace(ids: unknown, keys: unknown, values: unknown): void {
    const rows = this.readRows(ids);
    const givenKeys = keys === undefined ? undefined : readLike('keys', keys, this.kind);
    const givenValues = values === undefined ? undefined : readLike('values', values, this.kind);
    if (givenKeys === undefined && givenValues === undefined) throw invalidType('keys', 'given, or else values', keys);
    const ofKeys = givenKeys && measureRows(givenKeys, this.dim);
    const ofValues = givenValues && measureRows(givenValues, this.valueSize);
    if (givenKeys && ofKeys) validateSameRows(givenKeys, ofKeys.rows, rows.length);
    if (givenValues && ofValues) validateSameRows(givenValues, ofValues.rows, rows.length);
    for (const [i, row] of rows.entries()) {
      if (ofKeys) this.keyLines.set(row, ofKeys.data, i);
      if (ofValues) this.valueLines.set(row, ofValues.data, i);
    }
    this.made.clear();
  }

  remove(ids: unknown): void {
    const gone = new Set(this.readRows(ids));
    let to = 0;
    for (let row = 0; row < this.size; row += 1) {
      if (gone.has(row)) continue;
      if (to !== row) {
        this.keyLines.move(row, to);
        this.valueLines.move(row, to);
        this.idOfRow[to] = this.idOfRow[row] as number;
      }
      to += 1;
    }
    this.idOfRow.length = to;
    this.made.clear();
  }

  private readRows(ids: unknown): number[] {
    const given = readIds('ids', ids);
    const count = measure(given)[0] ?? 1;
    const wanted = measureIds(given, count, mostRows);
    return Array.from(wanted, (id, i) => {
      const row = this.rowOf(id);
      if (row < 0) throw outOfRange(wanted.length === 1 ? 'ids' : `ids[${i}]`, 'the id of a row that is there', id);
      return row;
    });
  }

  /** By bisection: ids ascend. */
  private rowOf(id: number): number {
    let first = 0;
    let end = this.size;
    while (first < end) {
      const middle = (first + end) >> 1;
      if ((this.idOfRow[middle] as number) < id) first = middle + 1;
      else end = middle;
    }
    return this.idOfRow[first] === id ? first : -1;
  }
}

/** [rows, width], or one row as a bare array. */
export function measureRows(given: Given<FloatArray>, width: number): Matrix {
  const dims = measure(given);
  if (dims.length > 2 || dims.length === 0 || dims[dims.length - 1] !== width) {
    throw shapeMismatch(given.name, `have shape [rows, ${width}] or [${width}]`, `shape ${printShape(dims)}`);
  }
  return { data: given.data, rows: dims.length === 1 ? 1 : (dims[0] as number) };
}

function validateSameRows(given: Given<FloatArray>, found: number, wanted: number): void {
  if (found !== wanted) throw shapeMismatch(given.name, `have ${wanted} rows`, String(found));
}

/** The first keys or values of a memory: [rows, width]. */
export function readMatrix(
  name: string,
  value: unknown,
  kind?: string,
): Given<FloatArray> & { readonly width: number } {
  const found =
    kind ??
    (kindOf((value as { data?: unknown } | undefined)?.data) === 'Float64Array' ? 'Float64Array' : 'Float32Array');
  const given = readLike(name, value, found);
  const { dims } = given;
  if (dims === undefined) throw invalidType(name, 'an object with data and dims', value);
  if (dims.length !== 2 || !((dims[1] as number) >= 1)) {
    throw shapeMismatch(name, 'have shape [rows, n], n >= 1', `shape ${printShape(dims)}`);
  }
  return { ...given, width: dims[1] as number };
}
