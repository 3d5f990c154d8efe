// What must hold of maximum entropy and of a regression, found or refuted by fast-check.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { seed } from '../seed';
import { problem } from '../unit/regression/data';

fc.configureGlobal({ seed, numRuns: 60 });

const number = fc.double({ min: -3, max: 3, noNaN: true });

describe.each(libraries)('%s', (_, { SoftmaxRegression, calibrateTemperature, fitMaximumEntropy, softmax }) => {
  test('the means of a softmax give it back: no other distribution with them has as much entropy', () => {
    const lambdas = fc.tuple(number, number);
    const outcomes = fc.array(fc.tuple(number, number), { minLength: 4, maxLength: 12 });
    fc.assert(
      fc.property(lambdas, outcomes, ([a, b], f) => {
        const p = softmax(f.map(([x, y]) => a * x + b * y));
        const means = [0, 1].map((k) => f.reduce((sum, one, i) => sum + (p[i] as number) * (one[k] as number), 0));
        // Features of which only one outcome is left, or that say nothing, are another matter.
        fc.pre(Math.min(...p) > 1e-6);
        const spread = [0, 1].map(
          (k) => Math.max(...f.map((one) => one[k] as number)) - Math.min(...f.map((one) => one[k] as number)),
        );
        fc.pre(Math.min(...spread) > 0.01);
        const found = fitMaximumEntropy({ data: Float64Array.from(f.flat()), dims: [f.length, 2] }, means);
        expect(found.converged).toBe(true);
        found.probabilities.forEach((q, i) => {
          expect(q).toBeCloseTo(p[i] as number, 8);
        });
        expect(found.expectations[0]).toBeCloseTo(means[0] as number, 10);
        const dual = found.logPartition - found.multipliers.reduce((sum, l, k) => sum + l * (means[k] as number), 0);
        expect(dual).toBeCloseTo(found.entropy, 9);
      }),
    );
  });

  test('an l2 meets expectations but for l2 times the multiplier, also impossible ones', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 8, noNaN: true }),
        fc.double({ min: 0.01, max: 2, noNaN: true }),
        (mean, l2) => {
          const { multipliers, expectations, converged } = fitMaximumEntropy([1, 2, 3, 4, 5, 6], mean, { l2 });
          expect(converged).toBe(true);
          expect((expectations[0] as number) + l2 * (multipliers[0] as number)).toBeCloseTo(mean, 9);
        },
      ),
    );
  });

  test('under the fit, features have the means that the data have, but for the penalty', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), fc.double({ min: 0.1, max: 5, noNaN: true }), (number, l2) => {
        const { features, labels, rows, width, classes } = problem(number, { rows: 25, width: 3 });
        const model = new SoftmaxRegression();
        model.fit(features, labels, { l2, tolerance: 1e-10 });
        const p = model.probabilities(features).data;
        for (let c = 0; c < classes; c += 1) {
          for (let k = 0; k < width; k += 1) {
            let difference = l2 * (model.coefficients.data[c * width + k] as number);
            for (let r = 0; r < rows; r += 1) {
              const excess = (p[r * classes + c] as number) - (labels[r] === c ? 1 : 0);
              difference += excess * (features.data[r * width + k] as number);
            }
            expect(Math.abs(difference)).toBeLessThan(1e-7);
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  test('calibration never makes the loss of its rows worse', () => {
    const row = fc.tuple(number, number, number);
    fc.assert(
      fc.property(fc.array(fc.tuple(row, fc.nat(2)), { minLength: 1, maxLength: 30 }), (all) => {
        const logits = { data: Float64Array.from(all.flatMap(([z]) => z)), dims: [all.length, 3] };
        const { before, after, temperature } = calibrateTemperature(
          logits,
          all.map(([, label]) => label),
        );
        expect(after.loss).toBeLessThanOrEqual(before.loss + 1e-12);
        expect(temperature).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
