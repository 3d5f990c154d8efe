// The library at the same work: pairs are made in JavaScript, learnt by one call for each hundred thousand.
import { pairsOf } from '../../examples/words/skip-gram.mjs';
import { native } from '../library.mjs';
import { bagsOf } from './bags.mjs';
import { DIM, NEGATIVES, RATE, WINDOW } from './modes.mjs';

const { EmbeddingTable, HierarchicalSoftmax, HuffmanTree, NoiseContrastive, proposals, Rng } = native;

// word2vec.c, fastText and gensim give each word of a bag the whole gradient of the mean, instead of its share of it. The
// library has the exact gradient, so its table takes larger steps: bags have 6 words, on an average.
const MEAN_BAG = 6;

/**
 * @param share how negatives are shared: 'example' or 'window'
 * @param power of the noise: 0.75 as word2vec, or 0.5 as fastText
 * @returns a contestant, as those of peers.mjs
 */
export function ours({ share = 'example', power = 0.75, threads = 1 } = {}) {
  const name = [
    'softmax-native',
    power === 0.5 ? ', q = f^0.5' : '',
    share === 'window' ? ', negatives of a window' : '',
    threads > 1 ? `, ${threads} threads` : '',
  ];
  const train = (mode, { words, counts, training }, epochs) => {
    const layer = layerOf(mode, counts, { share, power });
    const table = new EmbeddingTable({ size: counts.length, dim: DIM, seed: 1 });
    const rng = new Rng(1);
    const all = epochs * training.reduce((sum, block) => sum + block.length, 0);
    const start = threads > 1 ? wall() : processor();
    let done = 0;
    for (let epoch = 1; epoch <= epochs; epoch += 1) {
      for (const batch of (mode.bag ? bagsOf : pairsOf)(training, { window: WINDOW, seed: epoch })) {
        const learningRate = RATE * (1 - done / all);
        const tableLearningRate = mode.bag ? MEAN_BAG * learningRate : learningRate;
        const { rows, offsets, targets } = batch;
        layer.trainStep({ table, rows, offsets }, targets, { learningRate, tableLearningRate, threads, rng });
        done += batch.words;
      }
    }
    const seconds = (threads > 1 ? wall() : processor()) - start;
    return { wordsPerSecond: all / seconds, model: modelOf(layer, table, words, counts) };
  };
  return { name: name.join(''), train };
}

function layerOf({ tree }, counts, { share, power }) {
  if (tree) return new HierarchicalSoftmax({ tree: HuffmanTree.fromCounts(counts), dim: DIM });
  const proposal = proposals.unigram(counts, { power });
  const options = { classes: counts.length, dim: DIM, proposal, samples: NEGATIVES };
  return new NoiseContrastive({ ...options, negativeSampling: true, share });
}

function modelOf(layer, table, words, counts) {
  const place = new Map(words.map((word, index) => [word, index]));
  const { tree } = layer;
  const paths = tree && words.map((_, id) => tree.codeOf(id));
  return { input: table, output: layer.weight, place, counts, paths };
}

const wall = () => performance.now() / 1000;

// CPU seconds of this process, all threads.
function processor() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
