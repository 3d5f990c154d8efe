// The layers that sample, off the event loop: the plain results, bit for bit, trained in place, given up.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import { array, normals } from '../unit/layers/subjects';

// Large enough not to be computed at once.
const [batch, dim, classes] = [64, 32, 600];
const hidden = { data: array('float32', normals(batch * dim, 1, 5)), dims: [batch, dim] };
const targets = Int32Array.from({ length: batch }, (_, i) => ((i >> 2) * 37) % classes);
const weight = array('float32', normals(classes * dim, 0.3, 8));
const proposal = library.proposals.logUniform(classes);
const common = { classes, dim, weight, bias: true, proposal };
const withRng = () => ({ rng: new library.Rng(6) });

const layers = [
  {
    name: 'SampledSoftmax',
    plain: () => new library.SampledSoftmax({ ...common, samples: 100 }),
    promised: () => new promises.SampledSoftmax({ ...common, samples: 100 }),
  },
  {
    name: 'NoiseContrastive',
    plain: () => new library.NoiseContrastive({ ...common, samples: 8, logPartition: 'learned', share: 'window' }),
    promised: () => new promises.NoiseContrastive({ ...common, samples: 8, logPartition: 'learned', share: 'window' }),
  },
];

describe.each(layers)('$name', ({ plain, promised }) => {
  test('results are those of the plain methods', async () => {
    const [now, later] = [plain(), promised()];
    const wanted = now.lossAndGradient(hidden, targets, withRng());
    expect(await later.lossAndGradient(hidden, targets, withRng())).toEqual(wanted);
    expect(await later.logProbability(hidden, targets)).toEqual(now.logProbability(hidden, targets));
    expect(later.toBytes()).toEqual(now.toBytes());
  });

  test.each(['shared', 'plain'])('training is in place, the table in %s memory', async (memory) => {
    const [now, later] = [plain(), promised()];
    const made = () => {
      const table = new library.EmbeddingTable({ size: batch, dim, seed: 2 });
      return memory === 'shared' ? table : { data: Float32Array.from(table.data), dims: [batch, dim] };
    };
    const [mine, others] = [made(), made()];
    const rows = Int32Array.from({ length: batch }, (_, i) => (i * 7) % batch);
    const result = now.trainStep({ table: mine, rows }, targets, { learningRate: 0.1, ...withRng() });
    const training = later.trainStep({ table: others, rows }, targets, { learningRate: 0.1, ...withRng() });
    expect(await training).toEqual(result);
    expect(later.toBytes()).toEqual(now.toBytes());
    expect(others.data).toEqual(mine.data);
  });

  test('wrong calls are rejected, with nothing drawn', async () => {
    const { rng } = withRng();
    const wrong = promised().lossAndGradient([1], 0, { rng });
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_SOFTMAX_SHAPE_MISMATCH' });
    expect(rng.state).toEqual(new library.Rng(6).state);
  });

  test('a call is given up; what was learnt stays', async () => {
    const layer = promised();
    const count = 200_000;
    const table = new library.EmbeddingTable({ size: 100, dim });
    const rows = Int32Array.from({ length: count }, (_, i) => i % 100);
    const some = Int32Array.from({ length: count }, (_, i) => i % classes);
    const controller = new AbortController();
    const { signal } = controller;
    const options = { learningRate: 0.001, batchSize: 1000, signal, ...withRng() };
    const started = layer.trainStep({ table, rows }, some, options);
    setTimeout(() => controller.abort(), 5);
    const code = await started.then(
      () => 'none',
      (error: { code: string }) => error.code,
    );
    expect(['none', 'ABORT_ERR']).toContain(code);
    expect(layer.weight.data.every(Number.isFinite)).toBe(true);
    const aborted = layer.trainStep({ table, rows }, some, { ...options, signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });
});
