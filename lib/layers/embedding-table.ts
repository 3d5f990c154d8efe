// The table that hidden vectors are rows of.
import { atCallSite, outOfRange } from '../errors';
import { Rng } from '../random/rng';
import type { FloatArray, FloatType, Input, Tensor } from '../types';
import { validateOptions } from '../validate';
import { decode, encode } from './bytes';
import { adopt, allocateShared, readParameters, readSize, readType, typeOf } from './parameters';

export interface EmbeddingTableOptions {
  /** Rows. */
  size: number;
  /** Elements of a row. */
  dim: number;
  /** Default 'float32'. */
  type?: FloatType | undefined;
  /** Of the first values. Default 0. */
  seed?: number | bigint | undefined;
  /** First values, [size, dim], instead of random ones: adopted if over a SharedArrayBuffer, else copied. */
  data?: Input | undefined;
}

/**
 * Vectors that are learnt, one for each row: words, items, users. It is a tensor of shape [size, dim], which can be passed
 * where a tensor can, and lies in shared memory: worker threads may have it, and `trainStep` of an output layer trains it
 * in place. First values are uniform in (-1 / 2 dim, 1 / 2 dim), as word2vec has them, from the generator Rng(seed) in the
 * order of memory.
 *
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE), RangeError (ERR_OUT_OF_RANGE,
 * ERR_SOFTMAX_SHAPE_MISMATCH); fromBytes also ERR_SOFTMAX_TRUNCATED and ERR_SOFTMAX_CORRUPTED
 * @example
 * new EmbeddingTable({ size: 1000, dim: 100, seed: 1 }).row(7).length; // 100
 */
export class EmbeddingTable implements Tensor {
  readonly size: number;
  readonly dim: number;
  readonly type: FloatType;
  /** The elements themselves, row by row. */
  readonly data: FloatArray;
  readonly dims: readonly number[];

  constructor(options: EmbeddingTableOptions) {
    try {
      validateOptions(options);
      const { size, dim, type, seed = 0, data } = options;
      this.size = readSize('options.size', size);
      this.dim = readSize('options.dim', dim);
      this.type = readType(type);
      const given = readParameters('options.data', data, this.type);
      const rng = new Rng(seed);
      this.dims = Object.freeze([this.size, this.dim]);
      this.data = given === undefined ? uniform(this.type, this.dims, rng) : adopt(given, this.type, this.dims).data;
    } catch (error) {
      throw atCallSite(error, new.target);
    }
  }

  /** The elements of a row themselves, not a copy. */
  row(id: number): FloatArray {
    if (!Number.isInteger(id) || id < 0 || id >= this.size) {
      throw atCallSite(outOfRange('id', `an integer >= 0 and < ${this.size}`, id), this.row);
    }
    return this.data.subarray(id * this.dim, (id + 1) * this.dim);
  }

  toBytes(): Uint8Array {
    return encode('EmbeddingTable', { numbers: [this.size, this.dim], arrays: [this.data] });
  }

  /** The table whose toBytes gave these. */
  static fromBytes(bytes: Uint8Array): EmbeddingTable {
    try {
      const { numbers, arrays } = decode('EmbeddingTable', 'bytes', bytes);
      const [size, dim] = numbers as [number, number];
      const data = arrays[0] as FloatArray;
      return new EmbeddingTable({ size, dim, type: typeOf(data), data });
    } catch (error) {
      throw atCallSite(error, EmbeddingTable.fromBytes);
    }
  }
}

/** Uniform in (-1 / 2 dim, 1 / 2 dim). */
function uniform(type: FloatType, dims: readonly number[], rng: Rng): FloatArray {
  const [size, dim] = dims as [number, number];
  const data = allocateShared(type, size * dim);
  for (let i = 0; i < data.length; i += 1) data[i] = (rng.uniform() - 0.5) / dim;
  return data;
}
