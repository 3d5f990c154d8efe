// Hierarchical softmax: a distribution for every tree, its loss and gradients, the best, draws and training, against
// definitions, finite differences and the trees of word2vec and fastText.
import { describe, expect, test } from 'vitest';
import { HierarchicalSoftmax, HuffmanTree, Rng } from '../../lib/index';
import * as reference from '../../lib/reference';
import { libraries } from '../libraries';
import { createRandom } from '../seed';

type Type = 'float32' | 'float64';

const types: readonly Type[] = ['float32', 'float64'];
const arrayOf = (type: Type, values: readonly number[]) =>
  type === 'float32' ? Float32Array.from(values) : Float64Array.from(values);

/** A layer with random parameters, and the same in the reference; and hidden vectors. */
function made(
  type: Type,
  classes: number,
  dim: number,
  options: { bias?: boolean; spread?: number; batch?: number } = {},
) {
  const random = createRandom(classes * 31 + dim);
  const draw = (n: number, spread: number) =>
    arrayOf(
      type,
      Array.from({ length: n }, () => (random() - 0.5) * spread),
    );
  const { bias = false, spread = 2, batch = 5 } = options;
  const tree = HuffmanTree.fromCounts(Array.from({ length: classes }, () => Math.floor(1 / (random() + 1e-4))));
  const parameters = {
    tree,
    dim,
    type,
    weight: { data: draw((classes - 1) * dim, spread), dims: [classes - 1, dim] },
    bias: bias && draw(classes - 1, spread),
  };
  const hidden = { data: draw(batch * dim, spread), dims: [batch, dim] };
  const targets = Int32Array.from({ length: batch }, () => Math.floor(random() * classes));
  const layer = new HierarchicalSoftmax(parameters);
  const exact = new reference.HierarchicalSoftmax(parameters);
  return { tree, layer, exact, hidden, targets, parameters, random };
}

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i += 1) most = Math.max(most, Math.abs((a[i] as number) - (b[i] as number)));
  return most;
};

const tolerance = (type: Type): number => (type === 'float32' ? 4e-6 : 1e-13);

const shapes = [
  [1, 3],
  [2, 1],
  [3, 8],
  [17, 16],
  [100, 100],
  [300, 33],
] as const;

describe.each(types)('%s', (type) => {
  describe.each(shapes)('%i classes, %i elements', (classes, dim) => {
    test.each([false, true])('the reference says the same, with a bias: %s', (bias) => {
      const { layer, exact, hidden, targets } = made(type, classes, dim, { bias });
      const close = tolerance(type);
      expect(worst(layer.distribution(hidden).data, exact.distribution(hidden).data)).toBeLessThan(close);
      const values = layer.logProbability(hidden, targets);
      expect(worst(values, exact.logProbability(hidden, targets))).toBeLessThan(10 * close);
      for (const reduction of ['mean', 'sum'] as const) {
        const [ours, theirs] = [layer, exact].map((one) => one.lossAndGradient(hidden, targets, { reduction }));
        if (ours === undefined || theirs === undefined) throw new Error('two');
        expect(Math.abs(ours.loss - theirs.loss)).toBeLessThan(10 * close);
        expect(worst(ours.losses, theirs.losses)).toBeLessThan(10 * close);
        expect(worst(ours.hiddenGradient.data, theirs.hiddenGradient.data)).toBeLessThan(10 * close);
        expect(ours.weightGradient.ids).toEqual(theirs.weightGradient.ids);
        expect(worst(ours.weightGradient.values.data, theirs.weightGradient.values.data)).toBeLessThan(10 * close);
        expect(ours.biasGradient === undefined).toBe(!bias);
        if (bias) {
          expect(worst(ours.biasGradient?.values.data ?? [], theirs.biasGradient?.values.data ?? [])).toBeLessThan(
            close,
          );
        }
      }
    });

    test('the best are those of the whole distribution, best first', () => {
      const { layer, hidden } = made(type, classes, dim, { bias: true });
      const all = Int32Array.from({ length: classes }, (_, id) => id);
      for (let r = 0; r < 5; r += 1) {
        const one = hidden.data.slice(r * dim, (r + 1) * dim);
        const repeated = {
          data: arrayOf(type, all.length === 0 ? [] : [...all].flatMap(() => [...one])),
          dims: [classes, dim],
        };
        const values = layer.logProbability(repeated, all);
        for (const k of new Set([1, Math.min(10, classes), classes])) {
          const { ids, logProbabilities } = layer.topK(one, k);
          expect(ids.dims).toEqual([k]);
          expect(new Set(ids.data).size).toBe(k);
          const sorted = [...values].sort((a, b) => b - a).slice(0, k);
          expect(worst(logProbabilities.data, sorted)).toBeLessThan(10 * tolerance(type));
          ids.data.forEach((id, i) => {
            expect(logProbabilities.data[i]).toBeCloseTo(values[id] as number, type === 'float32' ? 4 : 11);
          });
        }
      }
    });
  });
});

