// What hierarchical softmax asks a backend for. Types only.
import type { TrainCall } from './layer-calls';
import type { Canonical, FloatArray } from './types';

/**
 * A full binary tree of classes twice: the path of class c from the root on, `nodes` and `bits` from offsets[c] to
 * offsets[c + 1] - 1; and the children of each inner node, `children[2 node + bit]`: a class where it is not negative,
 * else the inner node of that complement (~).
 */
export interface CodeTree {
  readonly offsets: Int32Array;
  readonly nodes: Int32Array;
  readonly bits: Uint8Array;
  /** Nodes of the longest path. */
  readonly depth: number;
  readonly children: Int32Array;
  /** As a child. */
  readonly root: number;
}

/** The tree over n classes and its parameters: weight [n - 1, dim], bias [n - 1]. */
export interface TreeParameters {
  readonly tree: CodeTree;
  readonly dim: number;
  readonly weight: FloatArray;
  readonly bias: FloatArray | undefined;
}

/** Hidden vectors [outer, dim] of a layer over n classes. */
export interface TreeSource extends TreeParameters, Canonical {
  readonly hidden: FloatArray;
}

/** P(class | hidden) of all classes, [outer, n]. */
export interface TreeDistributionCall extends TreeSource {
  readonly out: FloatArray;
}

/** `out` has the logarithms of probabilities, [outer, k]. */
export interface TreeTopKCall extends TreeSource {
  readonly k: number;
  readonly ids: Int32Array;
  readonly out: FloatArray;
}

/** Row r draws from stream r of the seed, one number for each node on its path. */
export interface TreeSampleCall extends TreeSource {
  /** Lower word first. */
  readonly seed: readonly [low: number, high: number];
  /** The same numbers. */
  readonly randomOf: (row: number) => { uniform(): number };
  readonly out: Int32Array;
}

export interface TreeLossCall extends TreeSource {
  readonly targets: Int32Array;
  readonly losses: FloatArray;
  /** What gradients are multiplied with. */
  readonly scale: number;
  readonly hiddenGradient: FloatArray | undefined;
  /** The nodes on the paths of the targets, ascending: the rows of the gradients. With hiddenGradient. */
  readonly ids: Int32Array | undefined;
  readonly weightGradient: FloatArray | undefined;
  readonly biasGradient: FloatArray | undefined;
  /** Written: the sum of the losses. */
  readonly totals: { loss: number };
}

export interface TreeTrainCall extends TreeParameters, TrainCall {
  /** Ranges of examples that are learnt side by side. */
  readonly threads: number;
}
