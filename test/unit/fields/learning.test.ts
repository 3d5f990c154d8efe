// Fields that are learned from joint states.
import { describe, expect, test } from 'vitest';
import { libraries } from '../../libraries';
import { createRandom } from '../../seed';
import { enumerate } from './enumeration';

const random = createRandom(29);
const numbers = (n: number) => Array.from({ length: n }, () => 2 * random() - 1);

const description = {
  cardinalities: [2, 3, 2],
  factors: [
    { variables: [0, 1], logPotentials: [0.5, -1, 0, 1, 0.2, -Infinity] },
    { variables: [2, 1], logPotentials: numbers(6) },
    { variables: [2], logPotentials: [0, 0.3] },
  ],
};

describe.each(libraries)('%s', (_, { MarkovRandomField, Rng }) => {
  const field = new MarkovRandomField(description);
  const samples = field.sample(new Rng(1), 400);

  test('the gradient is the derivative of the log-likelihood', () => {
    const { gradients } = field.logLikelihood(samples);
    const moved = (f: number, i: number, h: number) =>
      new MarkovRandomField({
        ...description,
        factors: description.factors.map((factor, g) => ({
          ...factor,
          logPotentials: factor.logPotentials.map((value, j) => (f === g && i === j ? value + h : value)),
        })),
      }).logLikelihood(samples).logLikelihood;
    description.factors.forEach(({ logPotentials }, f) => {
      logPotentials.forEach((value, i) => {
        if (value === -Infinity) return;
        const numeric = (moved(f, i, 1e-4) - moved(f, i, -1e-4)) / 2e-4;
        expect(gradients[f]?.data[i]).toBeCloseTo(numeric, 4);
      });
    });
  });

  test('fit: the gradient of the likelihood is that of the penalty', () => {
    const before = field.factors;
    const { field: learned, convergence } = field.fit(samples, { l2: 3, tolerance: 1e-9 });
    expect(convergence.converged).toBe(true);
    const { gradients, logLikelihood } = learned.logLikelihood(samples);
    let penalty = 0;
    learned.factors.forEach(({ logPotentials }, f) => {
      logPotentials.data.forEach((value, i) => {
        if (value === -Infinity) return;
        penalty += (3 / 2) * value * value;
        expect(Math.abs((gradients[f]?.data[i] as number) - 3 * value)).toBeLessThan(400 * 2e-9);
      });
    });
    expect(convergence.loss).toBeCloseTo((penalty - logLikelihood) / 400, 10);
    expect(learned.factors[0]?.logPotentials.data[5]).toBe(-Infinity);
    expect(field.factors).toEqual(before);
  });

  test('without a penalty the marginals of the factors are those of the samples', () => {
    const { field: learned } = field.fit(samples, { l2: 0, tolerance: 1e-8 });
    for (const { variables } of description.factors) {
      const seen = new Float64Array(variables.reduce((n, v) => n * (description.cardinalities[v] as number), 1));
      for (let row = 0; row < 400; row += 1) {
        const place = variables.reduce(
          (at, v) => at * (description.cardinalities[v] as number) + (samples.data[3 * row + v] as number),
          0,
        );
        seen[place] = (seen[place] as number) + 1 / 400;
      }
      learned.marginal(variables).data.forEach((share, i) => {
        expect(share).toBeCloseTo(seen[i] as number, 6);
      });
    }
  });

  test('many samples bring the field back that they are from', () => {
    const many = field.sample(new Rng(2), 40_000);
    const start = new MarkovRandomField({
      ...description,
      factors: description.factors.map((factor) => ({
        ...factor,
        logPotentials: factor.logPotentials.map((value) => (value === -Infinity ? value : 0)),
      })),
    });
    const steps: number[] = [];
    const { field: learned } = start.fit(many, { l2: 1, onProgress: ({ loss }) => steps.push(loss) });
    const { p } = enumerate(description);
    learned.joint().data.forEach((share, i) => {
      expect(Math.abs(share - (p[i] as number))).toBeLessThan(0.01);
    });
    expect(steps.length).toBeGreaterThan(2);
    expect(steps[0]).toBeGreaterThan(steps.at(-1) as number);
  });

  test('what is known is neither expected nor learned', () => {
    const known = field.conditional({ 0: 1 });
    const rows = known.sample(new Rng(3), 100);
    const { gradients } = known.logLikelihood(rows);
    // The factor's rows of x_0 = 0 are neither seen nor expected.
    expect([...(gradients[0]?.data.slice(0, 3) ?? [])]).toEqual([0, 0, 0]);
    expect(known.logLikelihood(samples).logLikelihood).toBe(-Infinity);
    const all = field.conditional({ 0: 1, 1: 0, 2: 1 });
    expect(all.logLikelihood([1, 0, 1]).logLikelihood).toBeCloseTo(0, 14);
    for (const { data } of all.logLikelihood([1, 0, 1]).gradients) expect(data.every((x) => x === 0)).toBe(true);
  });
});