describe.each(libraries)('%s', (_, { HierarchicalSoftmax: Layer }) => {
  test('probabilities add up to 1', () => {
    for (const [classes, dim] of shapes) {
      const { parameters, hidden } = made('float64', classes, dim, { spread: 6, bias: true });
      const { data } = new Layer(parameters).distribution(hidden);
      for (let r = 0; r < 5; r += 1) {
        const sum = Array.from(data.subarray(r * classes, (r + 1) * classes)).reduce((a, b) => a + b, 0);
        expect(Math.abs(sum - 1)).toBeLessThan(1e-12);
      }
    }
  });

  test('gradients are what finite differences say', () => {
    const { parameters, hidden, targets } = made('float64', 12, 3, { bias: true });
    const layer = new Layer(parameters);
    const { hiddenGradient, weightGradient, biasGradient } = layer.lossAndGradient(hidden, targets);
    const step = 1e-5;
    const slope = (data: { [i: number]: number }, i: number) => {
      const before = data[i] as number;
      const [up, down] = [step, -step].map((by) => {
        data[i] = before + by;
        return layer.lossAndGradient(hidden, targets).loss;
      }) as [number, number];
      data[i] = before;
      return (up - down) / (2 * step);
    };
    hiddenGradient.data.forEach((g, i) => {
      expect(Math.abs(slope(hidden.data, i) - g)).toBeLessThan(1e-9);
    });
    weightGradient.ids.forEach((id, place) => {
      for (let k = 0; k < 3; k += 1) {
        expect(
          Math.abs(slope(layer.weight.data, id * 3 + k) - (weightGradient.values.data[place * 3 + k] as number)),
        ).toBeLessThan(1e-9);
      }
      expect(Math.abs(slope(layer.bias?.data ?? [], id) - (biasGradient?.values.data[place] as number))).toBeLessThan(
        1e-9,
      );
    });
    // All others are 0.
    const others = [...Array(11).keys()].filter((id) => !weightGradient.ids.includes(id));
    for (const id of others) expect(slope(layer.weight.data, id * 3)).toBe(0);
  });

  test('ties of the best go to the lower id', () => {
    const tree = HuffmanTree.fromCounts([1, 1, 1, 1, 1, 1, 1, 1]);
    const layer = new Layer({ tree, dim: 2 });
    expect([...layer.topK([1, 2], 8).ids.data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...layer.topK([1, 2], 3).ids.data]).toEqual([0, 1, 2]);
  });

  test('scores far out neither overflow nor vanish', () => {
    const tree = HuffmanTree.fromCounts([2, 1, 1]);
    const layer = new Layer({ tree, dim: 1, type: 'float64', weight: { data: Float64Array.of(0, 1), dims: [2, 1] } });
    // Class 0 is bit 0 or 1 of the root: its probability is sigma(+-h).
    const values = [1000, -1000].map((h) => layer.logProbability([h], 0)).sort((a, b) => a - b);
    expect(values).toEqual([-1000, 0]);
    const small = [40, -40].map((h) => layer.logProbability([h], 0)).sort((a, b) => b - a);
    expect(small[0]).toBeCloseTo(-4.248354255291589e-18, 30);
  });

  test('draws have the distribution', () => {
    const { parameters, hidden } = made('float64', 12, 3, { batch: 1 });
    const layer = new Layer(parameters);
    const p = layer.distribution(hidden).data;
    const draws = 20_000;
    const repeated = {
      data: Float64Array.from({ length: draws * 3 }, (_, i) => hidden.data[i % 3] as number),
      dims: [draws, 3],
    };
    const ids = layer.sample(repeated, new Rng(5));
    const counts = new Float64Array(12);
    for (const id of ids) counts[id] = (counts[id] as number) + 1;
    const chiSquare = counts.reduce(
      (sum, n, id) => sum + (n - draws * (p[id] as number)) ** 2 / (draws * (p[id] as number)),
      0,
    );
    // The 0.9999 quantile of chi-square with 11 degrees of freedom.
    expect(chiSquare).toBeLessThan(37.4);
    expect(layer.sample(repeated, new Rng(5))).toEqual(ids);
    expect(typeof layer.sample(hidden.data, new Rng(5))).toBe('number');
  });

  test('a generator is two words further after each call', () => {
    const { parameters, hidden } = made('float64', 12, 3);
    const rng = new Rng(5);
    new Layer(parameters).sample(hidden, rng);
    expect(rng.state.taken).toBe('2');
  });

  test('bytes are the layer, with its tree', () => {
    for (const bias of [false, true]) {
      const { parameters, hidden, targets } = made('float32', 17, 5, { bias });
      const layer = new Layer(parameters);
      const again = Layer.fromBytes(layer.toBytes());
      expect(again.weight).toEqual(layer.weight);
      expect(again.bias).toEqual(layer.bias);
      expect(again.logProbability(hidden, targets)).toEqual(layer.logProbability(hidden, targets));
      expect(again.toBytes()).toEqual(layer.toBytes());
    }
  });
});

