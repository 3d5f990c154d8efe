// What must hold for the losses of any logits, found or refuted by fast-check.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { seed } from '../seed';

fc.configureGlobal({ seed, numRuns: 200 });

const logit = fc.double({ min: -50, max: 50, noNaN: true });
const vector = fc.array(logit, { minLength: 1, maxLength: 100 });
const wild = fc.array(fc.oneof(logit, fc.constantFrom(Infinity, -Infinity, NaN)), { minLength: 1, maxLength: 80 });
const beta = fc.oneof(fc.double({ min: -3, max: 3, noNaN: true }), fc.constantFrom(0, 1, Infinity, -Infinity));
const [[, native], [, reference]] = libraries as [(typeof libraries)[0], (typeof libraries)[0]];

/** The same NaN and infinities, and near otherwise. */
function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>, size: number): void {
  for (let i = 0; i < expected.length; i += 1) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    if (Number.isFinite(b)) expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-13 * size);
    else expect(a).toBe(b);
  }
}

describe.each(libraries)('%s', (_, { crossEntropy, klDivergence, nllLoss, logSoftmax, softmax }) => {
  test('cross-entropy is positive, and its gradient sums to 0', () => {
    fc.assert(
      fc.property(vector, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (z, t, labelSmoothing) => {
        const { loss, gradient } = crossEntropy(z, t % z.length, { labelSmoothing, gradient: true });
        expect(loss).toBeGreaterThanOrEqual(0);
        expect(Math.abs(gradient.reduce((sum, g) => sum + g, 0))).toBeLessThan(1e-13);
      }),
    );
  });

  test('it is the negative log-likelihood of the log-softmax', () => {
    fc.assert(
      fc.property(vector, fc.nat(), (z, t) => {
        const target = t % z.length;
        const { loss } = crossEntropy(z, target);
        expect(Math.abs(nllLoss(logSoftmax(z), target).loss - loss)).toBeLessThanOrEqual(1e-13 * (1 + loss));
      }),
    );
  });

  test('cross-entropy with the softmax of others is their entropy and the divergence', () => {
    fc.assert(
      fc.property(vector, fc.infiniteStream(logit), (z, more) => {
        const other = [...more.take(z.length)];
        const p = softmax(z);
        const entropy = crossEntropy(z, p).loss;
        const difference = crossEntropy(other, p).loss - entropy;
        const divergence = klDivergence(z, other);
        expect(divergence).toBeGreaterThanOrEqual(0);
        expect(Math.abs(divergence - difference)).toBeLessThanOrEqual(1e-12 * (1 + divergence));
      }),
    );
  });
});

describe('the two agree', () => {
  test('on any row, under every rule', () => {
    const rule = fc.constantFrom('limit' as const, 'ieee' as const);
    fc.assert(
      fc.property(wild, fc.nat(), beta, rule, fc.boolean(), (z, t, b, nonFinite, soft) => {
        const y = z.map((_, c) => ((t + c) % 3) / 2);
        const target = soft && z.length > 1 ? y : t % z.length;
        const options = {
          beta: b,
          nonFinite,
          gradient: true,
          labelSmoothing: (t % 2) / 10,
          zLoss: (t % 5) / 100,
        } as const;
        const a = native.crossEntropy(z, target, options);
        const e = reference.crossEntropy(z, target, options);
        const size = z.length * 1e5;
        expectSame([a.loss, a.logSumExp], [e.loss, e.logSumExp], size);
        expectSame(a.gradient, e.gradient, size);
        const other = [...z].reverse();
        const divergences = [native, reference].map((l) => l.klDivergence(z, other, { beta: b, nonFinite }));
        expectSame([divergences[0] as number], [divergences[1] as number], size);
      }),
    );
  });
});
