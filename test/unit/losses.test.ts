// The rules of the losses: forms of targets, infinities, masks, limits of beta, ignored rows, storage, shared memory.
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const batch = () => ({ data: Float64Array.of(1, 2, 4, 0, 0, 0, 3, -1, 2), dims: [3, 3] });
const tiny = 4.248354255291589e-18; // log1p(e^-40)

describe.each(libraries)(
  '%s',
  (_, { crossEntropy, linearCrossEntropy, nllLoss, klDivergence, logSoftmax, logSumExp }) => {
    test('a certain class costs what the others have', () => {
      for (const [z, digits] of [
        [Float64Array.of(0, -40), 1e-15],
        [Float32Array.of(0, -40), 1e-7],
      ] as const) {
        for (const target of [0, [1, 0]]) {
          const { loss, gradient } = crossEntropy(z, target, { gradient: true });
          for (const value of [loss, -(gradient[0] as number), gradient[1] as number]) {
            expect(Math.abs(value / tiny - 1)).toBeLessThan(digits);
          }
        }
      }
    });

    test('targets in all their forms', () => {
      const wanted = crossEntropy(batch(), Int32Array.of(0, 1, 2)).loss;
      const big = BigInt64Array.of(0n, 1n, 2n);
      for (const target of [[0, 1, 2], big, { data: Int32Array.of(0, 1, 2), dims: [3] }, { data: big, dims: [3, 1] }]) {
        expect(crossEntropy(batch(), target).loss).toBe(wanted);
      }
      expect(crossEntropy([1, 2, 4], [2]).loss).toBe(crossEntropy([1, 2, 4], 2).loss);
      const y = [0.2, 0.3, 0.5, 1, 0, 0, 0, 0.5, 0.5];
      const soft = crossEntropy(batch(), y).loss;
      expect(crossEntropy(batch(), Float64Array.from(y)).loss).toBe(soft);
      expect(crossEntropy(batch(), { data: Float64Array.from(y), dims: [3, 3] }).loss).toBe(soft);
      expect(crossEntropy(batch(), { data: y, dims: [3, 3] }).loss).toBe(soft);
    });

    test('any axis', () => {
      const columns = { data: Float64Array.of(1, 0, 3, 2, 0, -1, 4, 0, 2), dims: [3, 3] };
      const rows = crossEntropy(batch(), [0, 1, 2], { gradient: true, reduction: 'none' });
      const result = crossEntropy(columns, [0, 1, 2], { axis: 0, gradient: true, reduction: 'none' });
      expect(result.loss).toEqual(rows.loss);
      expect(result.logSumExp).toEqual(rows.logSumExp);
      for (let i = 0; i < 9; i += 1) {
        expect(result.gradient.data[(i % 3) * 3 + Math.floor(i / 3)]).toBe(rows.gradient.data[i]);
      }
      expect(rows.logSumExp.data).toEqual(logSumExp(batch()).data);
      expect(
        nllLoss({ data: logSoftmax(columns, { axis: 0 }).data, dims: [3, 3] }, [0, 1, 2], { axis: 0 }).loss,
      ).toBeCloseTo(crossEntropy(batch(), [0, 1, 2]).loss, 14);
    });

    test('the mean over nothing', () => {
      // Smoothing gives the row a loss, but its weight is 0.
      const options = { weight: [0, 1], labelSmoothing: 0.1, gradient: true } as const;
      const result = crossEntropy([1, 2], 0, options);
      expect(result).toMatchObject({ loss: NaN, totalWeight: 0, gradient: Float64Array.of(0, 0) });
      expect(crossEntropy([1, 2], 0, { ...options, reduction: 'sum' }).loss).toBeGreaterThan(0);
      const identity = { data: Float64Array.of(1, 0, 0, 1), dims: [2, 2] };
      const linear = linearCrossEntropy([1, 2], identity, 0, options);
      expect(linear).toMatchObject({ loss: NaN, totalWeight: 0, hiddenGradient: Float64Array.of(0, 0) });
    });

    test('ignored rows are not looked at', () => {
      const z = { data: Float64Array.of(NaN, Infinity, 1, 1, 2, 4), dims: [2, 3] };
      for (const target of [[-100, 0], { data: [0, 1, 0, 1, 0, 0], dims: [2, 3] }]) {
        const ignoreIndex = Array.isArray(target) ? -100 : 1;
        const result = crossEntropy(z, target, { ignoreIndex, gradient: true, nonFinite: 'throw', softcap: 30 });
        expect(result.totalWeight).toBe(1);
        expect(result.loss).toBeCloseTo(crossEntropy([1, 2, 4], 0, { softcap: 30 }).loss, 14);
        expect([...result.gradient.data.subarray(0, 3)]).toEqual([0, 0, 0]);
        expect(result.logSumExp.data[0]).toBe(0);
      }
      const all = crossEntropy(batch(), [-100, -100, -100], { gradient: true });
      expect(all).toMatchObject({ loss: NaN, totalWeight: 0, gradient: { data: new Float64Array(9) } });
      expect(crossEntropy(batch(), [7, 7, 7], { ignoreIndex: 7, reduction: 'sum' }).loss).toBe(0);
      const nothing = crossEntropy({ data: new Float32Array(0), dims: [0, 3] }, [], { gradient: true });
      expect(nothing).toMatchObject({ loss: NaN, totalWeight: 0 });
      expect(nothing.gradient.dims).toEqual([0, 3]);
      expect(crossEntropy({ data: new Float32Array(0), dims: [0, 3] }, [], { reduction: 'sum' }).loss).toBe(0);
    });

    test('-Infinity without mass costs nothing, with mass infinitely much', () => {
      const z = [1, -Infinity, 2];
      const options = { gradient: true } as const;
      const without = crossEntropy(z, 2, options);
      expect(without.loss).toBeCloseTo(Math.log1p(Math.exp(-1)), 15);
      expect(without.gradient[1]).toBe(0);
      expect(crossEntropy(z, [0.5, 0, 0.5]).loss).toBeCloseTo(Math.log1p(Math.exp(-1)) + 0.5, 15);
      for (const target of [1, [0, 1, 0]]) {
        const { loss, gradient } = crossEntropy(z, target, options);
        expect(loss).toBe(Infinity);
        expect(gradient[1]).toBe(-1);
        expect(gradient[0]).toBeCloseTo(1 / (1 + Math.E), 15);
      }
      expect(crossEntropy(z, 2, { labelSmoothing: 0.1 }).loss).toBe(Infinity);
    });

    test('masked classes: no gradient, and no smoothing', () => {
      const mask = Uint8Array.of(1, 0, 1);
      for (const hidden of [NaN, Infinity, 5]) {
        const z = [1, hidden, 2];
        const options = { mask, labelSmoothing: 0.1, softcap: 20, gradient: true } as const;
        const masked = crossEntropy(z, 2, options);
        const { gradient, loss } = crossEntropy([1, 2], 1, { labelSmoothing: 0.1, softcap: 20, gradient: true });
        expect(masked.loss).toBeCloseTo(loss, 15);
        expect([...masked.gradient]).toEqual([
          expect.closeTo(gradient[0] as number, 15),
          0,
          expect.closeTo(gradient[1] as number, 15),
        ]);
        for (const target of [1, [0, 1, 0]]) {
          const onMasked = crossEntropy(z, target, { mask, gradient: true, beta: -1 });
          expect(onMasked.loss).toBe(Infinity);
          expect(onMasked.gradient[1]).toBe(0);
          expect(onMasked.gradient.every(Number.isFinite)).toBe(true);
        }
        const { targetGradient } = crossEntropy(z, [0.5, 0, 0.5], { mask, targetGradient: true });
        expect(targetGradient[1]).toBe(0);
      }
    });

    test('+Infinity shares the mass; an empty row has none', () => {
      const shared = crossEntropy([Infinity, 0, Infinity], 2, { gradient: true });
      expect(shared.loss).toBeCloseTo(Math.LN2, 15);
      expect([...shared.gradient]).toEqual([0.5, 0, -0.5]);
      const other = crossEntropy([Infinity, 0, Infinity], 1, { gradient: true });
      expect(other.loss).toBe(Infinity);
      expect([...other.gradient]).toEqual([0.5, -1, 0.5]);
      const empty = crossEntropy([-Infinity, -Infinity], 1, { gradient: true });
      expect(empty).toMatchObject({ loss: Infinity, logSumExp: -Infinity, gradient: new Float64Array(2) });
      expect(crossEntropy([-Infinity, -Infinity], [0, 0]).loss).toBe(0);
    });

    test('NaN and the rule ieee', () => {
      const z = { data: Float64Array.of(1, NaN, 1, 2), dims: [2, 2] };
      const { loss, gradient } = crossEntropy(z, [0, 1], { reduction: 'none', gradient: true });
      expect([...loss.data]).toEqual([NaN, expect.closeTo(Math.log1p(Math.exp(-1)), 15)]);
      expect(gradient.data.map(Number.isNaN as never)).toEqual(Float64Array.of(1, 1, 0, 0));
      const ieee = { nonFinite: 'ieee', gradient: true } as const;
      expect(crossEntropy([Infinity, 0], 0, ieee)).toMatchObject({ loss: NaN, gradient: Float64Array.of(NaN, NaN) });
      expect(crossEntropy([-Infinity, 0], 1, ieee).loss).toBe(0);
      expect(crossEntropy([-Infinity, 0], [0, 1], ieee)).toMatchObject({ loss: NaN, gradient: new Float64Array(2) });
      expect(() => crossEntropy(z, [0, 1], { nonFinite: 'throw' })).toThrow(/^Row 0 of/);
    });

    test('the limits of beta', () => {
      const at = (beta: number, target: number) => crossEntropy([1, 3, 3], target, { beta, gradient: true });
      expect(at(Infinity, 1)).toMatchObject({ loss: Math.LN2, gradient: new Float64Array(3) });
      expect(at(Infinity, 0)).toMatchObject({ loss: Infinity, gradient: new Float64Array(3) });
      expect(at(-Infinity, 0).loss).toBe(0);
      expect(at(0, 2)).toMatchObject({ loss: Math.log(3), gradient: new Float64Array(3) });
    });

    test('storage for the gradients, in place', () => {
      const z = batch();
      const wanted = crossEntropy(z, [0, 1, 2], { gradient: true }).gradient.data;
      const out = new Float64Array(9);
      expect(crossEntropy(z, [0, 1, 2], { gradient: out }).gradient).toBe(out);
      expect(out).toEqual(wanted);
      expect(crossEntropy(z, [0, 1, 2], { gradient: z.data }).gradient).toBe(z.data);
      expect(z.data).toEqual(wanted);
      const logP = logSoftmax(batch());
      const nll = nllLoss(logP, [0, 1, 2], { gradient: logP });
      expect(nll.gradient).toBe(logP);
      expect([...logP.data].map((g) => g * 3)).toEqual([-1, 0, 0, 0, -1, 0, 0, 0, -1]);
      expect('gradient' in crossEntropy(z, [0, 1, 2], { gradient: false })).toBe(false);
    });

    test('the derivative in the target', () => {
      const { targetGradient } = crossEntropy([1, -Infinity, 2], [0.5, 0, 0.5], {
        targetGradient: true,
        weight: [2, 1, 0],
      });
      expect([...targetGradient]).toEqual([expect.closeTo(2 * (1 + Math.log1p(Math.exp(-1))), 14), Infinity, 0]);
    });

    test('divergence', () => {
      expect(klDivergence([1, 2], [1, 2])).toBe(0);
      // Half the variance of the difference, for near rows.
      const h = 2 ** -40;
      expect(klDivergence([0, 0], [0, 2 * h]) / (h * h)).toBeCloseTo(0.5, 9);
      expect(klDivergence([0, 0], [0, -Infinity])).toBe(Infinity);
      // Also where p is rounded to 0, but not where q is.
      const beyond = -Infinity;
      expect(klDivergence([3.57, beyond, -75.3], [0, beyond, beyond], { beta: 1e30 })).toBe(Infinity);
      expect(klDivergence([-3.57, Infinity, 75.3], [0, Infinity, Infinity], { beta: -1e300 })).toBe(Infinity);
      expect(klDivergence([3.57, beyond, -1e300], [0, beyond, Infinity], { beta: 1e300 })).toBe(Infinity);
      expect(klDivergence([3.57, beyond, -75.3], [0, beyond, -1e300], { beta: 1e300 })).toBe(0);
      expect(klDivergence([0, -Infinity], [0, 0])).toBeCloseTo(Math.LN2, 15);
      expect(klDivergence([Infinity, 0], [0, 0])).toBeCloseTo(Math.LN2, 15);
      expect(klDivergence([1, 3, 3], [3, 3, 3], { beta: Infinity })).toBeCloseTo(Math.log(1.5), 15);
      expect(klDivergence([-Infinity], [0])).toBe(0);
      expect(klDivergence([NaN, 0], [0, 0])).toBe(NaN);
      const mask = Uint8Array.of(1, 1, 0);
      expect(klDivergence([1, 2, 9], [2, 1, NaN], { mask })).toBe(klDivergence([1, 2], [2, 1]));
      const rows = klDivergence(batch(), batch(), { axis: 0, keepDims: true });
      expect(rows).toEqual({ data: new Float64Array(3), dims: [1, 3], type: 'float64' });
    });

    test('a target that another thread writes is read once', async () => {
      const shared = new Int32Array(new SharedArrayBuffer(8));
      const done = new Int32Array(new SharedArrayBuffer(4));
      const work = `
      const { workerData: [target, done] } = require('node:worker_threads');
      for (let i = 0; Atomics.load(done, 0) === 0; i += 1) target[0] = [0, 2, 1 << 30, -7][i & 3];`;
      const worker = new Worker(work, { eval: true, workerData: [shared, done] });
      await new Promise((resolve) => worker.once('online', resolve));
      const z = { data: Float64Array.of(1, 2, 4, 0, 0, 0), dims: [2, 3] };
      const losses = [0, 1, 2].map((t) => crossEntropy(z, [t, 0], { reduction: 'sum' }).loss);
      let computed = 0;
      for (let i = 0; i < 4000; i += 1) {
        try {
          const { loss, gradient } = crossEntropy(z, shared, { reduction: 'sum', gradient: true });
          const target = losses.indexOf(loss);
          expect([0, 2]).toContain(target);
          expect(gradient.data.subarray(0, 3).map((g) => (g < 0 ? 1 : 0))[target]).toBe(1);
          computed += 1;
        } catch (error) {
          expect((error as Error).message).toMatch(/^The value of "target\[0\]" is out of range/);
        }
      }
      Atomics.store(done, 0, 1);
      await worker.terminate();
      expect(computed).toBeGreaterThan(0);
    });
  },
);
