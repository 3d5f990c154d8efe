// Memory: soft addressing of an external memory.
import { atCallSite, corrupted, invalidValue, printShape, shapeMismatch } from '../errors';
import { decode, encode } from '../layers/bytes';
import { exposed } from '../layers/exposed';
import { measure, readLike } from '../operations/arguments';
import { allocateLike } from '../operations/arrange';
import { tensorOf } from '../operations/results';
import type { Backend, FloatArray, FloatType, Tensor } from '../types';
import { validateCount, validateOptions, validateScale } from '../validate';
import { copied, transposed } from './matrices';
import { MemoryRows, measureRows, readMatrix } from './memory-rows';
import type { MemoryConstructor } from './memory-types';
import { compared, type Gradients, type Reading, readAll, readAllVjp } from './read';
import { type Addressed, readBest, readBestVjp } from './read-best';

/** The methods that compute, with the positions of their options. */
export const memoryMethods = { read: 1, readVjp: 2 } as const;

const typeOfKind = { Float32Array: 'float32', Float64Array: 'float64' } as const;

interface ReadOptions {
  readonly beta: number;
  /** 0 = all. */
  readonly topK: number;
  readonly isCosine: boolean;
}

function readOptions(options: object): ReadOptions {
  validateOptions(options);
  const { beta, temperature, base, topK, similarity } = options as Record<string, unknown>;
  if (similarity !== undefined && similarity !== 'dot' && similarity !== 'cosine') {
    throw invalidValue('options.similarity', "must be one of: 'dot', 'cosine'", similarity);
  }
  const scale = validateScale(beta, temperature, base);
  const k = topK === undefined ? 0 : validateCount('options.topK', topK);
  if (k === 0 && topK !== undefined) throw invalidValue('options.topK', 'must be 1 or more', topK);
  return { beta: scale, topK: k, isCosine: similarity === 'cosine' };
}

