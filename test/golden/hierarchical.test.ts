// Values computed at 60 digits (goldens.json, section 9).
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import goldens from './goldens.json';

const golden =
  goldens[
    '9 hierarchical softmax counts a5 b2 c1 d1, h=[.5,-1], v0=[.2,.4] v1=[-.3,.1] v2=[.6,-.5]; sigma(v.h) = P(bit 0)'
  ];
const deepest = goldens['9 smallest Fibonacci vocabulary whose Huffman depth exceeds word2vec MAX_CODE_LENGTH=40'];
const counts = [5, 2, 1, 1];
const words = ['a', 'b', 'c', 'd'] as const;
const hidden = [0.5, -1];
const weight = { data: Float64Array.of(0.2, 0.4, -0.3, 0.1, 0.6, -0.5), dims: [3, 2] };

describe.each(libraries)('%s', (_, { HierarchicalSoftmax, HuffmanTree }) => {
  const tree = HuffmanTree.fromCounts(counts);
  const layer = new HierarchicalSoftmax({ tree, dim: 2, type: 'float64', weight });

  test('codes and paths', () => {
    words.forEach((word, id) => {
      const { nodes, bits } = tree.codeOf(id);
      expect(bits.join('')).toBe(golden.codes[word]);
      expect([...nodes]).toEqual(golden.paths[word]);
    });
    expect(tree.expectedLength(counts)).toBeCloseTo(Number(golden.expected_length), 15);
    expect(tree.expectedLength(counts)).toBeGreaterThanOrEqual(Number(golden.entropy_bits));
  });

  test('probabilities', () => {
    const { data } = layer.distribution(hidden);
    words.forEach((word, id) => {
      expect(data[id]).toBeCloseTo(Number(golden.probs[word]), 15);
      expect(Math.exp(layer.logProbability(hidden, id))).toBeCloseTo(Number(golden.probs[word]), 15);
    });
  });

  test('loss and gradients', () => {
    const { loss, hiddenGradient, weightGradient } = layer.lossAndGradient(hidden, 2);
    expect(loss).toBeCloseTo(Number(golden.loss_c), 15);
    hiddenGradient.data.forEach((g, k) => {
      expect(g).toBeCloseTo(Number(golden.dL_dh[k]), 15);
    });
    expect([...weightGradient.ids]).toEqual([0, 1, 2]);
    const rows = [golden.dL_dv[0], golden.dL_dv[1], golden.dL_dv[2]].flat();
    rows.forEach((g, i) => {
      expect(weightGradient.values.data[i]).toBeCloseTo(Number(g), 15);
    });
  });

  test('a tree deeper than word2vec can hold', () => {
    const fibonacci = [1, 1];
    while (fibonacci.length < deepest.words)
      fibonacci.push((fibonacci.at(-1) as number) + (fibonacci.at(-2) as number));
    expect(fibonacci.reduce((a, b) => a + b)).toBe(deepest.total_count);
    expect(HuffmanTree.fromCounts(fibonacci).depth).toBe(deepest.depth);
  });
});
