// float16 and bfloat16: the results of the numbers that they stand for, rounded once where they are halves themselves.
import { describe, expect, test } from 'vitest';
import * as promises from '../../../lib/promises';
import { patternOf, valueOf } from '../../../lib/reference/halves';
import { libraries } from '../../libraries';
import { createRandom } from '../../seed';

const types = ['float16', 'bfloat16'] as const;
type HalfType = (typeof types)[number];

const random = createRandom(16);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Bits of some numbers, and those numbers as float32. */
function made(length: number, type: HalfType, scale = 3) {
  const data = Uint16Array.from({ length }, () => patternOf(scale * normal(), type));
  return { data, wide: Float32Array.from(data, (pattern) => valueOf(pattern, type)) };
}

describe.each(libraries)('%s', (name, { gumbelSoftmax, gumbelSoftmaxVjp, Rng, sample }) => {
  describe.each(types)('%s', (type) => {
    test.each([1, 7, 300, 9000])('sample of rows of %i draws what widened rows give', (n) => {
      const { data, wide } = made(3 * n, type);
      const dims = [3, n];
      for (const options of [
        { count: 3 },
        { topP: 0.8, logprobs: Math.min(n, 4) },
        { topK: 3, temperature: 0.5, history: [[0], [], [n - 1]], presencePenalty: 1 },
        { temperature: 2 ** 70 },
        { beta: -(2 ** 62), topP: 0.5 },
      ]) {
        const halves = sample({ data, dims, type }, { ...options, rng: new Rng(5) });
        expect(halves).toEqual(sample({ data: wide, dims }, { ...options, rng: new Rng(5) }));
      }
    });

    test('infinities and NaN keep their rules', () => {
      const data = Uint16Array.from([0, Infinity, -Infinity, NaN, 1, 2], (x) => patternOf(x, type));
      const tensor = { data, dims: [3, 2], type };
      expect(sample(tensor, { rng: new Rng(1) }).ids.data).toEqual(Int32Array.of(1, -1, sampleOfTwo(1, 2)));
      expect(() => sample(tensor, { rng: new Rng(1), nonFinite: 'throw' })).toThrow(
        expect.objectContaining({ code: 'ERR_SOFTMAX_NON_FINITE', message: expect.stringContaining('Row 0') }),
      );
    });
    const sampleOfTwo = (a: number, b: number): number =>
      sample({ data: Float32Array.of(0, 0, 0, 0, a, b), dims: [3, 2] }, { rng: new Rng(1) }).ids.data[2] as number;

    test.each([1, 64, 5000])('gumbelSoftmax of %i numbers is that of float32, rounded', (n) => {
      const { data, wide } = made(n, type);
      for (const options of [{}, { tau: 0.3 }, { hard: true }, { tau: 2 ** -65 }]) {
        const halves = gumbelSoftmax({ data, dims: [n], type }, { ...options, rng: new Rng(2) });
        const single = gumbelSoftmax({ data: wide, dims: [n] }, { ...options, rng: new Rng(2) });
        expect([halves.dims, halves.type]).toEqual([[n], type]);
        // The reference rounds float64 to float32 here, and to halves there.
        expectNeighbours(halves.data, single.data, type, name === 'reference' ? 1 : 0);
      }
    });

    test('gumbelSoftmaxVjp is that of float32, rounded; axes, masks and storage', () => {
      const { data, wide } = made(60, type);
      const g = made(60, type);
      const mask = Uint8Array.from({ length: 60 }, (_, i) => (i % 5 === 2 ? 0 : 1));
      for (const axis of [0, 1, 2, [0, 2]]) {
        const out = { data: new Uint16Array(60), dims: [3, 4, 5], type };
        const result = gumbelSoftmaxVjp(
          { data, dims: [3, 4, 5], type },
          { data: g.data, dims: [3, 4, 5], type } as never,
          { axis, mask, out: out as never, rng: new Rng(3) },
        );
        expect(result).toBe(out);
        const single = gumbelSoftmaxVjp(
          { data: wide, dims: [3, 4, 5] },
          { data: g.wide, dims: [3, 4, 5] },
          { axis, mask, rng: new Rng(3) },
        );
        expectNeighbours(out.data, single.data, type, name === 'reference' ? 1 : 0);
      }
      // In place of either argument.
      const wanted = gumbelSoftmaxVjp({ data, dims: [60], type }, { data: g.data, dims: [60], type } as never, {
        rng: new Rng(4),
      });
      for (const which of [0, 1]) {
        const args = [data.slice(), g.data.slice()].map((array) => ({ data: array, dims: [60], type }));
        gumbelSoftmaxVjp(args[0] as never, args[1] as never, { rng: new Rng(4), out: args[which] as never });
        expect(args[which]?.data).toEqual(wanted.data);
      }
    });

    test('the other type is no direction and no storage', () => {
      const tensor = { data: new Uint16Array(4), dims: [4], type };
      const other = { ...tensor, type: types.find((one) => one !== type) };
      for (const [wrong, code] of [
        [other, 'ERR_INVALID_ARG_VALUE'],
        [new Float32Array(4), 'ERR_INVALID_ARG_TYPE'],
      ] as const) {
        expect(() => gumbelSoftmaxVjp(tensor, wrong as never, { rng: new Rng(1) })).toThrow(
          expect.objectContaining({ code, message: expect.stringMatching(/["']g/) }),
        );
        expect(() => gumbelSoftmax(tensor, { out: wrong as never, rng: new Rng(1) })).toThrow(
          expect.objectContaining({ code, message: expect.stringMatching(/["']options.out/) }),
        );
      }
      const g = gumbelSoftmaxVjp(tensor, [1, 0, 0, 0] as never, { rng: new Rng(1) }).data;
      const single = gumbelSoftmaxVjp(new Float32Array(4), [1, 0, 0, 0], { rng: new Rng(1) });
      expectNeighbours(g, single, type, name === 'reference' ? 1 : 0);
      expect(() => gumbelSoftmax({ ...tensor, type: 'int16' }, { rng: new Rng(1) })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
      );
    });
  });

  const { Float16Array } = globalThis as unknown as {
    Float16Array?: new (values: Iterable<number>) => Float32Array & { readonly [Symbol.toStringTag]: 'Float16Array' };
  };
  test.runIf(Float16Array !== undefined)('a Float16Array in, a Float16Array out', () => {
    const Halves = Float16Array as NonNullable<typeof Float16Array>;
    const z = new Halves([1, 2, 4, -0.3]);
    const y = gumbelSoftmax(z as never, { rng: new Rng(6) }) as never as Float32Array;
    expect(y).toBeInstanceOf(Halves);
    const single = gumbelSoftmax(Float32Array.from(z), { rng: new Rng(6) });
    single.forEach((value, i) => {
      expect(Math.abs((y[i] as number) - value)).toBeLessThan(2 ** -11);
    });
    const out = new Halves([0, 0, 0, 0]);
    expect(gumbelSoftmax(z as never, { rng: new Rng(6), out: out as never })).toBe(out);
    expect(Array.from(out)).toEqual(Array.from(y));
    expect(sample(z as never, { rng: new Rng(7), count: 9 })).toEqual(
      sample(Float32Array.from(z), { rng: new Rng(7), count: 9 }),
    );
  });
});

/** Nearest patterns, or so many beside them. */
function expectNeighbours(actual: Uint16Array, expected: ArrayLike<number>, type: HalfType, beside: number): void {
  const wanted = Uint16Array.from(expected as Float32Array, (value) => patternOf(value, type));
  expect(actual.length).toBe(wanted.length);
  actual.forEach((pattern, i) => {
    expect(Math.abs(pattern - (wanted[i] as number))).toBeLessThanOrEqual(beside);
  });
}

test('promises give the plain results, also of arrays that are given away', async () => {
  const [, library] = libraries[0] as (typeof libraries)[number];
  const { data } = made(60000, 'float16');
  const tensor = () => ({ data: data.slice(), dims: [60000], type: 'float16' });
  const rng = () => new library.Rng(9);
  const wanted = library.sample(tensor(), { topP: 0.9, rng: rng() });
  expect(await promises.sample(tensor(), { topP: 0.9, rng: rng() })).toEqual(wanted);
  const { result } = await promises.sample(tensor(), { topP: 0.9, rng: rng(), transfer: true });
  expect(result).toEqual(wanted);
  const given = tensor();
  const soft = await promises.gumbelSoftmax(given, { rng: rng(), transfer: true });
  expect(given.data.length).toBe(0);
  expect(soft.result).toEqual(library.gumbelSoftmax(tensor(), { rng: rng() }));
});
