// A log-bilinear language model (Mnih and Hinton 2007, without the matrices): the mean of the vectors of the five words
// before, a vector for each word and place, predicts the next word through an output layer.
import { EmbeddingTable } from './library.mjs';
import { randomBits, shuffled } from './random.mjs';

export const CONTEXT = 5;

// Half the width of the interval that vectors start in: where all were near 0, so would be the first gradients.
const INITIAL = 0.1;

// So many examples is what the steps of methods.mjs were chosen on. Longer training takes smaller ones, down to half.
const EXAMPLES = 200_000;

/** The vectors of a model, at random: one for each word in each place. */
export function newTable(classes, dim, seed) {
  const random = randomBits(seed);
  const size = CONTEXT * classes;
  const data = Float32Array.from({ length: size * dim }, () => (random() / 2 ** 31 - 1) * INITIAL);
  return new EmbeddingTable({ size, dim, data });
}

/**
 * Every word of the text but the first of each block, and the words before it.
 *
 * @returns `targets`, and of example k the table rows rows[offsets[k]] to rows[offsets[k + 1] - 1]
 */
export function contextsOf(blocks, classes) {
  const examples = blocks.reduce((sum, block) => sum + Math.max(block.length - 1, 0), 0);
  const targets = new Int32Array(examples);
  const offsets = new Int32Array(examples + 1);
  const rows = new Int32Array(examples * CONTEXT);
  let example = 0;
  let at = 0;
  for (const block of blocks) {
    for (let position = 1; position < block.length; position += 1) {
      for (let back = 1; back <= Math.min(CONTEXT, position); back += 1) {
        rows[at] = (back - 1) * classes + block[position - back];
        at += 1;
      }
      targets[example] = block[position];
      example += 1;
      offsets[example] = at;
    }
  }
  return { targets, offsets, rows: rows.subarray(0, at) };
}

/** The examples of these numbers, in their order. */
function pick({ targets, offsets, rows }, numbers) {
  const picked = { targets: new Int32Array(numbers.length), offsets: new Int32Array(numbers.length + 1) };
  const bags = new Int32Array(numbers.length * CONTEXT);
  let at = 0;
  for (let k = 0; k < numbers.length; k += 1) {
    const number = numbers[k];
    picked.targets[k] = targets[number];
    for (let i = offsets[number]; i < offsets[number + 1]; i += 1) {
      bags[at] = rows[i];
      at += 1;
    }
    picked.offsets[k + 1] = at;
  }
  picked.rows = bags.subarray(0, at);
  return picked;
}

/**
 * Stochastic gradient descent, the examples in a new order each epoch; the learning rates fall to 0 along a line.
 *
 * @param method { learningRate, tableLearningRate, batchSize, scoreGradientLimit }; the last of NoiseContrastive, if any
 * @param onProgress called with { share, examples, loss } after each call of the layer
 */
export function trainModel({ layer, table, method, rng }, contexts, { epochs, random, call = 2048, onProgress }) {
  const { learningRate, tableLearningRate, batchSize, scoreGradientLimit } = method;
  const all = epochs * contexts.targets.length;
  const size = Math.min(1, Math.max(0.5, Math.cbrt(EXAMPLES / all)));
  let examples = 0;
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const order = shuffled(contexts.targets.length, random);
    for (let start = 0; start < order.length; start += call) {
      const { rows, offsets, targets } = pick(contexts, order.subarray(start, start + call));
      const step = size * (1 - examples / all);
      const { loss } = layer.trainStep({ table, rows, offsets }, targets, {
        learningRate: learningRate * step,
        tableLearningRate: tableLearningRate * step,
        batchSize,
        scoreGradientLimit,
        rng,
      });
      examples += targets.length;
      onProgress?.({ share: examples / all, examples, loss });
    }
  }
}

/** The hidden vectors of the contexts: means of rows of the table. */
export function hiddenOf({ data, dims: [, dim] }, { offsets, rows }) {
  const hidden = new Float32Array((offsets.length - 1) * dim);
  for (let k = 0; k < offsets.length - 1; k += 1) {
    const share = 1 / (offsets[k + 1] - offsets[k]);
    for (let i = offsets[k]; i < offsets[k + 1]; i += 1) {
      for (let d = 0; d < dim; d += 1) hidden[k * dim + d] += share * data[rows[i] * dim + d];
    }
  }
  return { data: hidden, dims: [offsets.length - 1, dim] };
}

/** exp of the mean of -log P(word | context): how many words the model hesitates between. Exact, with every layer. */
export function perplexity({ layer, table }, contexts) {
  const logProbabilities = layer.logProbability(hiddenOf(table, contexts), contexts.targets);
  return Math.exp(-logProbabilities.reduce((sum, x) => sum + x, 0) / logProbabilities.length);
}

/** The same of a model that knows how often a word comes and nothing else. */
export function unigramPerplexity(counts, { targets }) {
  const words = counts.reduce((sum, count) => sum + count, 0);
  return Math.exp(-targets.reduce((sum, word) => sum + Math.log(counts[word] / words), 0) / targets.length);
}
