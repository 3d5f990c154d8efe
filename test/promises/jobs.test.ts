// Calls off the event loop: results, aborts, and what may happen to the caller's arrays meanwhile. The plain functions
// say what is right.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import { createRandom } from '../seed';

const random = createRandom(41);
// Large enough not to be computed at once.
const size = 20_000;
const logits = () => Float32Array.from({ length: size }, () => 20 * random() - 10);
const bytes = (array: Float32Array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const coded = (code: string) => expect.objectContaining({ code });

describe('results are those of the plain functions, bit for bit', () => {
  const z = logits();
  const tensor = { data: z, dims: [4, 50, 100] };
  const float64 = Float64Array.from(z);
  const mask = { data: new Uint8Array(100).map((_, i) => (i % 3 === 0 ? 0 : 1)), dims: [100] };

  test.each([
    {},
    { beta: -2 },
    { beta: 1e30 },
    { axis: 0 },
    { axis: [0, 2] },
    { axis: 1, temperature: 0.3 },
    { mask },
    { nonFinite: 'ieee' as const },
  ])('%j', async (options) => {
    expect(await promises.softmax(tensor, options)).toEqual(library.softmax(tensor, options));
    expect(await promises.logSoftmax(tensor, options)).toEqual(library.logSoftmax(tensor, options));
    expect(await promises.logSumExp(tensor, options)).toEqual(library.logSumExp(tensor, options));
    expect(await promises.smoothMax(tensor, options)).toEqual(library.smoothMax(tensor, options));
    expect(await promises.diagnose(tensor, options)).toEqual(library.diagnose(tensor, options));
    if (Array.isArray(options.axis)) return;
    const single = options as { axis?: number };
    expect(await promises.argmax(tensor, single)).toEqual(library.argmax(tensor, single));
    expect(await promises.hardmax(tensor, { ...single, ties: 'split' })).toEqual(
      library.hardmax(tensor, { ...single, ties: 'split' }),
    );
  });

  test('a vector, of either type, short or long', async () => {
    for (const vector of [z, float64, [1, 2, 4], new Float32Array(0), z.subarray(3, 18_007)]) {
      expect(await promises.softmax(vector)).toEqual(library.softmax(vector));
      expect(await promises.logSumExp(vector)).toEqual(library.logSumExp(vector));
      expect(await promises.diagnose(vector)).toEqual(library.diagnose(vector));
    }
    expect(await promises.argmax(z)).toBe(library.argmax(z));
    expect(await promises.smoothMax(float64, { beta: 3 })).toBe(library.smoothMax(float64, { beta: 3 }));
  });

  test('weights and signs', async () => {
    const weights = { data: Float32Array.from({ length: 100 }, () => random() - 0.5), dims: [100] };
    for (const options of [{ weights, returnSign: true } as const, { returnSign: true } as const]) {
      expect(await promises.logSumExp(tensor, options)).toEqual(library.logSumExp(tensor, options));
    }
  });

  test('in storage of the caller, in place too', async () => {
    const out = new Float32Array(size);
    expect(await promises.softmax(z, { out })).toBe(out);
    expect(out).toEqual(library.softmax(z));
    const own = z.slice();
    expect(await promises.logSoftmax(own, { out: own })).toBe(own);
    expect(own).toEqual(library.logSoftmax(z));
    const columns = { data: new Float32Array(size), dims: [4, 50, 100] };
    expect(await promises.softmax(tensor, { axis: [0, 2], out: columns })).toBe(columns);
    expect(columns.data).toEqual(library.softmax(tensor, { axis: [0, 2] }).data);
  });

  test('many in flight', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => z.subarray(i, i + 18_000));
    const results = await Promise.all(rows.map((row) => promises.softmax(row)));
    for (const [i, row] of rows.entries()) {
      expect(bytes(results[i] as Float32Array).equals(bytes(library.softmax(row)))).toBe(true);
    }
  });
});

