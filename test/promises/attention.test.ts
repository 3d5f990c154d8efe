// Attention off the event loop: the results of the plain functions, bit for bit, and a long call given up at once.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import { normal } from '../unit/attention-inputs';

const isNative = library.backend.kind !== 'typescript';
const [query, key, value] = [
  normal(Float32Array, [2, 4, 70, 16], 1),
  normal(Float32Array, [2, 2, 90, 16], 2),
  normal(Float32Array, [2, 2, 90, 12], 3),
];
const direction = normal(Float32Array, [2, 4, 70, 12], 4).data as Float32Array;
const mask = { data: new Uint8Array(90).map((_, j) => (j % 5 === 3 ? 0 : 1)), dims: [90] };
const bias = normal(Float32Array, [4, 70, 90], 5);
const all = [
  {},
  { causal: true, returnLogSumExp: true },
  { mask, bias, softcap: 3, beta: 0.5 },
  { scale: 1e30, beta: 1e-30 },
] as const;

describe('results are those of the plain functions', () => {
  test.each(all)('attention: %#', async (options) => {
    expect(await promises.attention(query, key, value, options)).toEqual(library.attention(query, key, value, options));
    const one = { data: query.data.subarray(0, 128), dims: [2, 4, 1, 16] };
    expect(await promises.attention(one, key, value, { window: 100 })).toEqual(
      library.attention(one, key, value, { window: 100 }),
    );
    const weights = { returnWeights: true } as const;
    expect(await promises.attention(query, key, value, weights)).toEqual(library.attention(query, key, value, weights));
  });

  test.each(all)('attentionVjp: %#', async (options) => {
    const chosen = { ...options, biasGradient: 'bias' in options };
    expect(await promises.attentionVjp(query, key, value, direction, chosen)).toEqual(
      library.attentionVjp(query, key, value, direction, chosen),
    );
  });

  test('out is written at the end', async () => {
    const out = new Float32Array(2 * 4 * 70 * 12);
    const result = promises.attention(query, key, value, { out });
    if (isNative) expect(out.every((x) => x === 0)).toBe(true);
    expect((await result).output).toBe(out);
    expect(out).toEqual(library.attention(query, key, value).output.data);
  });

  test('arrays that are given away come back', async () => {
    const [q, k, v] = [query, key, value].map(({ data, dims }) => ({ data: Float32Array.from(data), dims })) as [
      typeof query,
      typeof key,
      typeof value,
    ];
    const { result, transferred } = await promises.attention(q, k, v, { transfer: true });
    expect(result).toEqual(library.attention(query, key, value));
    expect(transferred).toEqual([
      { ...query, type: undefined },
      { ...key, type: undefined },
      { ...value, type: undefined },
    ]);
    if (isNative) expect(q.data.length).toBe(0);
  });
});

test('refused before it begins', async () => {
  const refused = promises.attention(query, key, { data: new Float32Array(4), dims: [2, 2] });
  await expect(refused).rejects.toThrow(expect.objectContaining({ code: 'ERR_SOFTMAX_SHAPE_MISMATCH' }));
  const thrown = promises.attention(query, key, value, {
    mask: { data: new Uint8Array(1), dims: [1] },
    nonFinite: 'throw',
  });
  await expect(thrown).rejects.toThrow(/^Row 0 of "query" and "key" must be finite/);
});

describe.runIf(isNative)('given up', () => {
  // A second of work and more.
  const long = (length: number) => ({ data: new Float32Array(length * 64), dims: [length, 64] });
  const [q, k] = [long(20000), long(20000)];

  test.each(['attention', 'attentionVjp'] as const)('%s, within 50 ms', async (name) => {
    const controller = new AbortController();
    const { signal } = controller;
    const call =
      name === 'attention'
        ? promises.attention(q, k, k, { signal })
        : promises.attentionVjp(q, k, k, q.data, { signal });
    const failed = expect(call).rejects.toThrow(expect.objectContaining({ name: 'AbortError', code: 'ABORT_ERR' }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const start = performance.now();
    controller.abort();
    await failed;
    expect(performance.now() - start).toBeLessThan(50);
  });
});