/** The class that computes with a backend: now, or for promises. */
export function memory<Constructor = MemoryConstructor>(backend: Backend): Constructor {
  class Memory {
    readonly #rows: MemoryRows;

    constructor(keys: unknown, values: unknown) {
      try {
        const givenKeys = readMatrix('keys', keys);
        const givenValues = readMatrix('values', values, givenKeys.kind);
        this.#rows = new MemoryRows(givenKeys.kind, givenKeys.width, givenValues.width);
        this.#rows.add(keys, values);
      } catch (error) {
        throw atCallSite(error, new.target);
      }
    }

    get size(): number {
      return this.#rows.size;
    }
    get dim(): number {
      return this.#rows.dim;
    }
    get valueSize(): number {
      return this.#rows.valueSize;
    }
    get type(): FloatType {
      return typeOfKind[this.#rows.kind as keyof typeof typeOfKind];
    }
    get ids(): Int32Array {
      return this.#rows.ids;
    }
    get keys(): Tensor {
      return tensorOf(this.#rows.keys.slice(), [this.size, this.dim]);
    }
    get values(): Tensor {
      return tensorOf(this.#rows.values.slice(), [this.size, this.valueSize]);
    }

    add(keys: unknown, values: unknown): Int32Array {
      return this.#rows.add(keys, values);
    }

    replace(ids: unknown, keys: unknown, values?: unknown): void {
      this.#rows.replace(ids, keys, values);
    }

    remove(ids: unknown): void {
      this.#rows.remove(ids);
    }

    read(queries: unknown, options: object = {}): unknown {
      const { beta, topK, isCosine } = readOptions(options);
      const { reading, before, isOne } = this.#reading(queries, beta, isCosine);
      const { count, size, kind, valueSize } = reading;
      const ids = this.ids;
      const shaped = (output: FloatArray, weights: FloatArray, rows: Int32Array, rowDims: readonly number[]) => {
        if (isOne) return { output, weights, rows };
        return {
          output: tensorOf(output, [...before, valueSize]),
          weights: tensorOf(weights, [...before, weights.length / Math.max(1, count)]),
          rows: tensorOf(rows, rowDims),
        };
      };
      if (size === 0 || count === 0) {
        const nothing = allocateLike(kind, count * valueSize);
        return shaped(nothing, allocateLike(kind, 0), new Int32Array(0), [...before, 0]);
      }
      if (topK === 0) {
        const lines = this.#rows.kept('transposed values', () => transposed(this.#rows.values, size, valueSize));
        return readAll(backend, reading, lines, (output, weights) => shaped(output, weights, ids, [size]));
      }
      const k = Math.min(topK, size);
      return readBest(backend, reading, k, (output, { rows, weights }: Addressed) =>
        shaped(
          output,
          weights,
          rows.map((row) => ids[row] as number),
          [...before, k],
        ),
      );
    }

    readVjp(queries: unknown, outputGradient: unknown, options: object = {}): unknown {
      const { beta, topK, isCosine } = readOptions(options);
      const given = readLike('outputGradient', outputGradient, this.#rows.kind);
      const { reading, before, isOne } = this.#reading(queries, beta, isCosine);
      const { count, size, dim, valueSize, kind } = reading;
      const { data, rows } = measureRows(given, valueSize);
      const g = copied(data);
      if (rows !== count)
        throw shapeMismatch(given.name, `have shape ${printShape([...before, valueSize])}`, `${rows} rows`);
      const shaped = (gradients: Gradients) => ({
        queryGradient: isOne ? gradients.queries : tensorOf(gradients.queries, [...before, dim]),
        keyGradient: tensorOf(gradients.keys, [size, dim]),
        valueGradient: tensorOf(gradients.values, [size, valueSize]),
      });
      if (size === 0 || count === 0) {
        const zeros = (length: number) => allocateLike(kind, length);
        return shaped({ queries: zeros(count * dim), keys: zeros(size * dim), values: zeros(size * valueSize) });
      }
      if (topK === 0) return readAllVjp(backend, reading, g, shaped);
      return readBestVjp(backend, reading, Math.min(topK, size), g, shaped);
    }

    toBytes(): Uint8Array {
      const { dim, valueSize, nextId, keys, values, ids } = this.#rows;
      return encode('Memory', { numbers: [dim, valueSize, nextId], arrays: [keys, values, ids] });
    }

    static fromBytes(bytes: unknown): Memory {
      const { numbers, arrays } = decode('Memory', 'bytes', bytes);
      const [dim, valueSize, next] = numbers as [number, number, number];
      const [keys, values, ids] = arrays as [FloatArray, FloatArray, Int32Array];
      const isWhole =
        arrays.length === 3 && keys.length === ids.length * dim && values.length === ids.length * valueSize;
      if (!isWhole) throw corrupted('bytes', 'be what toBytes gave');
      const made = new Memory(tensorOf(keys.subarray(0, 0), [0, dim]), tensorOf(values.subarray(0, 0), [0, valueSize]));
      made.#rows.restore(keys, values, ids, next);
      return made;
    }

    #reading(
      queries: unknown,
      beta: number,
      isCosine: boolean,
    ): { reading: Reading; before: readonly number[]; isOne: boolean } {
      const rows = this.#rows;
      const { kind, dim, valueSize, size, keys, values } = rows;
      const given = readLike('queries', queries, kind);
      const { data: found, rows: count } = measureRows(given, dim);
      const data = copied(found);
      const comparedKeys = isCosine ? rows.kept('unit keys', () => compared(keys, dim, true)) : keys;
      const comparedQueries = compared(data, dim, isCosine);
      const shape = { kind, count, size, dim, valueSize, queries: data, keys, values, beta };
      const before = measure(given).slice(0, -1);
      return { reading: { ...shape, comparedQueries, comparedKeys }, before, isOne: given.dims === undefined };
    }
  }
  return exposed(Memory, ['add', 'replace', 'remove', 'read', 'readVjp']) as unknown as Constructor;
}
