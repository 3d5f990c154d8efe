// Hierarchical softmax of softmax-native.
import { hierarchicalSoftmax } from './layers/hierarchical';
import type { HierarchicalSoftmaxConstructor, HierarchicalSoftmax as Layer } from './layers/hierarchical-types';
import { nativeBackend } from './native/backend';

export type { HierarchicalSoftmaxConstructor, HierarchicalSoftmaxOptions } from './layers/hierarchical-types';
export {
  type Code,
  type Counts,
  type FromCountsOptions,
  type FromPathsOptions,
  HuffmanTree,
  type PathLike,
} from './layers/huffman-tree';

/** Hierarchical softmax over the leaves of a tree: an output layer. */
export type HierarchicalSoftmax = Layer;
export const HierarchicalSoftmax: HierarchicalSoftmaxConstructor = hierarchicalSoftmax(nativeBackend);
