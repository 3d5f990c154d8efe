// The derivatives off the event loop: the results of the plain functions, bit for bit.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import { createRandom } from '../seed';

const random = createRandom(43);
// Large enough not to be computed at once.
const size = 20_000;
const numbers = () => Float32Array.from({ length: size }, () => 20 * random() - 10);
const bytes = (array: Float32Array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

interface Result {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

function expectSame(actual: Result, expected: Result): void {
  expect(actual.dims).toEqual(expected.dims);
  expect(bytes(actual.data).equals(bytes(expected.data))).toBe(true);
}

const coded = (code: string) => expect.objectContaining({ code });

describe('results are those of the plain functions', () => {
  const tensor = (data: Float32Array) => ({ data, dims: [4, 50, 100] });
  const [z, g] = [tensor(numbers()), tensor(numbers())];
  const mask = { data: new Uint8Array(100).map((_, i) => (i % 3 === 0 ? 0 : 1)), dims: [100] };

  test.each([
    {},
    { beta: -2 },
    { beta: 1e30 },
    { axis: 0 },
    { axis: [0, 2] },
    { mask },
    { nonFinite: 'ieee' as const },
  ])('%j', async (options) => {
    const [p, logP] = [library.softmax(z, options), library.logSoftmax(z, options)];
    expectSame(await promises.softmaxVjp(p, g, options), library.softmaxVjp(p, g, options));
    expectSame(await promises.softmaxJvp(p, g, options), library.softmaxJvp(p, g, options));
    expectSame(await promises.logSoftmaxVjp(logP, g, options), library.logSoftmaxVjp(logP, g, options));
    expectSame(await promises.logSoftmaxJvp(logP, g, options), library.logSoftmaxJvp(logP, g, options));
    const rows = library.logSumExp(z, options).data;
    expectSame(await promises.logSumExpVjp(z, rows, options), library.logSumExpVjp(z, rows, options));
    expectSame(await promises.softmaxBetaGradient(z, options), library.softmaxBetaGradient(z, options));
    if (Array.isArray(options.axis)) return;
    const single = options as { axis?: number };
    expectSame(await promises.softmaxJacobian(z, single), library.softmaxJacobian(z, single));
    expectSame(await promises.logSoftmaxJacobian(z, single), library.logSoftmaxJacobian(z, single));
  });

  test('vectors, in storage of the caller and in place', async () => {
    const [p, t] = [library.softmax(z.data), g.data];
    const expected = library.softmaxVjp(p, t);
    const out = new Float32Array(size);
    expect(await promises.softmaxVjp(p, t, { out })).toBe(out);
    expect(out).toEqual(expected);
    const [inPoint, inDirection] = [p.slice(), t.slice()];
    await promises.softmaxVjp(inPoint, t, { out: inPoint });
    await promises.softmaxVjp(p, inDirection, { out: inDirection });
    expect(inPoint).toEqual(expected);
    expect(inDirection).toEqual(expected);
    expect(await promises.softmaxVjp([0.25, 0.75], [1, 0])).toEqual(Float64Array.of(0.1875, -0.1875));
  });

  test('arrays given away come back', async () => {
    const [p, t] = [library.softmax(z.data), g.data.slice()];
    const expected = library.softmaxVjp(p, t);
    const { result, transferred } = await promises.softmaxVjp(p, t, { transfer: true });
    expect(result).toEqual(expected);
    expect(p.length).toBe(0);
    expect(transferred).toHaveLength(2);
    expect(transferred[1]).toEqual(g.data);
  });
});

test('what is refused is refused by a rejection', async () => {
  await expect(promises.softmaxVjp(new Float32Array(3), [1])).rejects.toEqual(coded('ERR_SOFTMAX_SHAPE_MISMATCH'));
  const strict = { nonFinite: 'throw' } as const;
  const g = numbers().fill(NaN, 7, 8);
  await expect(promises.logSoftmaxVjp(numbers(), g, strict)).rejects.toThrow('Row 0 of "logP" and "g" must be finite');
  const signal = AbortSignal.abort();
  await expect(promises.softmaxJacobian(numbers().subarray(0, 500), { signal })).rejects.toEqual(coded('ABORT_ERR'));
});