describe('what happens to the arrays meanwhile has no effect', () => {
  test('the logits are overwritten, transferred, shrunk', async () => {
    const z = logits();
    const expected = library.softmax(z);
    const overwritten = z.slice();
    const first = promises.softmax(overwritten);
    overwritten.fill(NaN);
    const transferred = z.slice();
    const second = promises.softmax(transferred);
    structuredClone(transferred.buffer, { transfer: [transferred.buffer] });
    const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
    const buffer = new Resizable(4 * size, { maxByteLength: 4 * size });
    const shrunk = new Float32Array(buffer);
    shrunk.set(z);
    const third = promises.softmax(shrunk);
    (buffer as unknown as { resize(length: number): void }).resize(0);
    const shared = new Float32Array(new SharedArrayBuffer(4 * size));
    shared.set(z);
    const fourth = promises.softmax(shared);
    shared.fill(0);
    for (const result of await Promise.all([first, second, third, fourth])) expect(result).toEqual(expected);
  });

  test('nothing is written to out before the end', async () => {
    if (library.backend.kind === 'typescript') return;
    const z = logits();
    const out = new Float32Array(size).fill(7);
    const promise = promises.softmax(z, { out });
    expect(out.every((x) => x === 7)).toBe(true);
    await promise;
    expect(out).toEqual(library.softmax(z));
  });

  test('an out that is gone at the end is an error', async () => {
    if (library.backend.kind === 'typescript') return;
    const z = logits();
    const out = new Float32Array(size);
    const promise = promises.softmax(z, { out });
    structuredClone(out.buffer, { transfer: [out.buffer] });
    await expect(promise).rejects.toThrow(coded('ERR_SOFTMAX_DETACHED'));
    const columns = { data: new Float32Array(size), dims: [4, 50, 100] };
    const strided = promises.softmax({ data: z, dims: [4, 50, 100] }, { axis: [0, 2], out: columns });
    structuredClone(columns.data.buffer, { transfer: [columns.data.buffer] });
    await expect(strided).rejects.toThrow(coded('ERR_SOFTMAX_DETACHED'));
  });
});

describe('errors', () => {
  test('are rejections, never thrown', async () => {
    const calls: [() => Promise<unknown>, string][] = [
      [() => promises.softmax('no logits' as never), 'ERR_INVALID_ARG_TYPE'],
      [() => promises.softmax([1], 3 as never), 'ERR_INVALID_ARG_TYPE'],
      [() => promises.softmax([1], { beta: 1, base: 2 }), 'ERR_INVALID_ARG_VALUE'],
      [() => promises.softmax([1], { axis: 1 }), 'ERR_OUT_OF_RANGE'],
      [() => promises.softmax([1], { signal: 1 as never }), 'ERR_INVALID_ARG_TYPE'],
      [() => promises.softmax([1], { transfer: 1 as never }), 'ERR_INVALID_ARG_TYPE'],
      [() => promises.argmax([]), 'ERR_OUT_OF_RANGE'],
    ];
    for (const [call, code] of calls) await expect(call()).rejects.toThrow(coded(code));
  });

  test('of the computation name the row, and leave out alone', async () => {
    const z = { data: logits(), dims: [200, 100] };
    z.data[150 * 100 + 7] = NaN;
    const out = { data: new Float32Array(size).fill(7), dims: [200, 100] };
    const promise = promises.softmax(z, { nonFinite: 'throw', out });
    await expect(promise).rejects.toThrow(coded('ERR_SOFTMAX_NON_FINITE'));
    await expect(promise).rejects.toThrow(/Row 150/);
    expect(out.data.every((x) => x === 7)).toBe(true);
  });

  test('have the stack of the caller', async () => {
    const z = { data: logits().fill(NaN), dims: [200, 100] };
    async function theCaller(): Promise<unknown> {
      return await promises.softmax(z, { nonFinite: 'throw' });
    }
    const error = await theCaller().catch((reason: unknown) => reason as Error);
    expect((error as Error).stack).toMatch(/^RangeError \[ERR_SOFTMAX_NON_FINITE\]: Row 0 .*\n\s+at .*theCaller/);
  });

  test('more calls than may be in flight', async () => {
    const z = logits();
    const calls = Array.from({ length: 1100 }, () => promises.softmax(z));
    const refused = await Promise.all(
      calls.map((call) =>
        call.then(
          () => undefined,
          (error: { code: string }) => error.code,
        ),
      ),
    );
    const codes = refused.filter((code) => code !== undefined);
    if (library.backend.kind === 'typescript') return;
    expect(new Set(codes)).toEqual(new Set(['ERR_SOFTMAX_TOO_MANY_JOBS']));
    expect(codes).toHaveLength(1100 - 1024);
    expect(await promises.softmax(z)).toEqual(library.softmax(z));
  });
});

