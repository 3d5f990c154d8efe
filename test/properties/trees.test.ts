// Hierarchical softmax over any tree: the binary gives what the reference gives, and the best are the head of all.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as reference from '../../lib/reference';
import { seed } from '../seed';
import { normals } from '../unit/layers/subjects';

const shapes = fc.record({
  counts: fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 80 }),
  dim: fc.integer({ min: 1, max: 40 }),
  bias: fc.boolean(),
  stream: fc.integer(),
});

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce(
    (most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))),
    a.length === b.length ? 0 : Infinity,
  );

describe('HierarchicalSoftmax over a HuffmanTree', () => {
  test('is that of the reference', () => {
    const property = fc.property(shapes, ({ counts, dim, bias, stream }) => {
      const tree = library.HuffmanTree.fromCounts(counts);
      const classes = counts.length;
      const [layer, wanted] = [library, reference].map(({ HierarchicalSoftmax }) => {
        const weight = normals((classes - 1) * dim, 1, stream);
        return new HierarchicalSoftmax({ tree, dim, bias, type: 'float64', weight });
      }) as [library.HierarchicalSoftmax, library.HierarchicalSoftmax];
      const hidden = { data: normals(3 * dim, 1, stream + 1), dims: [3, dim] };
      expect(worst(layer.distribution(hidden).data, wanted.distribution(hidden).data)).toBeLessThan(1e-12);
      const all = layer.topK(hidden, classes);
      const best = layer.topK(hidden, Math.min(4, classes));
      expect(worst(all.logProbabilities.data, wanted.topK(hidden, classes).logProbabilities.data)).toBeLessThan(1e-11);
      for (let r = 0; r < 3; r += 1) {
        const k = Math.min(4, classes);
        expect(best.ids.data.slice(r * k, (r + 1) * k)).toEqual(all.ids.data.slice(r * classes, r * classes + k));
      }
      expect(layer.sample(hidden, new library.Rng(1))).toEqual(wanted.sample(hidden, new library.Rng(1)));
    });
    fc.assert(property, { seed, numRuns: 60 });
  });

  test('a limit that is kept, and no limit, give full trees', () => {
    const property = fc.property(shapes, fc.integer({ min: 7, max: 12 }), ({ counts }, maxLength) => {
      for (const options of [{}, { maxLength }]) {
        const tree = library.HuffmanTree.fromCounts(counts, options);
        const lengths = counts.map((_, id) => tree.codeOf(id).bits.length);
        expect(lengths.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
        if ('maxLength' in options) expect(tree.depth).toBeLessThanOrEqual(maxLength);
      }
    });
    fc.assert(property, { seed, numRuns: 100 });
  });
});
