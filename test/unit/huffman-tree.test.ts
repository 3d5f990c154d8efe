// Trees: optimal among all, whatever the counts; what paths they are made of, and what is refused.
import { describe, expect, test } from 'vitest';
import { type CodedError, HuffmanTree } from '../../lib/index';
import { createRandom } from '../seed';
import { thrown } from '../thrown';

const refusal = (call: () => unknown) => thrown(call) as CodedError;

const codes = (tree: HuffmanTree) =>
  Array.from({ length: tree.classes }, (_, id) => [...tree.codeOf(id).bits].join(''));
const lengths = (tree: HuffmanTree) => codes(tree).map((code) => code.length);
const cost = (counts: readonly number[], of: readonly number[]) =>
  counts.reduce((sum, c, i) => sum + c * (of[i] as number), 0);

const fibonacci = (n: number) => {
  const counts = [1, 1];
  while (counts.length < n) counts.push((counts.at(-1) as number) + (counts.at(-2) as number));
  return counts.slice(0, n);
};

/** The least cost of lengths that Kraft's inequality allows, none above `limit`: by trying all of them. */
function leastCost(counts: readonly number[], limit: number): number {
  const descending = [...counts].sort((a, b) => b - a);
  let best = Infinity;
  const place = (i: number, from: number, room: number, sum: number): void => {
    if (room < 0 || sum >= best) return;
    if (i === descending.length) {
      best = sum;
      return;
    }
    for (let length = from; length <= limit; length += 1) {
      place(i + 1, length, room - 2 ** (limit - length), sum + length * (descending[i] as number));
    }
  };
  place(0, counts.length === 1 ? 0 : 1, 2 ** limit, 0);
  return best;
}

/** What every tree is: no code begins with another, and together they are all there is. */
function isFull(tree: HuffmanTree): void {
  const all = codes(tree);
  const sorted = [...all].sort();
  expect(sorted.some((code, i) => i > 0 && code.startsWith(sorted[i - 1] as string))).toBe(false);
  expect(all.reduce((sum, code) => sum + 2 ** -code.length, 0)).toBe(1);
  const nodes = new Set(all.flatMap((_, id) => [...tree.codeOf(id).nodes]));
  expect([...nodes].sort((a, b) => a - b)).toEqual(Array.from({ length: tree.classes - 1 }, (_, i) => i));
}

