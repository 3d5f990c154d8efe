// Memory as users see it. Types only.
import type { ClassIndices } from '../options';
import type { FloatArray, FloatType, Input, Scale, Tensor, TensorLike } from '../types';

export interface ReadOptions extends Scale {
  /** Softmax is over the k rows most similar to the query alone; of all, where there are fewer. Default: all rows. */
  topK?: number | undefined;
  /** <q, k>, or <q, k> / (|q| |k|), which is 0 where one of them is 0. Default 'dot'. */
  similarity?: 'dot' | 'cosine' | undefined;
}

/** What a read gives: arrays for one query, tensors for a tensor of queries. */
export type Read<Queries> = Queries extends FloatArray | readonly number[]
  ? { readonly output: FloatArray; readonly weights: FloatArray; readonly rows: Int32Array }
  : {
      /** [queries, valueSize]: the mean of the values under the weights. */
      readonly output: Tensor;
      /** [queries, size], or [queries, k]. */
      readonly weights: Tensor;
      /** The ids that the weights belong to: [size], the same for all queries; with topK [queries, k], best first. */
      readonly rows: Tensor<Int32Array>;
    };

export interface ReadGradients<Queries> {
  readonly queryGradient: Queries extends FloatArray | readonly number[] ? FloatArray : Tensor;
  /** [size, dim] and [size, valueSize], rows in the order of `ids`. */
  readonly keyGradient: Tensor;
  readonly valueGradient: Tensor;
}

/** What a memory is, and how it changes. */
export interface StoredRows {
  /** Rows. */
  readonly size: number;
  /** Elements of a key, and of a value. */
  readonly dim: number;
  readonly valueSize: number;
  readonly type: FloatType;
  /** The ids of the rows, ascending. */
  readonly ids: Int32Array;
  /** Copies of the keys and values, rows in the order of `ids`. */
  readonly keys: Tensor;
  readonly values: Tensor;
  /** Adds rows, and gives their ids: greater than any before, which removed rows do not give back. */
  add(keys: Input, values: Input): Int32Array;
  /** Other keys, or values, or both, for rows that are there. */
  replace(ids: ClassIndices, keys: Input | undefined, values?: Input | undefined): void;
  /** Takes rows out. The others keep their ids. */
  remove(ids: ClassIndices): void;
  toBytes(): Uint8Array;
}

/**
 * An external memory that is read by soft addressing: every row counts as much as its key is like the query.
 *
 *     w = softmax(beta similarity(q, k_i)),   read = sum w_i v_i
 *
 * Graves, Wayne and Danihelka, "Neural Turing Machines", 2014, section 3.3.1; Sukhbaatar et al., "End-to-end memory
 * networks", 2015. beta is the sharpness: at beta = Infinity a read is exact nearest-neighbour search (the values of ties
 * are averaged), at 0 it is the mean of all values. With topK the k most similar rows are found first (of equals the
 * lower id), which is exact, and softmax is over them. Keys and values are float32 or float64, as the first ones are, and
 * copied; NaN or Infinity in them makes what they meet NaN. An empty memory gives zeros, and no weights.
 *
 * `readVjp` multiplies the gradient of a loss in the output with the derivatives in queries, keys and values; topK holds
 * the rows fixed, and at beta = +-Infinity the weights are constant, so that only values have a gradient.
 *
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE), RangeError (ERR_OUT_OF_RANGE: an id that is not there;
 * ERR_SOFTMAX_SHAPE_MISMATCH); fromBytes also ERR_SOFTMAX_TRUNCATED and ERR_SOFTMAX_CORRUPTED. Nothing is then changed.
 * @example
 * new Memory({ data: Float64Array.of(1, 0, 0, 1), dims: [2, 2] }, { data: Float64Array.of(10, 20), dims: [2, 1] }).read([2, 1]).output; // Float64Array [12.68...]
 * new Memory({ data: Float64Array.of(1, 0, 0, 1), dims: [2, 2] }, { data: Float64Array.of(10, 20), dims: [2, 1] }).read([2, 1], { beta: Infinity }).output; // Float64Array [10]
 * new Memory({ data: Float64Array.of(1, 0, 0, 1), dims: [2, 2] }, { data: Float64Array.of(10, 20), dims: [2, 1] }).add([5, 5], [30]); // Int32Array [2]
 */
export interface Memory extends StoredRows {
  read<Queries extends Input>(queries: Queries, options?: ReadOptions): Read<Queries>;
  readVjp<Queries extends Input>(
    queries: Queries,
    outputGradient: Input,
    options?: ReadOptions,
  ): ReadGradients<Queries>;
}

export interface MemoryConstructor {
  /** [rows, dim] and [rows, valueSize]; there may be 0 rows. */
  new (keys: TensorLike, values: TensorLike): Memory;
  readonly prototype: Memory;
  /** The memory whose toBytes gave these. */
  fromBytes(bytes: Uint8Array): Memory;
}

interface SignalOptions {
  /** Gives the call up: the promise is rejected with an AbortError. */
  signal?: AbortSignal | undefined;
}

/** Memory of softmax-native/promises. A read is of the memory as it was at the call, whatever is changed meanwhile. */
export interface PromisedMemory extends StoredRows {
  read<Queries extends Input>(queries: Queries, options?: ReadOptions & SignalOptions): Promise<Read<Queries>>;
  readVjp<Queries extends Input>(
    queries: Queries,
    outputGradient: Input,
    options?: ReadOptions & SignalOptions,
  ): Promise<ReadGradients<Queries>>;
}

export interface PromisedMemoryConstructor {
  new (keys: TensorLike, values: TensorLike): PromisedMemory;
  readonly prototype: PromisedMemory;
  fromBytes(bytes: Uint8Array): PromisedMemory;
}
