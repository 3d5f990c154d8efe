// The losses off the event loop: the results of the plain functions, bit for bit, and storage that is written at the end
// or not at all.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import { createRandom } from '../seed';

const random = createRandom(47);
const isNative = library.backend.kind !== 'typescript';
// Large enough not to be computed at once.
const [rows, classes] = [90, 250];
const numbers = (length: number) => Float32Array.from({ length }, () => 6 * random() - 3);
const logits = () => ({ data: numbers(rows * classes), dims: [rows, classes] });
const indices = () => Int32Array.from({ length: rows }, (_, row) => (row % 7 === 0 ? -100 : (row * 31) % classes));
const move = (array: { buffer: ArrayBufferLike }) =>
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
const bytes = (array: Float32Array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const coded = (code: string) => expect.objectContaining({ code });

const z = logits();
const target = indices();
const probabilities = { data: library.softmax(logits().data, { beta: 2 }), dims: z.dims };
const weight = Float32Array.from({ length: classes }, () => random());
const mask = { data: new Uint8Array(classes).map((_, c) => (c % 5 === 3 ? 0 : 1)), dims: [classes] };

function layer(depth = 16) {
  return {
    hidden: { data: numbers(rows * depth), dims: [rows, depth] },
    matrix: { data: numbers(classes * depth), dims: [classes, depth] },
    bias: numbers(classes),
  };
}

describe('results are those of the plain functions', () => {
  test.each([
    {},
    { reduction: 'none' },
    { reduction: 'sum', weight, labelSmoothing: 0.1, gradient: true },
    { gradient: true, zLoss: 1e-3, softcap: 5, beta: 0.7 },
    { gradient: true, mask, nonFinite: 'ieee' },
    { gradient: true, beta: 1e30, labelSmoothing: { epsilon: 0.2, over: 'others' } },
  ] as const)('crossEntropy, classes: %j', async (options) => {
    expect(await promises.crossEntropy(z, target, options)).toEqual(library.crossEntropy(z, target, options));
    const big = BigInt64Array.from(target, BigInt);
    expect(await promises.crossEntropy(z, big, options)).toEqual(library.crossEntropy(z, target, options));
  });

  test.each([{}, { axis: 0 }, { weight, labelSmoothing: 0.1 }, { reduction: 'none', mask }, { beta: 1e30 }] as const)(
    'crossEntropy, probabilities: %j',
    async (options) => {
      const all = { ...options, gradient: true, targetGradient: true } as const;
      const wanted = { ...all, ...('weight' in options ? { weight } : {}) };
      expect(await promises.crossEntropy(z, probabilities, wanted)).toEqual(
        library.crossEntropy(z, probabilities, wanted),
      );
    },
  );

  test('nllLoss and klDivergence', async () => {
    const logP = library.logSoftmax(z);
    for (const options of [{}, { weight, gradient: true }, { reduction: 'none' }] as const) {
      expect(await promises.nllLoss(logP, target, options)).toEqual(library.nllLoss(logP, target, options));
      expect(await promises.nllLoss(logP, probabilities, options)).toEqual(
        library.nllLoss(logP, probabilities, options),
      );
    }
    const other = logits();
    for (const options of [{}, { beta: -2, mask }, { axis: 0, keepDims: true }, { axis: [0, 1] }]) {
      expect(await promises.klDivergence(z, other, options)).toEqual(library.klDivergence(z, other, options));
    }
  });

  test('linearCrossEntropy', async () => {
    const { hidden, matrix, bias } = layer();
    for (const options of [{}, { bias, gradient: true }, { mask, reduction: 'none', softcap: 3 }] as const) {
      expect(await promises.linearCrossEntropy(hidden, matrix, target, options)).toEqual(
        library.linearCrossEntropy(hidden, matrix, target, options),
      );
    }
    const options = { bias, gradient: { hidden: true, bias: true }, labelSmoothing: 0.1 } as const;
    expect(await promises.linearCrossEntropy(hidden, matrix, probabilities, options)).toEqual(
      library.linearCrossEntropy(hidden, matrix, probabilities, options),
    );
  });

  test('of one vector, and of nothing', async () => {
    expect(await promises.crossEntropy([1, 2, 4], 0)).toEqual(library.crossEntropy([1, 2, 4], 0));
    const none = { data: new Float32Array(0), dims: [0, 3] };
    expect(await promises.crossEntropy(none, [])).toEqual(library.crossEntropy(none, []));
    const long = numbers(30_000);
    expect(await promises.crossEntropy(long, 12_345, { gradient: true })).toEqual(
      library.crossEntropy(long, 12_345, { gradient: true }),
    );
  });
});

describe('gradients in storage of the caller', () => {
  test('in place of the logits, on any axis, and in the targets of a SharedArrayBuffer', async () => {
    for (const axis of [1, 0]) {
      const inPlace = { data: z.data.slice(), dims: z.dims };
      const result = await promises.crossEntropy(inPlace, probabilities, { axis, gradient: inPlace });
      expect(result.gradient).toBe(inPlace);
      expect(inPlace.data).toEqual(library.crossEntropy(z, probabilities, { axis, gradient: true }).gradient.data);
    }
    const shared = new Float32Array(new SharedArrayBuffer(4 * z.data.length));
    await promises.crossEntropy(z, target, { gradient: shared });
    expect([...shared]).toEqual([...library.crossEntropy(z, target, { gradient: true }).gradient.data]);
  });

  test('nothing is written before the end, nor after an error', async () => {
    const gradient = new Float32Array(z.data.length).fill(7);
    const promise = promises.crossEntropy(z, target, { gradient });
    if (isNative) expect(gradient.every((x) => x === 7)).toBe(true);
    await promise;
    expect(gradient).toEqual(library.crossEntropy(z, target, { gradient: true }).gradient.data);
    gradient.fill(7);
    const wrong = target.slice().fill(classes, 40, 41);
    const refused = promises.crossEntropy(z, wrong, { gradient });
    await expect(refused).rejects.toThrow(coded('ERR_OUT_OF_RANGE'));
    await expect(refused).rejects.toThrow('"target[40]"');
    expect(gradient.every((x) => x === 7)).toBe(true);
  });

  // Of two results one is gone: the other is left as it was.
  test.runIf(isNative).each([{}, { axis: 0 }, { beta: 1e30 }])(
    'storage that is gone at the end: %j',
    async (options) => {
      const gradient = new Float32Array(z.data.length).fill(7);
      const targetGradient = new Float32Array(z.data.length).fill(7);
      const promise = promises.crossEntropy(z, probabilities, { ...options, gradient, targetGradient });
      move(targetGradient);
      await expect(promise).rejects.toThrow(coded('ERR_SOFTMAX_DETACHED'));
      await expect(promise).rejects.toThrow('"options.targetGradient"');
      expect(gradient.every((x) => x === 7)).toBe(true);
    },
  );

  test.runIf(isNative)('of a linear layer, gone at the end', async () => {
    const { hidden, matrix, bias } = layer();
    const gradient = { hidden: hidden.data, weight: matrix.data.slice(), bias: bias.slice() };
    const before = hidden.data.slice();
    const promise = promises.linearCrossEntropy(hidden, matrix, target, { bias, gradient });
    move(gradient.bias);
    await expect(promise).rejects.toThrow('"options.gradient.bias"');
    expect(hidden.data).toEqual(before);
    expect(gradient.weight).toEqual(matrix.data);
  });
});

test('targets in a SharedArrayBuffer are those of the moment of the call', async () => {
  const shared = new Int32Array(new SharedArrayBuffer(4 * rows));
  shared.set(target);
  const first = promises.crossEntropy(z, shared);
  shared.fill(1 << 30);
  const floats = new Float32Array(new SharedArrayBuffer(4 * z.data.length));
  floats.set(probabilities.data);
  const second = promises.crossEntropy(z, { data: floats, dims: z.dims });
  floats.fill(NaN);
  expect(await first).toEqual(library.crossEntropy(z, target));
  expect(await second).toEqual(library.crossEntropy(z, probabilities));
});

describe('linearCrossEntropy', () => {
  test.runIf(isNative)('aborted in the middle: all storage is as it was', async () => {
    const [many, depth, wide] = [200, 256, 20_000];
    const hidden = { data: numbers(many * depth), dims: [many, depth] };
    const matrix = { data: numbers(wide * depth), dims: [wide, depth] };
    const labels = Int32Array.from({ length: many }, (_, row) => row);
    const bias = numbers(wide);
    const before = [hidden.data.slice(), matrix.data.slice(), bias.slice()];
    const gradient = { hidden, weight: new Float32Array(wide * depth), bias: new Float32Array(wide) };
    const controller = new AbortController();
    const promise = promises.linearCrossEntropy(hidden, matrix, labels, { bias, gradient, signal: controller.signal });
    let aborted = Infinity;
    setTimeout(() => {
      controller.abort('enough');
      aborted = performance.now();
    }, 20);
    await expect(promise).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
    // 50 ms are promised on a machine that has a processor for it.
    expect(performance.now() - aborted).toBeLessThan(500);
    const after = [hidden.data, matrix.data, bias];
    expect(after.map((array, i) => bytes(array).equals(bytes(before[i] as Float32Array)))).toEqual([true, true, true]);
    expect(gradient.weight.every((x) => x === 0) && gradient.bias.every((x) => x === 0)).toBe(true);
  });

  test('given away: hidden, weight and gradients come back', async () => {
    const { hidden, matrix, bias } = layer();
    const expected = library.linearCrossEntropy(hidden, matrix, target, { bias, gradient: true });
    const before = [hidden.data.slice(), matrix.data.slice()];
    const storage = new Float32Array(matrix.data.length);
    const given = target.slice();
    const promise = promises.linearCrossEntropy(hidden, matrix, given, {
      bias,
      gradient: { hidden: true, weight: storage, bias: true },
      transfer: true,
    });
    expect([hidden.data, matrix.data, bias, given, storage].map(({ length }) => length)).toEqual([0, 0, 0, 0, 0]);
    const { result, transferred } = await promise;
    expect(result.loss).toBe(expected.loss);
    expect(result.hiddenGradient).toEqual(expected.hiddenGradient);
    expect(result.weightGradient).toEqual(expected.weightGradient.data);
    expect(transferred).toHaveLength(5);
    const [h, w, t, , g] = transferred as [typeof hidden, typeof matrix, Int32Array, Float32Array, Float32Array];
    expect([h.data, w.data]).toEqual(before);
    expect([h.dims, w.dims]).toEqual([hidden.dims, matrix.dims]);
    expect(t).toEqual(target);
    expect(g).toBe(result.weightGradient);
  });
});

describe('given away, and refused', () => {
  test('options that are inherited count', async () => {
    const options = Object.assign(Object.create({ axis: 0, reduction: 'none' }), { transfer: true }) as {
      transfer: true;
      axis: 0;
      reduction: 'none';
    };
    const labels = Int32Array.from({ length: classes }, (_, column) => column % rows);
    const expected = library.crossEntropy(z, labels, { axis: 0, reduction: 'none' });
    const given = { data: z.data.slice(), dims: z.dims };
    expect((await promises.crossEntropy(given, labels, options)).result).toEqual(expected);
  });

  test('in place of what was given away, it is computed once', async () => {
    const given = { data: z.data.slice(), dims: z.dims };
    const { result, transferred } = await promises.softmax(given, { out: given, transfer: true });
    expect(result.data).toEqual(library.softmax(z).data);
    expect(transferred).toHaveLength(2);
  });

  test('an aborted call keeps its arrays', async () => {
    const given = { data: z.data.slice(), dims: z.dims };
    const options = { transfer: true, signal: AbortSignal.abort() } as const;
    await expect(promises.crossEntropy(given, target, options)).rejects.toThrow(coded('ABORT_ERR'));
    expect(given.data).toEqual(z.data);
  });

  test.runIf(isNative)('one call too many gets its arrays back', async () => {
    const row = numbers(20_000);
    const calls = Array.from({ length: 1024 }, () => promises.softmax(row));
    const given = row.slice();
    const refused = promises.softmax(given, { transfer: true });
    const error = await refused.catch((reason: unknown) => reason as { code: string; transferred: Float32Array[] });
    expect(error).toMatchObject({ code: 'ERR_SOFTMAX_TOO_MANY_JOBS' });
    expect((error as { transferred: Float32Array[] }).transferred[0]).toEqual(row);
    await Promise.all(calls);
  });

  test('a signal that throws is the rejection, and harms nothing', async () => {
    const broken = {
      aborted: false,
      addEventListener: () => {
        throw new Error('broken');
      },
      removeEventListener: () => {
        throw new Error('broken');
      },
    } as unknown as AbortSignal;
    if (!isNative) return;
    await expect(promises.softmax(z, { signal: broken })).rejects.toThrow('broken');
    expect(await promises.softmax(z)).toEqual(library.softmax(z));
  });
});

describe('every function of the library', () => {
  const functions = (of: object) => Object.keys(of).filter((name) => typeof of[name as never] === 'function');

  test('is there', () => {
    const wanted = functions(library).filter((name) => name !== 'setThreads');
    expect(functions(promises).sort()).toEqual(wanted.sort());
  });

  // A class is made at once, and refuses at once.
  test.each(functions(promises).filter((name) => !/^[A-Z]/.test(name)))(
    '%s rejects what the plain function throws',
    async (name) => {
      const plain = (library as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
      const promised = (promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name];
      for (const args of [[], ['text'], [[1, 2], 'text', 'text', 'text']]) {
        let thrown: unknown;
        try {
          plain?.(...args);
        } catch (error) {
          thrown = error;
        }
        const { code, message } = thrown as { code: string; message: string };
        await expect(promised?.(...args)).rejects.toMatchObject({ code, message });
      }
    },
  );
});
