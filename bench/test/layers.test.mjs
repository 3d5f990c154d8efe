// What bench/layers computes itself: fastText's tree, held-out losses, and how experiments know the truth.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeProblem, proposalsFor } from '../experiments/problem.mjs';
import { constantsOf } from '../experiments/theory.mjs';
import { bagsOf } from '../layers/bags.mjs';
import { fastTextPaths } from '../layers/fasttext-tree.mjs';
import { heldOutLosses } from '../layers/held-out.mjs';
import { native } from '../library.mjs';

test("fastText's tree is a Huffman tree", () => {
  const counts = Array.from({ length: 300 }, (_, i) => Math.ceil(5000 / (i + 1)));
  const tree = native.HuffmanTree.fromPaths(fastTextPaths(counts), { convention: 'fasttext' });
  const best = native.HuffmanTree.fromCounts(counts);
  assert.ok(Math.abs(tree.expectedLength(counts) - best.expectedLength(counts)) < 1e-12);
});

test('a model that knows nothing has the loss of a coin for each score', () => {
  const words = ['a', 'b', 'c'];
  const zeros = { data: new Float32Array(6), dims: [3, 2] };
  const model = { input: zeros, output: zeros, place: new Map(words.map((word, i) => [word, i])), counts: [4, 2, 1] };
  const examples = { bags: [[0], [1, 2]], targets: [1, 0] };
  const losses = heldOutLosses(model, words, examples, { tree: false, powers: [0.75, 0.5] });
  for (const loss of losses) assert.ok(Math.abs(loss - 6 * Math.LN2) < 1e-12);
  // b is two bits deep, a one.
  const [ofTree] = heldOutLosses(model, words, examples, { tree: true });
  assert.ok(Math.abs(ofTree - 1.5 * Math.LN2) < 1e-6);
});

test('bags are the words around each word', () => {
  const [{ rows, offsets, targets, words }] = bagsOf([Int32Array.of(7, 8, 9)], { window: 1 });
  assert.deepEqual([[...rows], [...offsets], [...targets], words], [[8, 7, 9, 8], [0, 1, 3, 4], [7, 8, 9], 3]);
});

test("the model's own distribution as a proposal: no chi^2, no bias", () => {
  const problem = makeProblem({ classes: 200, dim: 4 });
  const proposals = new Map(proposalsFor(problem));
  const own = constantsOf(problem, proposals.get('softmax of the model'));
  assert.ok(Math.abs(own.chi2) < 1e-9);
  assert.ok(Math.hypot(...own.bias) < 1e-9);
  assert.ok(constantsOf(problem, proposals.get('uniform')).chi2 > 1);
});
