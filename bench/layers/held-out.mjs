// The exact loss of a model on pairs that it has not seen, whoever has trained it: no samples, no tables, float64.
import { pairsOf } from '../../examples/words/skip-gram.mjs';
import { native } from '../library.mjs';
import { bagsOf } from './bags.mjs';
import { fastTextPaths } from './fasttext-tree.mjs';
import { NEGATIVES, WINDOW } from './modes.mjs';

/** @returns { bags: [[word, ...], ...], targets }: so many examples, taken evenly from the held-out text */
export function heldOutExamples(blocks, { bag }, wanted = 2000) {
  const all = { bags: [], targets: [] };
  for (const { rows, offsets, targets } of (bag ? bagsOf : pairsOf)(blocks, { window: WINDOW, seed: 99 })) {
    targets.forEach((target, k) => {
      all.bags.push(offsets === undefined ? [rows[k]] : [...rows.subarray(offsets[k], offsets[k + 1])]);
      all.targets.push(target);
    });
  }
  const numbers = Array.from({ length: wanted }, (_, i) => Math.floor((i * all.targets.length) / wanted));
  return { bags: numbers.map((n) => all.bags[n]), targets: numbers.map((n) => all.targets[n]) };
}

/**
 * @param model { input, output, place, counts } of models.mjs
 * @param words the library's words, which the examples are numbers of
 * @returns the mean of -log P under the model's own tree, or of the loss of negative sampling with noise counts^power
 */
export function heldOutLoss(model, words, examples, { tree, power }) {
  const rows = Int32Array.from(words, (word) => model.place.get(word));
  const hidden = hiddenOf(model.input, rows, examples.bags);
  const targets = examples.targets.map((word) => rows[word]);
  return tree ? treeLoss(model, hidden, targets) : negativeSamplingLoss(model, hidden, targets, power);
}

function hiddenOf({ data, dims: [, dim] }, rows, bags) {
  const hidden = new Float32Array(bags.length * dim);
  bags.forEach((bag, k) => {
    for (const word of bag) {
      for (let d = 0; d < dim; d += 1) hidden[k * dim + d] += data[rows[word] * dim + d] / bag.length;
    }
  });
  return { data: hidden, dims: [bags.length, dim] };
}

// A model without paths is fastText's, whose convention is the other one.
function treeLoss({ output, counts, paths }, hidden, targets) {
  const tree = native.HuffmanTree.fromPaths(paths ?? fastTextPaths(counts), {
    convention: paths === undefined ? 'fasttext' : 'word2vec',
  });
  const dim = output.dims[1];
  const weight = { data: output.data.subarray(0, (tree.classes - 1) * dim), dims: [tree.classes - 1, dim] };
  const layer = new native.HierarchicalSoftmax({ tree, dim, weight });
  return -mean(layer.logProbability(hidden, targets));
}

function negativeSamplingLoss({ output, counts }, hidden, targets, power) {
  const noise = counts.map((count) => count ** power);
  const all = noise.reduce((sum, share) => sum + share, 0);
  const [, dim] = output.dims;
  const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const score = (k, row) => {
    let sum = 0;
    for (let d = 0; d < dim; d += 1) sum += hidden.data[k * dim + d] * output.data[row * dim + d];
    return sum;
  };
  const losses = targets.map((target, k) => {
    let expected = 0;
    for (let row = 0; row < counts.length; row += 1) expected += (noise[row] / all) * softplus(score(k, row));
    return softplus(-score(k, target)) + NEGATIVES * expected;
  });
  return mean(losses);
}

const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;