describe('fromCounts', () => {
  test('no code is better, with a limit and without', () => {
    const random = createRandom(5);
    for (let turn = 0; turn < 150; turn += 1) {
      const counts = Array.from({ length: 1 + (turn % 8) }, () => Math.floor(random() ** 4 * 60));
      const tree = HuffmanTree.fromCounts(counts);
      isFull(tree);
      expect(cost(counts, lengths(tree))).toBe(leastCost(counts, 8));
      for (let limit = Math.ceil(Math.log2(counts.length)); limit <= 5; limit += 1) {
        const limited = HuffmanTree.fromCounts(counts, { maxLength: limit });
        isFull(limited);
        expect(limited.depth).toBeLessThanOrEqual(limit);
        expect(cost(counts, lengths(limited))).toBe(leastCost(counts, limit));
      }
    }
  });

  test('ties go to what was made first, classes before nodes', () => {
    expect(codes(HuffmanTree.fromCounts([1, 1, 1, 1]))).toEqual(['00', '01', '10', '11']);
    expect(codes(HuffmanTree.fromCounts([1, 1, 1]))).toEqual(['10', '11', '0']);
    expect(codes(HuffmanTree.fromCounts([2, 1, 1]))).toEqual(['0', '10', '11']);
    expect(codes(HuffmanTree.fromCounts([0, 0, 0, 1]))).toEqual(['010', '011', '00', '1']);
  });

  test('a class alone has the empty code', () => {
    const tree = HuffmanTree.fromCounts([7]);
    expect([tree.classes, tree.depth, codes(tree)]).toEqual([1, 0, ['']]);
    expect(tree.expectedLength([7])).toBe(0);
    expect(HuffmanTree.fromCounts([7], { maxLength: 0 }).depth).toBe(0);
  });

  test('counts of Fibonacci are as deep as can be, and a limit makes them shallow', () => {
    const counts = fibonacci(60);
    const tree = HuffmanTree.fromCounts(counts);
    expect(tree.depth).toBe(59);
    isFull(tree);
    for (const maxLength of [6, 7, 20, 58, 59, 100]) {
      const limited = HuffmanTree.fromCounts(counts, { maxLength });
      isFull(limited);
      expect(limited.depth).toBe(Math.min(maxLength, 59));
      expect(limited.expectedLength(counts)).toBeGreaterThanOrEqual(tree.expectedLength(counts));
    }
  });

  test('the expected length lies between the entropy and one bit more', () => {
    const counts = Array.from({ length: 1000 }, (_, i) => Math.floor(1e6 / (i + 1)));
    const total = counts.reduce((a, b) => a + b);
    const entropy = -counts.reduce((sum, c) => sum + (c / total) * Math.log2(c / total), 0);
    const length = HuffmanTree.fromCounts(counts).expectedLength(counts);
    expect(length).toBeGreaterThanOrEqual(entropy);
    expect(length).toBeLessThan(entropy + 1);
  });

  test('equal counts give a balanced tree', () => {
    expect(new Set(lengths(HuffmanTree.fromCounts(new Int32Array(1024).fill(3))))).toEqual(new Set([10]));
    expect(new Set(lengths(HuffmanTree.fromCounts(new Int32Array(1000))))).toEqual(new Set([9, 10]));
  });

  test('of arrays of all kinds', () => {
    const expected = codes(HuffmanTree.fromCounts([70000, 2, 131072, 5]));
    const arrays = [Int32Array, Uint32Array, Float32Array, Float64Array].map((Kind) => Kind.of(70000, 2, 131072, 5));
    for (const counts of [...arrays, BigInt64Array.of(70000n, 2n, 131072n, 5n)]) {
      expect(codes(HuffmanTree.fromCounts(counts))).toEqual(expected);
    }
    expect(codes(HuffmanTree.fromCounts([2 ** 52, 1, 2 ** 40, 1]))).toEqual(['1', '000', '01', '001']);
  });

  test('a million classes', () => {
    const counts = Float64Array.from({ length: 1e6 }, (_, i) => 1 + Math.floor(1e9 / (i + 1)));
    const tree = HuffmanTree.fromCounts(counts);
    expect(tree.depth).toBeLessThan(40);
    expect(tree.codeOf(999_999).nodes[0]).toBe(999_998);
  });

  test.each([
    [[], 'ERR_OUT_OF_RANGE', /"counts.length"/],
    [[1, -1], 'ERR_OUT_OF_RANGE', /"counts\[1\]".*safe integer >= 0.*-1/],
    [[1, 2, 0.5], 'ERR_OUT_OF_RANGE', /"counts\[2\]"/],
    [[NaN], 'ERR_OUT_OF_RANGE', /"counts\[0\]"/],
    [[2 ** 53, 1], 'ERR_OUT_OF_RANGE', /"counts\[0\]"/],
    [[2 ** 53 - 1, 1], 'ERR_OUT_OF_RANGE', /"counts".*sum/],
    [['1'], 'ERR_INVALID_ARG_TYPE', /"counts\[0\]"/],
    [{ length: 1, 0: 1 }, 'ERR_INVALID_ARG_TYPE', /"counts"/],
  ])('refuses %j', (counts, code, message) => {
    const error = refusal(() => HuffmanTree.fromCounts(counts as number[]));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test('refuses a maxLength with too few codes', () => {
    const error = refusal(() => HuffmanTree.fromCounts([1, 1, 1, 1, 1], { maxLength: 2 }));
    expect(error.code).toBe('ERR_OUT_OF_RANGE');
    expect(error.message).toMatch(/"options.maxLength".*>= 3 for 5 classes.*2/);
  });
});

describe('fromPaths', () => {
  const paths = [
    { nodes: [4, 3], bits: [0, 0] },
    { nodes: [4, 3], bits: [0, 1] },
    { nodes: [4, 0, 1], bits: [1, 0, 0] },
    { nodes: [4, 0, 1, 2], bits: [1, 0, 1, 0] },
    { nodes: [4, 0, 1, 2], bits: [1, 0, 1, 1] },
    { nodes: [4, 0], bits: [1, 1] },
  ];

  test('any full binary tree, with any numbers of its nodes', () => {
    const tree = HuffmanTree.fromPaths(paths);
    paths.forEach(({ nodes, bits }, id) => {
      expect(tree.codeOf(id)).toEqual({ nodes: Int32Array.from(nodes), bits: Uint8Array.from(bits) });
    });
    expect([tree.classes, tree.depth]).toEqual([6, 4]);
    isFull(tree);
    expect(HuffmanTree.fromPaths([{ nodes: [], bits: [] }]).classes).toBe(1);
  });

  test("fastText's, from the leaf and with the other bit", () => {
    const turned = paths.map(({ nodes, bits }) => ({
      nodes: Int32Array.from(nodes).reverse(),
      bits: Uint8Array.from(bits, (bit) => 1 - bit).reverse(),
    }));
    const tree = HuffmanTree.fromPaths(turned, { convention: 'fasttext' });
    expect(codes(tree)).toEqual(codes(HuffmanTree.fromPaths(paths)));
    expect([...tree.codeOf(4).nodes]).toEqual([4, 0, 1, 2]);
  });

  test('codeOf gives copies', () => {
    const tree = HuffmanTree.fromPaths(paths);
    tree.codeOf(3).nodes.fill(0);
    expect([...tree.codeOf(3).nodes]).toEqual([4, 0, 1, 2]);
    expect(refusal(() => tree.codeOf(6)).code).toBe('ERR_OUT_OF_RANGE');
    expect(refusal(() => tree.codeOf(0.5)).code).toBe('ERR_OUT_OF_RANGE');
    expect(refusal(() => tree.codeOf('0' as never)).code).toBe('ERR_INVALID_ARG_TYPE');
  });

  const changed = (id: number, path: object) => paths.map((given, i) => (i === id ? { ...given, ...path } : given));

  test.each([
    ['no path', [], /"paths.length"/],
    ['bits that do not fit', changed(1, { bits: [0] }), /"paths\[1\].bits".*2 elements/],
    ['an empty path among others', changed(1, { nodes: [], bits: [] }), /'paths\[1\].nodes'/],
    ['a node that is none', changed(2, { nodes: [4, 5, 1] }), /"paths\[2\].nodes\[1\]".*< 5/],
    ['a bit that is none', changed(2, { bits: [1, 2, 0] }), /"paths\[2\].bits\[1\]".*0 or 1/],
    ['two roots', changed(5, { nodes: [0], bits: [1] }), /'paths\[5\].nodes\[0\]'.*root, 4/],
    ['two classes at one leaf', changed(1, { bits: [0, 0] }), /'paths\[1\].nodes\[1\]'.*class 0, as another path does/],
    [
      'a leaf that is a node, too',
      changed(5, { nodes: [4], bits: [1] }),
      /'paths\[5\].nodes\[0\]'.*node 0, as another/,
    ],
    ['a circle', changed(5, { nodes: [4, 0, 4], bits: [1, 1, 0] }), /'paths\[5\].nodes\[1\]'.*above/],
    ['a node with two parents', changed(5, { nodes: [4, 0, 3], bits: [1, 1, 0] }), /'paths\[5\].nodes\[1\]'.*above/],
    [
      'a node with one child',
      [
        { nodes: [1, 0], bits: [0, 0] },
        { nodes: [1, 0], bits: [0, 1] },
        { nodes: [1, 0], bits: [0, 1] },
      ],
      /'paths\[2\]/,
    ],
    ['a number in place of a path', [3], /"paths\[0\]"/],
    ['words in place of nodes', changed(0, { nodes: ['4', 3] }), /"paths\[0\].nodes\[0\]"/],
    ['no array', { length: 1 }, /"paths"/],
  ])('refuses %s', (_, given, message) => {
    const error = refusal(() => HuffmanTree.fromPaths(given as never));
    expect(error.code).toMatch(/^ERR_/);
    expect(error.message).toMatch(message);
  });

  test('refuses a convention it does not know', () => {
    expect(refusal(() => HuffmanTree.fromPaths(paths, { convention: 'gensim' as never })).code).toBe(
      'ERR_INVALID_ARG_VALUE',
    );
  });
});

describe('expectedLength', () => {
  test('refuses other counts than it has classes, and none at all', () => {
    const tree = HuffmanTree.fromCounts([1, 2, 3]);
    expect(refusal(() => tree.expectedLength([1, 2])).code).toBe('ERR_SOFTMAX_SHAPE_MISMATCH');
    expect(refusal(() => tree.expectedLength([0, 0, 0])).code).toBe('ERR_OUT_OF_RANGE');
  });
});

describe('bytes', () => {
  test('are the tree', () => {
    for (const counts of [[3], [1, 1], [5, 2, 1, 1], fibonacci(50)]) {
      const tree = HuffmanTree.fromCounts(counts);
      const again = HuffmanTree.fromBytes(tree.toBytes());
      expect(codes(again)).toEqual(codes(tree));
      expect(again.codeOf(0).nodes).toEqual(tree.codeOf(0).nodes);
    }
  });

  test('that are not all there, or changed, are refused', () => {
    const bytes = HuffmanTree.fromCounts([5, 2, 1, 1]).toBytes();
    expect(refusal(() => HuffmanTree.fromBytes(bytes.slice(0, -1))).code).toBe('ERR_SOFTMAX_TRUNCATED');
    for (let i = 0; i < bytes.length; i += 1) {
      const other = bytes.slice();
      other[i] = (other[i] as number) ^ 4;
      expect(refusal(() => HuffmanTree.fromBytes(other)).code).toMatch(/CORRUPTED|TRUNCATED/);
    }
  });
});
