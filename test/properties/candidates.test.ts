// Sampled softmax and noise-contrastive estimation of any shape: the binary gives what the reference gives, gradients and
// training.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as reference from '../../lib/reference';
import { seed } from '../seed';
import { normals } from '../unit/layers/subjects';

const shapes = fc.record({
  batch: fc.integer({ min: 0, max: 20 }),
  dim: fc.integer({ min: 1, max: 40 }),
  classes: fc.integer({ min: 20, max: 200 }),
  samples: fc.integer({ min: 1, max: 19 }),
  isSampled: fc.boolean(),
  share: fc.constantFrom('batch' as const, 'example' as const, 'window' as const),
  form: fc.constantFrom('expectedCount' as const, 'negatives' as const),
  negativeSampling: fc.boolean(),
  bias: fc.boolean(),
  batchSize: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  stream: fc.integer({ min: 0, max: 1e6 }),
});

type Shape = typeof shapes extends fc.Arbitrary<infer Of> ? Of : never;

function everything({ SampledSoftmax, NoiseContrastive }: typeof reference, shape: Shape): ArrayLike<number>[] {
  const { batch, dim, classes, samples, isSampled, share, form, negativeSampling, bias, batchSize, stream } = shape;
  const proposal = library.proposals.logUniform(classes);
  const weight = normals(classes * dim, 1, stream);
  const common = { classes, dim, type: 'float64', bias, weight, proposal, samples, share } as const;
  const layer = isSampled
    ? new SampledSoftmax({ ...common, form })
    : new NoiseContrastive({ ...common, negativeSampling });
  const hidden = { data: normals(batch * dim, 1, stream + 1), dims: [batch, dim] };
  const targets = Int32Array.from({ length: batch }, (_, i) => ((stream + (i >> 1)) * 7919) % classes);
  const found = layer.lossAndGradient(hidden, targets, { rng: new library.Rng(stream) });
  const table = { data: hidden.data.slice(), dims: hidden.dims };
  const rows = Int32Array.from({ length: batch }, (_, i) => i);
  const options = { learningRate: 0.1, batchSize, rng: new library.Rng(stream + 1) };
  const { loss } = layer.trainStep({ table, rows }, targets, options);
  const gradients = [found.hiddenGradient.data, found.weightGradient.ids, found.weightGradient.values.data];
  return [[loss], found.losses, ...gradients, layer.weight.data, layer.bias?.data ?? [], table.data];
}

test('SampledSoftmax and NoiseContrastive are those of the reference', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const wanted = everything(reference, shape);
      everything(library, shape).forEach((values, part) => {
        const expected = wanted[part] as ArrayLike<number>;
        expect(values.length).toBe(expected.length);
        for (let i = 0; i < expected.length; i += 1) {
          const [x, y] = [values[i] as number, expected[i] as number];
          if (Number.isNaN(x) && Number.isNaN(y)) continue;
          expect(Math.abs(x - y)).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(y)));
        }
      });
    }),
    { seed, numRuns: 60 },
  );
}, 60_000);