describe('a signal', () => {
  test('aborted before the call: after the arguments are checked, before anything is computed', async () => {
    const signal = AbortSignal.abort('enough');
    const out = new Float32Array(3).fill(7);
    const promise = promises.softmax(Float32Array.of(1, 2, 3), { signal, out });
    await expect(promise).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
    expect([...out]).toEqual([7, 7, 7]);
    await expect(promises.softmax([1], { signal, axis: 3 })).rejects.toThrow(coded('ERR_OUT_OF_RANGE'));
  });

  test('aborted meanwhile: rejected with its reason, out as it was, the other calls undisturbed', async () => {
    if (library.backend.kind === 'typescript') return;
    const z = new Float32Array(3_000_000).map((_, i) => Math.sin(i));
    const out = new Float32Array(z.length).fill(7);
    const controller = new AbortController();
    const reason = new Error('gone');
    const given = Array.from({ length: 8 }, () => promises.softmax(z, { signal: controller.signal, out }));
    const kept = promises.logSumExp(z);
    controller.abort(reason);
    for (const outcome of await Promise.allSettled(given)) {
      expect(outcome).toMatchObject({ reason: { name: 'AbortError', code: 'ABORT_ERR', cause: reason } });
    }
    expect(out.every((x) => x === 7)).toBe(true);
    expect(await kept).toBe(library.logSumExp(z));
  });

  test('aborted afterwards has no effect, and no listener is left', async () => {
    const z = logits();
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    }) as typeof add;
    signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    }) as typeof remove;
    const result = await promises.softmax(z, { signal });
    controller.abort();
    await pause(1);
    expect(result).toEqual(library.softmax(z));
    expect(listeners).toBe(0);
  });
});

describe('transfer', () => {
  test('moves the arrays and gives them back', async () => {
    const z = logits();
    const given = z.slice();
    const promise = promises.softmax(given, { transfer: true });
    expect(given.length).toBe(0);
    const { result, transferred } = await promise;
    expect(result).toEqual(library.softmax(z));
    expect(transferred).toEqual([z]);
  });

  test('in place, of tensors, and of views of one buffer', async () => {
    const z = logits();
    const own = { data: z.slice(), dims: [200, 100] };
    const { result, transferred } = await promises.softmax(own, { transfer: true, out: own });
    expect(own.data.length).toBe(0);
    expect(result.data).toEqual(library.softmax({ data: z, dims: [200, 100] }).data);
    expect(transferred).toHaveLength(2);
    const both = new Float32Array(2 * size);
    both.set(z, 0);
    const out = both.subarray(size);
    const views = await promises.softmax(both.subarray(0, size), { transfer: true, out });
    expect(views.result).toEqual(library.softmax(z));
    expect((views.transferred[0] as Float32Array).buffer).toBe((views.result as Float32Array).buffer);
  });

  test('of what cannot be moved copies', async () => {
    const z = logits();
    const shared = new Float32Array(new SharedArrayBuffer(4 * size));
    shared.set(z);
    const { result, transferred } = await promises.softmax(shared, { transfer: true });
    expect(result).toEqual(library.softmax(z));
    expect(transferred[0]).toBe(shared);
    // The types of this project do not know it.
    const { Memory } = (
      globalThis as unknown as { WebAssembly: { Memory: new (size: object) => { buffer: ArrayBuffer } } }
    ).WebAssembly;
    const memory = new Float32Array(new Memory({ initial: 4 }).buffer, 0, size);
    memory.set(z);
    expect((await promises.softmax(memory, { transfer: true })).result).toEqual(library.softmax(z));
    expect(memory.length).toBe(size);
  });

  test('happens only when the arguments are right, and an error gives the arrays back', async () => {
    if (library.backend.kind === 'typescript') return;
    const z = logits();
    await expect(promises.softmax(z, { transfer: true, axis: 3 })).rejects.toThrow(coded('ERR_OUT_OF_RANGE'));
    expect(z.length).toBe(size);
    const nan = z.slice().fill(NaN);
    const promise = promises.softmax(nan, { transfer: true, nonFinite: 'throw' });
    const { transferred } = await promise.catch((error: unknown) => error as { transferred: Float32Array[] });
    expect(transferred[0]).toHaveLength(size);
  });
});

test('the event loop turns while a large call is computed', async () => {
  if (library.backend.kind === 'typescript') return;
  const z = new Float32Array(4_000_000);
  let turns = 0;
  let isDone = false;
  const promise = promises.softmax(z, { transfer: true }).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await new Promise(setImmediate);
    turns += 1;
  }
  await promise;
  expect(turns).toBeGreaterThan(1);
});
