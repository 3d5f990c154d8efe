// The library as its users get it, by its own name. This folder is a package of its own, for what only the example needs,
// so the name is looked up from the project's root.
import { createRequire } from 'node:module';

export const {
  AdaptiveSoftmax,
  backend,
  EmbeddingTable,
  FullSoftmax,
  HierarchicalSoftmax,
  HuffmanTree,
  NoiseContrastive,
  proposals,
  Rng,
  SampledSoftmax,
  setThreads,
} = createRequire(new URL('../../package.json', import.meta.url))('softmax-native');
