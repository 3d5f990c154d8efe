// SoftmaxState option by option: limits, infinities, values, ids, refusals, bytes, sources.
import { describe, expect, test } from 'vitest';
import { FullSoftmax, SoftmaxState as Native } from '../../lib/index';
import * as promises from '../../lib/promises';
import { SoftmaxState as Reference } from '../../lib/reference';
import { libraries } from '../libraries';
import { createRandom } from '../seed';
import { thrown } from '../thrown';

const random = createRandom(7);
const normals = (n: number): Float64Array => Float64Array.from({ length: n }, () => (random() - 0.5) * 20);

describe.each(libraries)('%s', (_, { SoftmaxState, softmax, logSumExp }) => {
  test('of nothing', () => {
    const state = new SoftmaxState({ topK: 3, target: 1, valueSize: 2 });
    expect(state).toMatchObject({ count: 0, max: -Infinity, argmax: -1, logSumExp: -Infinity, entropy: 0 });
    expect(state.targetLogProbability).toBeUndefined();
    expect(state.top()).toEqual({
      ids: new Int32Array(0),
      logits: new Float64Array(0),
      probabilities: new Float64Array(0),
    });
    expect(state.value()).toEqual(new Float64Array(2));
    expect(state.push([], { values: [] })).toBe(state);
    expect(state.count).toBe(0);
    expect(new SoftmaxState({ beta: -1 }).max).toBe(Infinity);
    expect(new SoftmaxState().merge(new SoftmaxState()).logSumExp).toBe(-Infinity);
    expect(new SoftmaxState().probabilities([1])).toEqual(Float64Array.of(0));
  });

  test.each([
    [Infinity, [1, 3, 3], 3, 3.5, [0, 0.5, 0.5], Infinity],
    [-Infinity, [1, 3, 1], 1, 3, [0.5, 0, 0.5], -Infinity],
    [Infinity, [-1, 0, 0], 0, 3.5, [0, 0.5, 0.5], Math.log(2)],
    [0, [1, -Infinity, 3], 3, 3, [0.5, 0, 0.5], Math.log(2)],
    [1, [1, Infinity, Infinity], Infinity, 3.5, [0, 0.5, 0.5], Infinity],
    [-1, [1, Infinity, 1], 1, 3, [0.5, 0, 0.5], -1 + Math.log(2)],
    [1, [-Infinity, -Infinity], -Infinity, 0, [0, 0], -Infinity],
  ])('beta %f of %j: those that share', (beta, logits, max, mean, shares, sum) => {
    const values = [2, 3, 4].slice(0, logits.length);
    const whole = new SoftmaxState({ beta, valueSize: 1, topK: 3, target: 2 }).push(logits, { values });
    const split = new SoftmaxState({ beta, valueSize: 1, topK: 3, target: 2 });
    logits.forEach((z, i) => {
      const part = new SoftmaxState({ beta, valueSize: 1, topK: 3, target: 2 });
      split.merge(part.push([z], { offset: i, values: [values[i] as number] }));
    });
    for (const state of [whole, split]) {
      expect(state.max).toBe(max);
      expect(state.value()[0]).toBe(mean);
      expect(Array.from(state.probabilities(logits))).toEqual(shares);
      expect(state.logSumExp).toBeCloseTo(sum, 15);
      const sharers = shares.filter((p) => p > 0).length;
      expect(state.entropy).toBeCloseTo(Math.log(Math.max(1, sharers)), 15);
      if (logits.length > 2) expect(state.targetLogProbability).toBeCloseTo(Math.log(shares[2] as number), 15);
    }
  });

  test('a NaN is NaN, whenever it comes', () => {
    const state = new SoftmaxState({ topK: 2, valueSize: 1, target: 0 });
    state.push([1, NaN, 2, NaN], { values: [1, 1, 1, 1] }).push([9], { values: [1] });
    for (const given of [state, new SoftmaxState({ topK: 2, valueSize: 1, target: 0 }).merge(state)]) {
      expect(given).toMatchObject({
        max: NaN,
        argmax: 1,
        logSumExp: NaN,
        entropy: NaN,
        targetLogProbability: NaN,
        count: 5,
      });
      expect(given.value()).toEqual(Float64Array.of(NaN));
      expect(given.top().ids).toEqual(Int32Array.of(4, 2));
      expect(given.top().probabilities).toEqual(Float64Array.of(NaN, NaN));
      expect(given.probabilities([1])).toEqual(Float64Array.of(NaN));
    }
  });

  test("nonFinite 'ieee' and 'throw'", () => {
    const ieee = new SoftmaxState({ nonFinite: 'ieee' }).push([Infinity]);
    expect(ieee).toMatchObject({ logSumExp: Infinity, entropy: NaN, nonFinite: 'ieee' });
    expect(new SoftmaxState({ nonFinite: 'ieee', beta: 0 }).push([1]).push([-Infinity]).logSumExp).toBeNaN();
    const strict = new SoftmaxState({ nonFinite: 'throw' }).push([1, 2]);
    for (const z of [NaN, Infinity, -Infinity]) {
      expect(thrown(() => strict.push([3, z]))).toMatchObject({ code: 'ERR_SOFTMAX_NON_FINITE' });
    }
    expect(strict.count).toBe(2);
    expect(strict.toBytes()).toEqual(new SoftmaxState({ nonFinite: 'throw' }).push([1, 2]).toBytes());
    expect(strict.logSumExp).toBeCloseTo(logSumExp([1, 2]), 14);
  });

  test.each([Float32Array, Float64Array])('long runs of %o are those of the functions of logits', (Elements) => {
    const z = new Elements(normals(20_011));
    const state = new SoftmaxState({ beta: 0.7, topK: 5 });
    for (let at = 0; at < z.length; at += 7001) state.push(z.subarray(at, at + 7001));
    expect(state.logSumExp).toBeCloseTo(logSumExp(Float64Array.from(z), { beta: 0.7 }), 12);
    const p = softmax(Float64Array.from(z), { beta: 0.7 });
    const found = state.probabilities(z);
    expect(found).toBeInstanceOf(Elements);
    const tolerance = Elements === Float32Array ? 1e-6 : 1e-14;
    for (const [i, x] of found.entries()) {
      expect(Math.abs(x - (p[i] as number))).toBeLessThan(tolerance * (p[i] as number) + 1e-40);
    }
    expect(state.entropy).toBeCloseTo(-p.reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0), 10);
  });

  test('probabilities: tensors, storage, beta beyond float32', () => {
    const state = new SoftmaxState({ beta: 1e-30 }).push(Float32Array.of(1e30, 0));
    expect(state.probabilities({ data: Float32Array.of(1e30, 0), dims: [2, 1] })).toMatchObject({ dims: [2, 1] });
    const unseen = new SoftmaxState().push([1, 2]).probabilities([3, NaN, -Infinity, Infinity]);
    expect([...unseen]).toEqual([expect.closeTo(Math.exp(3) / (Math.exp(1) + Math.exp(2)), 12), NaN, 0, Infinity]);
    expect(new SoftmaxState().push([1, 2]).probabilities([5])[0]).toBeCloseTo(
      Math.exp(5) / (Math.exp(1) + Math.exp(2)),
      12,
    );
    const out = new Float32Array(2);
    expect(state.probabilities(Float32Array.of(1e30, 0), out)).toBe(out);
    expect(out[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
    expect(thrown(() => state.probabilities([1, 2], new Float64Array(3)))).toMatchObject({
      code: 'ERR_SOFTMAX_SHAPE_MISMATCH',
    });
    const room = new Float64Array(3);
    expect(thrown(() => state.probabilities(room.subarray(1), room.subarray(0, 2)))).toMatchObject({
      code: 'ERR_SOFTMAX_OVERLAP',
    });
  });

  test('values without a share take no part', () => {
    const state = new SoftmaxState({ valueSize: 2 });
    state.push([0, -Infinity, -2000, 0], { values: [1, 2, NaN, NaN, Infinity, NaN, 3, 4] });
    expect(state.value()).toEqual(Float64Array.of(2, 3));
    state.push([3000], { values: [7, 8] });
    expect(state.value()).toEqual(Float64Array.of(7, 8));
  });

  test('far from 0', () => {
    const z = [1e15, 1e15 - 0.5, 1e15 - 2];
    const state = new SoftmaxState();
    for (const x of z) state.push([x]);
    expect(state.top().ids.length).toBe(0);
    expect(state.entropy).toBeCloseTo(new SoftmaxState().push([2, 1.5, 0]).entropy, 12);
    expect(new SoftmaxState({ beta: 1e-300 }).push([1e300]).push([2e300]).entropy).toBeCloseTo(0.5822, 4);
    expect(new SoftmaxState().push([1.7e308]).push([-1.7e308]).logSumExp).toBe(1.7e308);
    expect(new SoftmaxState({ beta: 1e10 }).push([1e300, 1e300]).logSumExp).toBe(Infinity);
  });

  test('ids: where a push ended, or an offset', () => {
    const state = new SoftmaxState({ topK: 4, target: 6 }).push([1, 1]).push([1], { offset: 5 }).push([1]);
    expect(state.top().ids).toEqual(Int32Array.of(0, 1, 5, 6));
    expect(state.targetLogProbability).toBeCloseTo(-Math.log(4), 15);
    expect(state.argmax).toBe(0);
  });

  test('refusals change nothing', () => {
    const state = new SoftmaxState({ topK: 1 }).push([1, 2]);
    const before = state.toBytes();
    const cases: [() => unknown, string][] = [
      [() => state.push('1' as never), 'ERR_INVALID_ARG_TYPE'],
      [() => state.push(Int32Array.of(1) as never), 'ERR_INVALID_ARG_TYPE'],
      [() => state.push([1], { offset: -1 }), 'ERR_OUT_OF_RANGE'],
      [() => state.push([1], { offset: 2 ** 31 }), 'ERR_OUT_OF_RANGE'],
      [() => state.push([1], { values: [1] }), 'ERR_INVALID_ARG_VALUE'],
      [() => state.push([1], null as never), 'ERR_INVALID_ARG_TYPE'],
      [() => new SoftmaxState({ valueSize: 2 }).push([1]), 'ERR_INVALID_ARG_TYPE'],
      [() => new SoftmaxState({ valueSize: 2 }).push([1], { values: [1] }), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
      [() => new SoftmaxState({ valueSize: 1 }).push([1], { values: Float32Array.of(1) }), 'ERR_INVALID_ARG_TYPE'],
      [() => state.merge({} as never), 'ERR_INVALID_ARG_TYPE'],
      [() => state.merge(new SoftmaxState({ topK: 1, beta: 2 })), 'ERR_OUT_OF_RANGE'],
      [() => state.merge(new SoftmaxState({ topK: 2 })), 'ERR_OUT_OF_RANGE'],
      [() => state.merge(new SoftmaxState({ topK: 1, target: 0 })), 'ERR_OUT_OF_RANGE'],
      [() => state.merge(new SoftmaxState({ topK: 1, valueSize: 1 })), 'ERR_OUT_OF_RANGE'],
      [() => state.merge(new SoftmaxState({ topK: 1, nonFinite: 'ieee' })), 'ERR_OUT_OF_RANGE'],
      [() => new SoftmaxState({ beta: NaN }), 'ERR_INVALID_ARG_VALUE'],
      [() => new SoftmaxState({ topK: 1.5 }), 'ERR_OUT_OF_RANGE'],
      [() => new SoftmaxState({ beta: 1, temperature: 1 }), 'ERR_INVALID_ARG_VALUE'],
      [() => new SoftmaxState(3 as never), 'ERR_INVALID_ARG_TYPE'],
    ];
    for (const [call, code] of cases) expect(thrown(call), String(call)).toMatchObject({ code });
    expect(state.toBytes()).toEqual(before);
    expect((thrown(() => state.merge(new SoftmaxState({ topK: 1, beta: 2 }))) as Error).message).toContain(
      '"other.beta"',
    );
  });

  test('clone, and a merge with itself', () => {
    const state = new SoftmaxState({ topK: 2 }).push([1, 2]);
    const copy = state.clone();
    state.push([3]);
    expect(copy.count).toBe(2);
    expect(copy.push([3]).toBytes()).toEqual(state.toBytes());
    expect(copy.merge(copy).logSumExp).toBeCloseTo(state.logSumExp + Math.LN2, 14);
  });

  test('bytes: what comes back is what was there', () => {
    const state = new SoftmaxState({ beta: -2.5, topK: 3, target: 1, valueSize: 2, nonFinite: 'ieee' });
    state.push(Float32Array.from(normals(9)), { values: Float32Array.from(normals(18)) });
    const bytes = state.toBytes();
    const again = SoftmaxState.fromBytes(bytes);
    expect(again.toBytes()).toEqual(bytes);
    expect(again).toMatchObject({ beta: -2.5, topK: 3, target: 1, valueSize: 2, nonFinite: 'ieee' });
    expect(again.top()).toEqual(state.top());
    expect(again.value()).toEqual(state.value());
    for (let n = 0; n < bytes.length; n += 1) {
      expect(thrown(() => SoftmaxState.fromBytes(bytes.subarray(0, n)))).toMatchObject({
        code: 'ERR_SOFTMAX_TRUNCATED',
      });
      const changed = bytes.slice();
      changed[n] = (changed[n] as number) ^ (1 << (n % 8));
      expect(thrown(() => SoftmaxState.fromBytes(changed))).toHaveProperty('code');
    }
    const other = new FullSoftmax({ classes: 2, dim: 2 }).toBytes();
    expect(thrown(() => SoftmaxState.fromBytes(other))).toMatchObject({ code: 'ERR_SOFTMAX_CORRUPTED' });
    expect(new SoftmaxState().merge(SoftmaxState.fromBytes(new SoftmaxState().push([1, 2]).toBytes())).count).toBe(2);
  });

  test('collect takes any source, and tells it to end', async () => {
    async function* chunks() {
      yield [1, 2];
      yield { logits: Float32Array.of(4), offset: 2 };
    }
    expect((await SoftmaxState.collect(chunks(), { topK: 1 })).top().ids).toEqual(Int32Array.of(2));
    expect((await SoftmaxState.collect([[1, 2], [4]])).logSumExp).toBe(logSumExp([1, 2, 4]));
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) {
          yield [1];
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        isClosed = true;
      }
    }
    const control = new AbortController();
    setTimeout(() => control.abort(new Error('enough')), 20);
    const collected = SoftmaxState.collect(endless(), { signal: control.signal });
    await expect(collected).rejects.toMatchObject({ code: 'ABORT_ERR', cause: new Error('enough') });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(isClosed).toBe(true);
    await expect(SoftmaxState.collect(['wrong'] as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(SoftmaxState.collect(5 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    await expect(SoftmaxState.collect(never, { signal: AbortSignal.timeout(10) })).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
  });
});

test('states of all entry points merge with each other', () => {
  const state = new Native().push([1]).merge(new Reference().push([2]));
  expect(state.merge(new promises.SoftmaxState()).logSumExp).toBeCloseTo(2 + Math.log1p(Math.exp(-1)), 15);
});

describe('softmax-native/promises', () => {
  const z = Float32Array.from(normals(100_000));
  const values = Float32Array.from(normals(200_000));
  const options = { topK: 9, target: 50_001, valueSize: 2 };

  test('a state is that of the plain class', async () => {
    const plain = new Native(options);
    const state = new promises.SoftmaxState(options);
    const pushes: Promise<unknown>[] = [];
    for (let at = 0; at < z.length; at += 25_000) {
      const push = { values: values.subarray(2 * at, 2 * at + 50_000) };
      plain.push(z.subarray(at, at + 25_000), push);
      const mine = z.slice(at, at + 25_000);
      pushes.push(state.push(mine, push));
      // What happens to the array afterwards is its owner's affair.
      mine.fill(NaN);
    }
    await Promise.all(pushes);
    expect(state.top()).toEqual(plain.top());
    expect(state.logSumExp).toBe(plain.logSumExp);
    expect(state.targetLogProbability).toBe(plain.targetLogProbability);
    const mean = plain.value();
    for (const [i, x] of state.value().entries()) expect(x).toBeCloseTo(mean[i] as number, 12);
    expect(await state.probabilities(z)).toEqual(plain.probabilities(z));
    expect((await promises.SoftmaxState.collect([z.subarray(0, 60_000), z.subarray(60_000)])).max).toBe(plain.max);
  });

  test('a push that is given up changes nothing', async () => {
    const state = new promises.SoftmaxState();
    const control = new AbortController();
    const pushed = state.push(new Float32Array(3_000_000), { signal: control.signal });
    control.abort();
    await expect(pushed).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(state.count).toBe(0);
    await expect(state.push([1], { signal: control.signal })).rejects.toMatchObject({ code: 'ABORT_ERR' });
    await expect(state.push('1' as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});
