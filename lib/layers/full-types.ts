// FullSoftmax as users see it. Types only.
import type { FloatType, Input, Tensor } from '../types';
import type { Hidden, OutputLayer, PromisedLayer, SignalOptions } from './types';

export interface FullSoftmaxOptions {
  /** Number of classes. */
  classes: number;
  /** Elements of a hidden vector. */
  dim: number;
  /** The element type of the parameters and of all that is computed with them. Default 'float32'. */
  type?: FloatType | undefined;
  /** Whether each class has a number that is added to its logit; or their first values. Default false. */
  bias?: boolean | Input | undefined;
  /**
   * First values, [classes, dim]. An array over a SharedArrayBuffer becomes the parameters themselves, anything else is
   * copied. Default: zeros, as word2vec has them.
   */
  weight?: Input | undefined;
}

/**
 * Softmax over all classes as an output layer: exact, at a cost of classes x dim for each hidden vector.
 *
 *     P(c | h) = e^(<w_c, h> + b_c) / sum_j e^(<w_j, h> + b_j)
 *
 * The logits of a batch are never stored whole, but in `logits` and `distribution`. Gradients are of all classes: `weightGradient` has
 * the ids 0 to classes - 1. The results of `trainStep` do not depend on `threads`: its products use the threads of the
 * library in any case. A step is the whole call, unless `batchSize` says otherwise. Where the logits are NaN, `sample`
 * gives -1.
 *
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE) and RangeError (ERR_OUT_OF_RANGE, with the position of
 * an id; ERR_SOFTMAX_SHAPE_MISMATCH). Nothing is then changed.
 * @example
 * new FullSoftmax({ classes: 3, dim: 2 }).logProbability([1, 2], 0); // -1.098...
 * @example
 * new FullSoftmax({ classes: 3, dim: 2, type: 'float64', weight: [1, 0, 0, 1, 1, 1] }).distribution([1, 2]).data; // Float64Array [0.090..., 0.244..., 0.665...]
 * @example
 * new FullSoftmax({ classes: 3, dim: 2 }).trainStep({ table: new EmbeddingTable({ size: 4, dim: 2 }), rows: [0, 3] }, [2, 1], { learningRate: 0.1 }).loss; // 1.098...
 */
export interface FullSoftmax extends OutputLayer {
  /** <w_c, h> + b_c of all classes: [batch, classes], or [classes] for one vector. Of a shard, what SoftmaxState takes. */
  logits(hidden: Hidden): Tensor;
}

/** FullSoftmax off the event loop. */
export interface PromisedFullSoftmax extends PromisedLayer {
  logits(hidden: Hidden, options?: SignalOptions): Promise<Tensor>;
}

export interface FullSoftmaxConstructor {
  new (options: FullSoftmaxOptions): FullSoftmax;
  readonly prototype: FullSoftmax;
  /** The layer whose toBytes gave these. */
  fromBytes(bytes: Uint8Array): FullSoftmax;
}

/** FullSoftmax of softmax-native/promises. */
export interface PromisedFullSoftmaxConstructor {
  new (options: FullSoftmaxOptions): PromisedFullSoftmax;
  readonly prototype: PromisedFullSoftmax;
  fromBytes(bytes: Uint8Array): PromisedFullSoftmax;
}
