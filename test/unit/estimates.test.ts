// importanceSampling and checkUnbiased.
import { describe, expect, test } from 'vitest';
import { checkUnbiased, importanceSampling, proposals, type Rng } from '../../lib/index';
import * as promises from '../../lib/promises';
import { beyond } from '../../lib/random/normal';
import { thrown } from '../thrown';

describe('importanceSampling', () => {
  test('by the formulas', () => {
    const r = [2, 0.5, 1, 0.25];
    const sum = 3.75;
    const { logZ, logZStandardError, ess, weights } = importanceSampling(r.map(Math.log), new Float64Array(4));
    expect(logZ).toBeCloseTo(Math.log(sum / 4), 14);
    expect(ess).toBeCloseTo(sum ** 2 / (4 + 0.25 + 1 + 0.0625), 13);
    expect([...weights]).toEqual(r.map((value) => expect.closeTo(value / sum, 14)));
    const variance = r.reduce((total, value) => total + (value - sum / 4) ** 2, 0) / 3;
    expect(logZStandardError).toBeCloseTo(Math.sqrt(variance / 4) / (sum / 4), 14);
  });

  test('weights that are all alike, of classes beyond e^1000', () => {
    const estimate = importanceSampling(Float32Array.of(1000, 1001, 1002), [-1, 0, 1]);
    expect(estimate).toEqual({ logZ: 1001, logZStandardError: 0, ess: 3, weights: new Float64Array(3).fill(1 / 3) });
  });

  test('one draw has no standard error; nothing has no weights', () => {
    expect(importanceSampling([2], [-1])).toEqual({
      logZ: 3,
      logZStandardError: NaN,
      ess: 1,
      weights: Float64Array.of(1),
    });
    const none = importanceSampling([-Infinity, -Infinity], [0, 0]);
    expect(none).toEqual({ logZ: -Infinity, logZStandardError: NaN, ess: 0, weights: new Float64Array(2) });
  });

  test('the standard error is that of many estimates', () => {
    const logits = [1, 2, 4, 0];
    const proposal = proposals.uniform(4);
    let mean = 0;
    const report = checkUnbiased(
      (rng) => {
        const drawn = proposal.sample(400, { rng });
        const { logZ, logZStandardError } = importanceSampling(
          Array.from(drawn, (id) => logits[id] as number),
          proposal.logProbability(drawn),
        );
        mean += logZStandardError / 1000;
        return logZ;
      },
      0,
      { draws: 1000, seed: 3 },
    );
    const deviation = (report.components[0]?.standardError as number) * Math.sqrt(1000);
    expect(Math.abs(mean / deviation - 1)).toBeLessThan(0.1);
  });

  test('different classes, by their expected counts: unbiased', () => {
    const logits = [1, 2, 4, 0];
    const proposal = proposals.logUniform(4);
    const z = logits.reduce((sum, value) => sum + Math.exp(value), 0);
    const estimate = (rng: Rng) => {
      const drawn = proposal.sample(2, { rng, unique: true });
      const logCounts = proposal.logExpectedCount(drawn, 2, { unique: true });
      const picked = Array.from(drawn, (id) => logits[id] as number);
      return Math.exp(
        importanceSampling(
          picked,
          logCounts.map((value) => value - Math.log(2)),
        ).logZ,
      );
    };
    expect(checkUnbiased(estimate, z, { draws: 20_000, seed: 8 }).unbiased).toBe(true);
  });

  test.each<[string, () => unknown, string]>([
    ['no draw', () => importanceSampling([], []), 'ERR_INVALID_ARG_VALUE'],
    ['NaN', () => importanceSampling([NaN], [0]), 'ERR_OUT_OF_RANGE'],
    ['a class of probability 0', () => importanceSampling([0], [-Infinity]), 'ERR_OUT_OF_RANGE'],
    ['two lengths', () => importanceSampling([0, 1], [0]), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
    ['no numbers', () => importanceSampling('1' as never, [0]), 'ERR_INVALID_ARG_TYPE'],
  ])('refused: %s', (_, call, code) => {
    expect(thrown(call)).toMatchObject({ code });
  });
});

describe('checkUnbiased', () => {
  const options = { draws: 2000, seed: 1 };

  test('by the formulas', () => {
    const values = [1, 4, 2, 5];
    let run = 0;
    const { components, greatestZ, unbiased } = checkUnbiased(() => values[run++] as number, 2, { draws: 4, seed: 1 });
    expect(components).toEqual([
      { mean: 3, exact: 2, standardError: Math.sqrt(10 / 3 / 4), z: 1 / Math.sqrt(10 / 3 / 4) },
    ]);
    expect(greatestZ).toBe(components[0]?.z);
    expect(unbiased).toBe(true);
  });

  test('each component counts', () => {
    const estimator = (rng: Rng) => [rng.uniform(), rng.uniform() ** 2, rng.uniform()];
    expect(checkUnbiased(estimator, [1 / 2, 1 / 3, 1 / 2], options).unbiased).toBe(true);
    const report = checkUnbiased(estimator, [1 / 2, 1 / 2, 1 / 2], options);
    expect(report.unbiased).toBe(false);
    expect(report.greatestZ).toBe(-(report.components[1]?.z as number));
    expect(report.probability).toBeLessThan(1e-9);
  });

  test('the same seed gives the same report', () => {
    const estimator = (rng: Rng) => rng.uniform();
    expect(checkUnbiased(estimator, 0.5, options)).toEqual(checkUnbiased(estimator, 0.5, options));
    expect(checkUnbiased(estimator, 0.5, { ...options, seed: 2 })).not.toEqual(checkUnbiased(estimator, 0.5, options));
  });

  test('of unbiased estimators the significance are called biased, or fewer', () => {
    let biased = 0;
    for (let seed = 0; seed < 400; seed += 1) {
      const estimator = (rng: Rng) => [rng.uniform(), rng.uniform()];
      if (!checkUnbiased(estimator, [0.5, 0.5], { draws: 50, seed, significance: 0.1 }).unbiased) biased += 1;
    }
    // 40 expected, less what Bonferroni gives away; five standard deviations.
    expect(biased).toBeGreaterThan(10);
    expect(biased).toBeLessThan(70);
  });

  test('what is always right up to rounding is unbiased, what is always wrong is not', () => {
    expect(checkUnbiased(() => 0.1 + 0.2, 0.3, options)).toMatchObject({ greatestZ: 0, unbiased: true });
    expect(checkUnbiased(() => 0.31, 0.3, options)).toMatchObject({ greatestZ: Infinity, unbiased: false });
  });

  test.each<[string, () => unknown, string]>([
    ['no estimator', () => checkUnbiased(1 as never, 1, options), 'ERR_INVALID_ARG_TYPE'],
    ['one run', () => checkUnbiased(() => 1, 1, { draws: 1, seed: 1 }), 'ERR_OUT_OF_RANGE'],
    ['no seed', () => checkUnbiased(() => 1, 1, { draws: 9 } as never), 'ERR_INVALID_ARG_TYPE'],
    ['certainty', () => checkUnbiased(() => 1, 1, { ...options, significance: 0 }), 'ERR_OUT_OF_RANGE'],
    ['another length', () => checkUnbiased(() => [1, 2], 1, options), 'ERR_SOFTMAX_SHAPE_MISMATCH'],
    ['NaN', () => checkUnbiased(() => NaN, 1, options), 'ERR_OUT_OF_RANGE'],
    ['an infinite value', () => checkUnbiased(() => 1, [Infinity], options), 'ERR_OUT_OF_RANGE'],
  ])('refused: %s', (_, call, code) => {
    expect(thrown(call)).toMatchObject({ code });
  });

  test('probabilities of the normal distribution', () => {
    // Of tables: to 16 digits.
    expect(beyond(0)).toBe(1);
    expect(beyond(1)).toBeCloseTo(0.317310507862914, 14);
    expect(beyond(1.959963984540054)).toBeCloseTo(0.05, 14);
    expect(beyond(3) / 0.002699796063260189).toBeCloseTo(1, 12);
    expect(beyond(5) / 5.733031437583866e-7).toBeCloseTo(1, 12);
    expect(beyond(Infinity)).toBe(0);
  });
});

describe('promises', () => {
  test('the plain results', async () => {
    expect(await promises.importanceSampling([1, 2], [0, 0])).toEqual(importanceSampling([1, 2], [0, 0]));
    const options = { draws: 100, seed: 1 };
    const plain = checkUnbiased((rng) => rng.uniform(), 0.5, options);
    expect(await promises.checkUnbiased(async (rng) => rng.uniform(), 0.5, options)).toEqual(plain);
  });

  test('errors are rejections, and so is an abort', async () => {
    await expect(promises.importanceSampling([], [])).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    await expect(promises.checkUnbiased(() => 1, 1, {} as never)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    const controller = new AbortController();
    const { signal } = controller;
    let runs = 0;
    const estimator = async () => {
      runs += 1;
      if (runs === 3) controller.abort();
      return 1;
    };
    const call = promises.checkUnbiased(estimator, 1, { draws: 100, seed: 1, signal });
    await expect(call).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(runs).toBe(3);
  });
});
