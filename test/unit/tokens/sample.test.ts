// sample: what it draws, keeps and refuses.
import { describe, expect, test } from 'vitest';
import { libraries } from '../../libraries';
import { createRandom } from '../../seed';

describe.each(libraries)('%s', (_, { sample, Rng, softmax }) => {
  const rng = () => new Rng(5);
  const draws = (logits: number[], options: object): number[] =>
    Array.from(sample(logits, { rng: rng(), ...options }).ids);

  test('temperature 0 takes the greatest, the first of several, and needs no generator', () => {
    const { ids, logprobs, kept, keptMass, entropy } = sample([1, 3, 3, 2], { temperature: 0 });
    expect([ids, logprobs, kept, keptMass, entropy]).toEqual([Int32Array.of(1), Float64Array.of(0), 1, 0.5, 0]);
    expect(sample([1, 3, 2], { beta: -Infinity }).ids).toEqual(Int32Array.of(0));
  });

  test('temperature 0 draws among ties that are kept', () => {
    const { ids, kept, entropy } = sample([1, 3, 3, 2], { temperature: 0, ties: 'all', count: 64, rng: rng() });
    expect(new Set(ids)).toEqual(new Set([1, 2]));
    expect([kept, entropy]).toEqual([2, Math.log(2)]);
  });

  test('equality ends topP; topK takes the lower of equals', () => {
    const kept = (options: object): unknown => sample([1, 0, 0, -1], { base: 2, rng: rng(), ...options }).kept;
    expect(kept({ topP: 4 / 9 })).toBe(1);
    expect(sample([0, 0, 0, 0], { topP: 0.5, rng: rng() }).kept).toBe(2);
    expect(kept({ topK: 2 })).toBe(2);
    expect(kept({ topK: 2, ties: 'all' })).toBe(3);
    expect(draws([0, 0, 0], { topK: 1, count: 8 })).toEqual(new Array(8).fill(0));
  });

  test('the order of the stages counts', () => {
    const logits = [3, 2, 1, 0];
    const kept = (order: string[]): unknown =>
      sample(logits, { temperature: 3, topP: 0.8, order: order as never, rng: rng() }).kept;
    expect(kept(['temperature', 'topP'])).toBe(3);
    expect(kept(['topP', 'temperature'])).toBe(2);
  });

  test('what is not allowed, denied or banned is never drawn', () => {
    const logits = new Array<number>(70).fill(0);
    const bits = new Uint32Array(3);
    bits[1] = 0b101;
    expect(new Set(draws(logits, { allow: bits, count: 100 }))).toEqual(new Set([32, 34]));
    expect(new Set(draws(logits, { allow: [3, 69], count: 100 }))).toEqual(new Set([3, 69]));
    expect(new Set(draws(logits, { allow: [3, 69], deny: [3], count: 100 }))).toEqual(new Set([69]));
    expect(new Set(draws([0, 0, 0], { logitBias: new Map([[1, -Infinity]]), count: 100 }))).toEqual(new Set([0, 2]));
    expect(new Set(draws([0, -Infinity, -1000, 1], { count: 200 }))).toEqual(new Set([0, 3]));
  });

  test('a row of a batch draws what it draws alone', () => {
    const random = createRandom(3);
    const [rows, n] = [5, 200];
    const data = Float32Array.from({ length: rows * n }, () => 4 * random());
    const history = Array.from({ length: rows }, (_row, r) => [r, r, 7]);
    const options = { topK: 20, topP: 0.9, repetitionPenalty: 1.2, count: 4, logprobs: 2 };
    const rngs = (): InstanceType<typeof Rng>[] => Array.from({ length: rows }, (_row, r) => new Rng(9, r));
    const batch = sample({ data, dims: [rows, n] }, { ...options, history, rng: rngs() });
    expect(batch.ids.dims).toEqual([rows, 4]);
    rngs().forEach((own, r) => {
      const alone = sample(data.slice(r * n, (r + 1) * n), { ...options, history: history[r], rng: own });
      expect(batch.ids.data.slice(4 * r, 4 * r + 4)).toEqual(alone.ids);
      expect(batch.logprobs.data.slice(4 * r, 4 * r + 4)).toEqual(alone.logprobs);
      expect(batch.top?.ids.data.slice(2 * r, 2 * r + 2)).toEqual(alone.top?.ids);
      expect(batch.keptMass.data[r]).toBe(alone.keptMass);
    });
  });

  test('a history may be of BigInt, as runtimes keep ids', () => {
    const options = { temperature: 0, presencePenalty: 9 };
    expect([...sample([1, 2, 3], { ...options, history: [2n, 2n] }).ids]).toEqual([1]);
    const batch = { data: Float32Array.of(1, 2, 3, 1, 2, 3), dims: [2, 3] };
    expect([...sample(batch, { ...options, history: [[2n], [2n, 1n]] }).ids.data]).toEqual([1, 0]);
    expect([...sample(batch, { ...options, history: [BigInt64Array.of(1n), [0]] }).ids.data]).toEqual([2, 2]);
  });

  test('without replacement each token comes once, in the order of Plackett and Luce', () => {
    expect(draws([5, 1, 0], { replace: false, count: 3 }).sort()).toEqual([0, 1, 2]);
    const [first, second] = [new Map<number, number>(), new Map<number, number>()];
    const logits = [1, 0, -1];
    const trials = 4000;
    const generator = rng();
    for (let i = 0; i < trials; i += 1) {
      const [a, b] = sample(logits, { replace: false, count: 2, rng: generator }).ids as unknown as [number, number];
      first.set(a, (first.get(a) ?? 0) + 1);
      second.set(3 * a + b, (second.get(3 * a + b) ?? 0) + 1);
    }
    const p = softmax(logits);
    for (const [a, b] of [
      [0, 1],
      [1, 0],
      [2, 1],
    ] as const) {
      const wanted = ((p[a] as number) * (p[b] as number)) / (1 - (p[a] as number));
      expect(Math.abs((second.get(3 * a + b) ?? 0) / trials - wanted)).toBeLessThan(5 * Math.sqrt(wanted / trials));
    }
  });

  test('logits of 16 bits are those that they stand for', () => {
    const float16 = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0xfc00);
    const bfloat16 = Uint16Array.of(0x3f80, 0xc000, 0x3300, 0xff80);
    const of = (data: unknown, type: string) =>
      sample({ data, dims: [4], type } as never, { logprobs: 4, rng: rng() }) as unknown as {
        top: { rawLogprobs: { data: unknown } };
      };
    const plain = (last: number) =>
      sample({ data: Float32Array.of(1, -2, last, -Infinity), dims: [4] }, { logprobs: 4, rng: rng() });
    expect(of(float16, 'float16')).toEqual(plain(2 ** -24));
    expect(of(bfloat16, 'bfloat16')).toEqual(plain(2 ** -25));
  });

  test.each([
    ['NaN gives -1, under limit', [1, NaN], {}],
    ['Infinity gives -1, under ieee', [1, Infinity], { nonFinite: 'ieee' as const }],
  ])('%s', (_name, logits, options) => {
    const { ids, logprobs, entropy } = sample(logits, { ...options, rng: rng() });
    expect([ids[0], logprobs[0], entropy]).toEqual([-1, NaN, NaN]);
  });

  test('finite logits are kept however far below they are, and never drawn there', () => {
    const logits = [1.7e308, -1.7e308, 0, 1.7e308, -Infinity];
    for (const temperature of [1, 1e-300]) {
      const { ids, kept } = sample(logits, { temperature, count: 50, rng: new Rng(1) });
      expect(kept).toBe(4);
      expect(new Set(ids)).toEqual(new Set([0, 3]));
    }
  });

  test('Infinity has all the mass', () => {
    const { ids, logprobs, rawLogprobs, kept } = sample([1, Infinity, 5], { rng: rng() });
    expect([ids[0], logprobs[0], rawLogprobs[0], kept]).toEqual([1, 0, 0, 1]);
  });

  test.each<[string, unknown, object, string, RegExp]>([
    ['no generator', [1, 2], { rng: undefined }, 'ERR_INVALID_ARG_TYPE', /"options.rng"/],
    ['topP 0', [1, 2], { topP: 0 }, 'ERR_OUT_OF_RANGE', /"options.topP".*> 0 and <= 1/],
    ['topK 0', [1, 2], { topK: 0 }, 'ERR_OUT_OF_RANGE', /"options.topK"/],
    ['minP 2', [1, 2], { minP: 2 }, 'ERR_OUT_OF_RANGE', /"options.minP"/],
    ['an unknown id', [1, 2], { history: [0, 2] }, 'ERR_OUT_OF_RANGE', /"options.history\[1\]".*< 2/],
    ['a negative id', [1, 2], { history: Int32Array.of(-1) }, 'ERR_OUT_OF_RANGE', /"options.history\[0\]"/],
    ['too few words', [1, 2], { allow: new Uint32Array(2) }, 'ERR_SOFTMAX_SHAPE_MISMATCH', /"options.allow"/],
    ['a stage twice', [1, 2], { order: ['topK', 'topK'] }, 'ERR_INVALID_ARG_VALUE', /'options.order'/],
    ['a stage missing', [1, 2], { topP: 0.5, order: ['topK'] }, 'ERR_INVALID_ARG_VALUE', /must have 'topP'/],
    ['penalties late', [1, 2], { order: ['topK', 'bias'] }, 'ERR_INVALID_ARG_VALUE', /before the others/],
    ['nothing to draw', [-Infinity], {}, 'ERR_OUT_OF_RANGE', /row 0/],
    ['nothing allowed', [1, 2], { allow: [] }, 'ERR_OUT_OF_RANGE', /row 0/],
    ['too many draws', [1, 2, -Infinity], { replace: false, count: 3 }, 'ERR_OUT_OF_RANGE', /"options.count".*row 0/],
    ['two scales', [1, 2], { beta: 1, temperature: 1 }, 'ERR_INVALID_ARG_VALUE', /at most one/],
    ['a row that is not finite', [1, NaN], { nonFinite: 'throw' }, 'ERR_SOFTMAX_NON_FINITE', /Row 0/],
    [
      'one history for two rows',
      { data: new Float32Array(4), dims: [2, 2] },
      { history: [0] },
      'ERR_INVALID_ARG_TYPE',
      /2 arrays/,
    ],
    [
      'one generator of two',
      { data: new Float32Array(4), dims: [2, 2] },
      { rng: [new Rng(1)] },
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      /"options.rng"/,
    ],
    ['16 bits of no type', { data: new Uint16Array(2), dims: [2] }, {}, 'ERR_INVALID_ARG_VALUE', /'logits.type'/],
  ])('refuses %s', (_name, logits, options, code, message) => {
    expect(() => sample(logits as number[], { rng: rng(), ...options })).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
