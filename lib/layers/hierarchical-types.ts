// HierarchicalSoftmax as users see it. Types only.
import type { FloatType, Input } from '../types';
import type { HuffmanTree } from './huffman-tree';
import type { OutputLayer, PromisedLayer } from './types';

export interface HierarchicalSoftmaxOptions {
  /** The classes are its leaves; its inner nodes have a row of weights each. */
  tree: HuffmanTree;
  /** Elements of a hidden vector. */
  dim: number;
  /** The element type of the parameters and of all that is computed with them. Default 'float32'. */
  type?: FloatType | undefined;
  /** Whether each inner node has a number that is added to its score; or their first values. Default false. */
  bias?: boolean | Input | undefined;
  /**
   * First values, [classes - 1, dim]. An array over a SharedArrayBuffer becomes the parameters themselves, anything else
   * is copied. Default: zeros, as word2vec has them.
   */
  weight?: Input | undefined;
}

/**
 * Hierarchical softmax: a class is reached from the root of a binary tree, and each inner node on the way decides by a
 * logistic function (Morin and Bengio, "Hierarchical probabilistic neural network language model", 2005; with Huffman's
 * tree Mikolov et al., "Efficient estimation of word representations in vector space", 2013). With a_j = <v_j, h> + b_j of
 * the nodes on the way and s_j = 1 - 2 bit_j
 *
 *     P(c | h) = prod_j sigma(s_j a_j)          sigma(a) is the probability of bit 0
 *
 * so that the probabilities of all classes add up to 1 for every h. Loss, gradient and step cost the length of the path,
 * which for Huffman's tree is less than the entropy of the classes + 1 on average, in place of the number of classes.
 *
 * - `weight` and `bias` have a row for each inner node, and so has `weightGradient`: its ids are nodes, those on the paths
 *   of the targets.
 * - `topK` searches best first: the probability of a node bounds those of all leaves below it, and the result is exact.
 * - `sample` draws one number for each node on the way.
 * - `trainStep` with `batchSize` 1 (the default) learns one example after the other. Examples of a minibatch all see the
 *   same parameters. With `threads` > 1, contiguous ranges of the examples are learnt side by side without locks: faster,
 *   and not reproducible.
 *
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE) and RangeError (ERR_OUT_OF_RANGE, with the position of
 * an id; ERR_SOFTMAX_SHAPE_MISMATCH). Nothing is then changed.
 * @example
 * const tree = HuffmanTree.fromCounts([5, 2, 1, 1]);
 * const weight = { data: Float64Array.of(0.2, 0.4, -0.3, 0.1, 0.6, -0.5), dims: [3, 2] };
 * const layer = new HierarchicalSoftmax({ tree, dim: 2, type: 'float64', weight });
 * layer.distribution([0.5, -1]).data; // Float64Array [0.310..., 0.302..., 0.165..., 0.222...]
 * layer.topK([0.5, -1], 1).ids.data; // Int32Array [0]
 * @example
 * const table = new EmbeddingTable({ size: 4, dim: 2 });
 * const output = new HierarchicalSoftmax({ tree: HuffmanTree.fromCounts([5, 2, 1, 1]), dim: 2 });
 * output.trainStep({ table, rows: [0, 3] }, [2, 1], { learningRate: 0.1 }).loss; // 1.732...
 */
export interface HierarchicalSoftmax extends OutputLayer {
  readonly tree: HuffmanTree;
}

export interface HierarchicalSoftmaxConstructor {
  new (options: HierarchicalSoftmaxOptions): HierarchicalSoftmax;
  readonly prototype: HierarchicalSoftmax;
  /** The layer whose toBytes gave these, with its tree. */
  fromBytes(bytes: Uint8Array): HierarchicalSoftmax;
}

export interface PromisedHierarchicalSoftmax extends PromisedLayer {
  readonly tree: HuffmanTree;
}

/** HierarchicalSoftmax of softmax-native/promises. */
export interface PromisedHierarchicalSoftmaxConstructor {
  new (options: HierarchicalSoftmaxOptions): PromisedHierarchicalSoftmax;
  readonly prototype: PromisedHierarchicalSoftmax;
  fromBytes(bytes: Uint8Array): PromisedHierarchicalSoftmax;
}
