// Full and adaptive softmax of any shape: the binary gives what the reference gives.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as reference from '../../lib/reference';
import { seed } from '../seed';
import { normals } from '../unit/layers/subjects';

const shapes = fc.record({
  batch: fc.integer({ min: 0, max: 12 }),
  dim: fc.integer({ min: 1, max: 40 }),
  ends: fc.uniqueArray(fc.integer({ min: 1, max: 700 }), { minLength: 2, maxLength: 5 }),
  divValue: fc.constantFrom(1, 1.5, 2, 4, 9),
  bias: fc.boolean(),
  stream: fc.integer(),
});

type Shape = typeof shapes extends fc.Arbitrary<infer Of> ? Of : never;

/** The same layer from both, with its hidden vectors and targets. */
function made({ batch, dim, ends, divValue, bias, stream }: Shape, isAdaptive: boolean) {
  const cutoffs = ends.toSorted((a, b) => a - b);
  const classes = cutoffs.pop() as number;
  const type = 'float64';
  const pair = [library, reference].map(({ FullSoftmax, AdaptiveSoftmax }): library.OutputLayer => {
    if (!isAdaptive) return new FullSoftmax({ classes, dim, type, bias, weight: normals(classes * dim, 1, stream) });
    const layer = new AdaptiveSoftmax({ classes, dim, type, cutoffs, divValue, bias });
    layer.parameters.set(normals(layer.parameters.length, 1, stream));
    return layer;
  }) as [library.OutputLayer, library.OutputLayer];
  const hidden = { data: normals(batch * dim, 1, stream + 1), dims: [batch, dim] };
  const targets = Int32Array.from({ length: batch }, (_, i) => Math.abs(stream + i * 7919) % classes);
  return { pair, hidden, targets, classes };
}

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i += 1) {
    const size = Math.max(1, Math.abs(wanted[i] as number));
    const close = Math.abs((found[i] as number) - (wanted[i] as number)) <= 1e-11 * size;
    if (!close) throw new Error(`element ${i} is ${found[i]}, not ${wanted[i]}`);
  }
}

describe.each([
  ['FullSoftmax', false],
  ['AdaptiveSoftmax', true],
])('%s', (_, isAdaptive) => {
  test('is that of the reference', () => {
    const property = fc.property(shapes, (shape) => {
      const { pair, hidden, targets, classes } = made(shape, isAdaptive);
      const [layer, wanted] = pair;
      const k = Math.min(classes, 5);
      expectClose(layer.distribution(hidden).data, wanted.distribution(hidden).data);
      expectClose(layer.logProbability(hidden, targets), wanted.logProbability(hidden, targets));
      expect(layer.topK(hidden, k).ids).toEqual(wanted.topK(hidden, k).ids);
      expectClose(layer.topK(hidden, k).logProbabilities.data, wanted.topK(hidden, k).logProbabilities.data);
      expect(layer.sample(hidden, new library.Rng(1))).toEqual(wanted.sample(hidden, new library.Rng(1)));
      const [found, expected] = [layer, wanted].map((of) => of.lossAndGradient(hidden, targets, { reduction: 'sum' }));
      expectClose([found?.loss ?? 0], [expected?.loss ?? 0]);
      expectClose(found?.hiddenGradient.data ?? [], expected?.hiddenGradient.data ?? []);
      expectClose(found?.weightGradient.values.data ?? [], expected?.weightGradient.values.data ?? []);
    });
    fc.assert(property, { seed, numRuns: 60 });
  });

  test('topK is the head of the whole order, whatever clusters are left alone', () => {
    const property = fc.property(shapes, fc.integer({ min: 1, max: 30 }), (shape, most) => {
      const { pair, hidden, classes } = made({ ...shape, batch: 4 }, isAdaptive);
      const [layer] = pair;
      const k = Math.min(classes, most);
      const all = layer.topK(hidden, classes);
      const some = layer.topK(hidden, k);
      for (let r = 0; r < 4; r += 1) {
        const head = all.ids.data.slice(r * classes, r * classes + k);
        expect(some.ids.data.slice(r * k, (r + 1) * k)).toEqual(head);
      }
    });
    fc.assert(property, { seed, numRuns: 60 });
  });
});
