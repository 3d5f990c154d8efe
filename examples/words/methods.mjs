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

// Learning rates of the layer and of the table, and how many examples see the same parameters: found by trying, on 200,000
// words. A word's vector gets a fifth of the gradient of the mean of five, so the table takes larger steps than the layer.
const steps = {
  tree: { learningRate: 0.15, tableLearningRate: 1.5, batchSize: 1 },
  softmax: { learningRate: 0.2, tableLearningRate: 2, batchSize: 32 },
  // Of itself nothing bounds the gradient of noise-contrastive estimation where a context gives many words too much mass:
  // up to 1 for each noise word, and steps of this size diverge. A softmax never has more than 2.
  contrastive: { learningRate: 0.2, tableLearningRate: 2, batchSize: 32, scoreGradientLimit: 2 },
  negatives: { learningRate: 0.05, tableLearningRate: 0.5, batchSize: 1 },
};

/**
 * Output layers of a language model. `density` is false where what was learnt are no probabilities: the perplexity is then
 * that of the softmax of scores that were never meant for it.
 *
 * All of them learn from the same batches by the same rule; what they differ in is the layer, and how large its steps may
 * be.
 *
 * @param vectors of words by which the tree by meaning is made, [classes, dim]
 */
export function languageModels({ classes, dim, counts, vectors }) {
  const bias = logShares(counts);
  const options = { classes, dim };
  const noise = () => proposals.unigram(counts, { power: 1 });
  const among = (samples) => Math.min(samples, classes >> 1); // of a small vocabulary not all
  const sampled = (samples) => () =>
    new SampledSoftmax({ ...options, bias, proposal: noise(), samples: among(samples), share: 'batch' });
  const contrastive = (samples) => () =>
    new NoiseContrastive({
      ...options,
      bias,
      proposal: noise(),
      samples: among(samples),
      logPartition: 'fixed',
      share: 'batch',
      unique: true,
    });
  const meaning = () => HuffmanTree.fromPaths(pathsByMeaning(vectors, counts), { convention: 'word2vec' });
  const tree = (make) => () => new HierarchicalSoftmax({ tree: make(), dim, bias: true });
  return [
    { name: 'full softmax', make: () => new FullSoftmax({ ...options, bias }), ...steps.softmax },
    {
      name: 'adaptive softmax',
      make: () => adaptive({ ...options, cutoffs: cutoffs(classes), bias: true }, bias),
      ...steps.softmax,
    },
    { name: 'hierarchical, Huffman', make: tree(() => HuffmanTree.fromCounts(counts)), ...steps.tree },
    { name: 'hierarchical, by meaning', make: tree(meaning), ...steps.tree },
    { name: 'sampled softmax, 1,000', make: sampled(1000), ...steps.softmax },
    { name: 'sampled softmax, 100', make: sampled(100), ...steps.softmax },
    { name: 'NCE, 500 shared', make: contrastive(500), ...steps.contrastive },
    { name: 'NCE, 100 shared', make: contrastive(100), ...steps.contrastive },
    {
      name: 'negative sampling, 5',
      make: () => new NoiseContrastive({ ...options, proposal: noise(), samples: 5, negativeSampling: true }),
      ...steps.negatives,
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
      most: 10_000,
    },
    {
      name: 'adaptive softmax',
      make: () => new AdaptiveSoftmax({ ...options, cutoffs: cutoffs(classes) }),
      learningRate: 0.05,
      batchSize: 64,
      most: 5000,
    },
    { name: 'full softmax', make: () => new FullSoftmax(options), learningRate: 0.05, batchSize: 64, most: 1000 },
  ];
}

// The most frequent words in the head, the rest in two clusters.
const cutoffs = (classes) => [Math.ceil(classes / 10), Math.ceil(classes / 2.5)];

/** Its head begins, like the other layers, with how often each word comes, and a word of each cluster. */
function adaptive(options, ofWords) {
  const layer = new AdaptiveSoftmax(options);
  const [shortlist] = options.cutoffs;
  layer.bias.data.set(ofWords.subarray(0, shortlist));
  options.cutoffs.forEach((start, i) => {
    const words = ofWords.subarray(start, options.cutoffs[i + 1]);
    layer.bias.data[shortlist + i] = Math.log(words.reduce((sum, x) => sum + Math.exp(x), 0));
  });
  return layer;
}

function logShares(counts) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(counts, (count) => Math.log(count / all));
}
