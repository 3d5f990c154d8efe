// Output layers off the event loop: the plain results, bit for bit, and parameters that are trained in place.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import { array, normals } from '../unit/layers/subjects';

// Large enough not to be computed at once.
const [batch, dim, classes] = [40, 32, 600];
const hidden = { data: array('float32', normals(batch * dim, 1, 5)), dims: [batch, dim] };
const targets = Int32Array.from({ length: batch }, (_, i) => (i * 37) % classes);
const adaptive = { classes, dim, cutoffs: [50, 200], divValue: 2, bias: true };
const { length } = new library.AdaptiveSoftmax(adaptive).parameters;
const parameters = array('float32', normals(length, 0.3, 7));
const weight = array('float32', normals(classes * dim, 0.3, 8));

const layers = [
  {
    name: 'FullSoftmax',
    plain: () => new library.FullSoftmax({ classes, dim, weight, bias: true }),
    promised: () => new promises.FullSoftmax({ classes, dim, weight, bias: true }),
  },
  {
    name: 'AdaptiveSoftmax',
    plain: () => new library.AdaptiveSoftmax({ ...adaptive, parameters }),
    promised: () => new promises.AdaptiveSoftmax({ ...adaptive, parameters }),
  },
];

describe.each(layers)('$name', ({ plain, promised }) => {
  test('results are those of the plain methods', async () => {
    const [now, later] = [plain(), promised()];
    expect(await later.logProbability(hidden, targets)).toEqual(now.logProbability(hidden, targets));
    expect(await later.distribution(hidden)).toEqual(now.distribution(hidden));
    expect(await later.topK(hidden, 7)).toEqual(now.topK(hidden, 7));
    const draws = now.sample(hidden, new library.Rng(3));
    expect(await later.sample(hidden, new promises.Rng(3))).toEqual(draws);
    expect(await later.lossAndGradient(hidden, targets)).toEqual(now.lossAndGradient(hidden, targets));
  });

  test.each(['shared', 'plain'])(
    'training changes layer and table in place, the table in %s memory',
    async (memory) => {
      const [now, later] = [plain(), promised()];
      const made = () => {
        const table = new library.EmbeddingTable({ size: batch, dim, seed: 2 });
        return memory === 'shared' ? table : { data: Float32Array.from(table.data), dims: [batch, dim] };
      };
      const [mine, others] = [made(), made()];
      const rows = Int32Array.from({ length: batch }, (_, i) => (i * 7) % batch);
      const options = { learningRate: 0.1, batchSize: 16 };
      const result = now.trainStep({ table: mine, rows }, targets, options);
      const weights = later.weight.data;
      const before = weights.slice();
      expect(await later.trainStep({ table: others, rows }, targets, options)).toEqual(result);
      expect(later.weight.data).toBe(weights);
      expect(weights).not.toEqual(before);
      expect(weights).toEqual(now.weight.data);
      expect(others.data).toEqual(mine.data);
    },
  );

  test('a wrong call is rejected', async () => {
    const layer = promised();
    const error = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' });
    await expect(
      layer.logProbability(
        hidden,
        targets.map(() => classes),
      ),
    ).rejects.toEqual(error);
    await expect(layer.topK(hidden, 0)).rejects.toEqual(error);
  });

  test('a signal gives a call up', async () => {
    const layer = promised();
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const aborted = expect.objectContaining({ code: 'ABORT_ERR', cause: reason });
    await expect(layer.distribution(hidden, { signal })).rejects.toEqual(aborted);
    const table = new library.EmbeddingTable({ size: 2000, dim });
    const rows = Int32Array.from({ length: 2000 }, (_, i) => i);
    const some = Int32Array.from({ length: 2000 }, (_, i) => i % classes);
    const before = layer.toBytes();
    const training = { learningRate: 0.1, batchSize: 1, signal };
    await expect(layer.trainStep({ table, rows }, some, training)).rejects.toEqual(aborted);
    expect(layer.toBytes()).toEqual(before);
  });

  test('what was learnt before a call was given up is kept', async () => {
    const layer = promised();
    const count = 20_000;
    const table = new library.EmbeddingTable({ size: 100, dim });
    const rows = Int32Array.from({ length: count }, (_, i) => i % 100);
    const some = Int32Array.from({ length: count }, (_, i) => i % classes);
    const controller = new AbortController();
    const started = layer.trainStep({ table, rows }, some, {
      learningRate: 0.01,
      batchSize: 1,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 60);
    const code = await started.then(
      () => 'none',
      (error: { code: string }) => error.code,
    );
    // Without a binary it has been learnt before the signal could come.
    expect(code).toBe(library.backend.kind === 'typescript' ? 'none' : 'ABORT_ERR');
    expect(layer.weight.data.every(Number.isFinite)).toBe(true);
    expect(layer.weight.data).not.toEqual(promised().weight.data);
  });

  test('bytes are those of the plain layer', () => {
    expect(promised().toBytes()).toEqual(plain().toBytes());
    const { fromBytes } = (promised() as unknown as { constructor: { fromBytes(bytes: Uint8Array): unknown } })
      .constructor;
    expect(fromBytes(plain().toBytes())).toBeInstanceOf((promised() as object).constructor);
  });
});
