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
 * @returns the mean of -log P under the model's own tree, or of the loss of negative sampling with noise counts^power, for
 *   each of the powers
 */
export function heldOutLosses(model, words, examples, { tree, powers }) {
  const rows = Int32Array.from(words, (word) => model.place.get(word));
  const hidden = hiddenOf(model.input, rows, examples.bags);
  const targets = examples.targets.map((word) => rows[word]);
  return tree ? [treeLoss(model, hidden, targets)] : negativeSamplingLosses(model, hidden, targets, powers);
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

function negativeSamplingLosses({ output, counts }, hidden, targets, powers) {
  const noises = powers.map((power) => shares(counts.map((count) => count ** power)));
  const [, dim] = output.dims;
  const score = (k, row) => {
    let sum = 0;
    for (let d = 0; d < dim; d += 1) sum += hidden.data[k * dim + d] * output.data[row * dim + d];
    return sum;
  };
  const expected = powers.map(() => 0);
  for (let k = 0; k < targets.length; k += 1) {
    for (let row = 0; row < counts.length; row += 1) {
      const loss = softplus(score(k, row));
      for (let i = 0; i < powers.length; i += 1) expected[i] += (noises[i][row] * loss) / targets.length;
    }
  }
  const positive = mean(targets.map((target, k) => softplus(-score(k, target))));
  return expected.map((loss) => positive + NEGATIVES * loss);
}

const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function shares(masses) {
  const all = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / all);
}

const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;
