// The ways to an output layer over many words, each as one line: what differs between the models is the layer and the
// size of its steps, nothing else.

import { pathsByMeaning } from './clusters.mjs';
import {
  AdaptiveSoftmax,
  FullSoftmax,
  HierarchicalSoftmax,
  HuffmanTree,
  NoiseContrastive,
  proposals,
  SampledSoftmax,
} from './library.mjs';

const steps = {
  example: { learningRate: 0.1, tableLearningRate: 0.5, batchSize: 1 },
  batch: { learningRate: 0.02, tableLearningRate: 0.1, batchSize: 64 },
};

/**
 * Output layers of a language model. `density` is false where what was learnt are no probabilities: the perplexity is then
 * that of the softmax of scores that were never meant for it.
 *
 * Learning rates were found by trying factors of 2, on 200,000 words. The loss is summed over a batch, so layers whose
 * examples share candidates or all classes take the step of a whole batch at once, and want a smaller one.
 *
 * @param vectors of words by which the tree by meaning is made, [classes, dim]
 */
export function languageModels({ classes, dim, counts, vectors }) {
  const bias = logShares(counts);
  const options = { classes, dim };
  const noise = () => proposals.unigram(counts, { power: 1 });
  const sampled = (samples) => () =>
    new SampledSoftmax({ ...options, bias, proposal: noise(), samples, share: 'batch' });
  const contrastive = (samples) => () =>
    new NoiseContrastive({ ...options, bias, proposal: noise(), samples, logPartition: 'fixed', share: 'batch' });
  const meaning = () => HuffmanTree.fromPaths(pathsByMeaning(vectors, counts), { convention: 'word2vec' });
  const tree = (make) => () => new HierarchicalSoftmax({ tree: make(), dim, bias: true });
  return [
    { name: 'full softmax', make: () => new FullSoftmax({ ...options, bias }), ...steps.batch },
    {
      name: 'adaptive softmax',
      make: () => new AdaptiveSoftmax({ ...options, cutoffs: cutoffs(classes) }),
      ...steps.batch,
    },
    { name: 'hierarchical, Huffman', make: tree(() => HuffmanTree.fromCounts(counts)), ...steps.example },
    { name: 'hierarchical, by meaning', make: tree(meaning), ...steps.example },
    { name: 'sampled softmax, 1,000', make: sampled(1000), ...steps.batch },
    { name: 'sampled softmax, 100', make: sampled(100), ...steps.batch },
    { name: 'NCE, 500 shared', make: contrastive(500), ...steps.batch },
    { name: 'NCE, 100 shared', make: contrastive(100), ...steps.batch },
    {
      name: 'negative sampling, 5',
      make: () => new NoiseContrastive({ ...options, proposal: noise(), samples: 5, negativeSampling: true }),
      ...steps.example,
      density: false,
    },
  ];
}

/**
 * Output layers for skip-gram. The first is the usual one; it learns no probabilities, which vectors do not need.
 * Learning rates as above.
 */
export function vectorLayers({ classes, dim, counts }) {
  const options = { classes, dim };
  const noise = proposals.unigram(counts, { power: 0.75 });
  const negatives = { ...options, proposal: noise, samples: 5 };
  return [
    {
      name: 'negative sampling, 5',
      make: () => new NoiseContrastive({ ...negatives, negativeSampling: true }),
      learningRate: 0.05,
    },
    {
      name: 'hierarchical, Huffman',
      make: () => new HierarchicalSoftmax({ tree: HuffmanTree.fromCounts(counts), dim }),
      learningRate: 0.05,
    },
    {
      name: 'NCE, 5',
      make: () => new NoiseContrastive({ ...negatives, logPartition: 'fixed' }),
      learningRate: 0.05,
    },
    {
      name: 'sampled softmax, 100',
      make: () => new SampledSoftmax({ ...options, proposal: noise, samples: 100, share: 'batch' }),
      learningRate: 0.05,
      batchSize: 256,
    },
    {
      name: 'adaptive softmax',
      make: () => new AdaptiveSoftmax({ ...options, cutoffs: cutoffs(classes) }),
      learningRate: 0.05,
      batchSize: 64,
    },
    { name: 'full softmax', make: () => new FullSoftmax(options), learningRate: 0.05, batchSize: 64 },
  ];
}

// The most frequent words in the head, the rest in two clusters.
const cutoffs = (classes) => [Math.ceil(classes / 10), Math.ceil(classes / 2.5)];

function logShares(counts) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(counts, (count) => Math.log(count / all));
}