describe('trees of other programs', () => {
  const counts = [50, 20, 20, 10, 5, 5, 5, 1, 1, 1, 1];
  const dim = 3;
  const random = createRandom(3);
  const weight = Float64Array.from({ length: (counts.length - 1) * dim }, () => random() - 0.5);
  const hidden = Float64Array.from({ length: dim }, () => random() * 4 - 2);
  const sigma = (node: number) =>
    1 / (1 + Math.exp(-hidden.reduce((sum, h, k) => sum + h * (weight[node * dim + k] as number), 0)));

  /** Of counts in descending order, as both have it: a leaf is taken only where its count is strictly smaller. */
  function joined() {
    const n = counts.length;
    const count = [...counts, ...Array(n - 1).fill(1e15)] as number[];
    const parent: number[] = [];
    const binary: number[] = Array(2 * n - 1).fill(0);
    let [leaf, node] = [n - 1, n];
    const take = () => (leaf >= 0 && (count[leaf] as number) < (count[node] as number) ? leaf-- : node++);
    for (let made_ = n; made_ < 2 * n - 1; made_ += 1) {
      const [first, second] = [take(), take()];
      count[made_] = (count[first] as number) + (count[second] as number);
      [parent[first], parent[second], binary[second]] = [made_, made_, 1];
    }
    return Array.from({ length: n }, (_, id) => {
      const path = { nodes: [] as number[], bits: [] as number[] };
      for (let at = id; parent[at] !== undefined; at = parent[at] as number) {
        path.nodes.push((parent[at] as number) - n);
        path.bits.push(binary[at] as number);
      }
      return path;
    });
  }

  test.each(libraries)("%s: fastText's", (_, { HierarchicalSoftmax: Layer }) => {
    const paths = joined();
    const tree = HuffmanTree.fromPaths(paths, { convention: 'fasttext' });
    const layer = new Layer({ tree, dim, type: 'float64', weight: { data: weight, dims: [10, dim] } });
    // A bit of 1 has the probability sigma.
    const p = paths.map(({ nodes, bits }) =>
      nodes.reduce((product, node, j) => product * (bits[j] === 1 ? sigma(node) : 1 - sigma(node)), 1),
    );
    expect(worst(layer.distribution(hidden).data, p)).toBeLessThan(1e-15);
  });

  test.each(libraries)("%s: word2vec's", (_, { HierarchicalSoftmax: Layer }) => {
    const paths = joined().map(({ nodes, bits }) => ({ nodes: nodes.reverse(), bits: bits.reverse() }));
    const tree = HuffmanTree.fromPaths(paths);
    const layer = new Layer({ tree, dim, type: 'float64', weight: { data: weight, dims: [10, dim] } });
    const p = paths.map(({ nodes, bits }) =>
      nodes.reduce((product, node, j) => product * (bits[j] === 0 ? sigma(node) : 1 - sigma(node)), 1),
    );
    expect(worst(layer.distribution(hidden).data, p)).toBeLessThan(1e-15);
    expect(tree.expectedLength(counts)).toBe(HuffmanTree.fromCounts(counts).expectedLength(counts));
  });
});
