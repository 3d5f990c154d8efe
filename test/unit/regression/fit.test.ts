// SoftmaxRegression.fit: that it minimises what it says, its options, its report.
import { describe, expect, test } from 'vitest';
import { libraries } from '../../libraries';
import { objectiveOf, problem } from './data';

const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));

describe.each(libraries)('%s', (_, { SoftmaxRegression }) => {
  test('is where the gradient of the objective is 0, which it reports', () => {
    const given = problem(1);
    const model = new SoftmaxRegression();
    const report = model.fit(given.features, given.labels, { l2: 0.3, tolerance: 1e-10 });
    const { value, gradient, total } = objectiveOf(
      given,
      model.coefficients.data,
      model.intercept as Float64Array,
      0.3,
    );
    expect(report).toMatchObject({ converged: true, reason: 'gradient' });
    expect(largest(gradient) / total).toBeLessThan(2e-10);
    expect(report.gradientNorm).toBeLessThanOrEqual(1e-10);
    expect(report.loss).toBeCloseTo(value / total, 12);
    expect(model.report).toEqual(report);
    expect(model.classes).toEqual([0, 1, 2]);
    expect(model.features).toBe(4);
  });

  test('weights of rows and classes are what repeating the rows is', () => {
    const given = problem(2, { rows: 30 });
    const sampleWeight = given.labels.map((_, r) => r % 3);
    const classWeight = [1, 2, 1];
    const repeated = given.labels.flatMap((label, r) =>
      new Array<number>((sampleWeight[r] as number) * (classWeight[label] as number)).fill(r),
    );
    const features = {
      data: Float64Array.from(repeated.flatMap((r) => [...given.features.data.subarray(r * 4, r * 4 + 4)])),
      dims: [repeated.length, 4],
    };
    const [weighted, plain] = [new SoftmaxRegression(), new SoftmaxRegression()];
    const settings = { l2: 0.5, tolerance: 1e-11 };
    weighted.fit(given.features, given.labels, { ...settings, sampleWeight, classWeight });
    plain.fit(
      features,
      repeated.map((r) => given.labels[r] as number),
      settings,
    );
    expect(weighted.report?.loss).toBeCloseTo(plain.report?.loss as number, 12);
    weighted.coefficients.data.forEach((w, i) => {
      expect(w).toBeCloseTo(plain.coefficients.data[i] as number, 9);
    });
  });

  test("'balanced' is rows over classes times the rows of the class", () => {
    const given = problem(3);
    const counts = [0, 1, 2].map((c) => given.labels.filter((label) => label === c).length);
    const classWeight = counts.map((count) => given.rows / (3 * count));
    const [named, listed] = [new SoftmaxRegression(), new SoftmaxRegression()];
    named.fit(given.features, given.labels, { classWeight: 'balanced' });
    listed.fit(given.features, given.labels, { classWeight });
    expect(named.coefficients.data).toEqual(listed.coefficients.data);
  });

  test('coefficients and intercepts sum to 0 over the classes', () => {
    const given = problem(4, { classes: 4 });
    const model = new SoftmaxRegression();
    model.fit(given.features, given.labels, { l2: 0, maxIterations: 7 });
    const { data } = model.coefficients;
    for (let k = 0; k < 4; k += 1) {
      let sum = 0;
      for (let c = 0; c < 4; c += 1) sum += data[c * 4 + k] as number;
      expect(Math.abs(sum)).toBeLessThan(1e-13);
    }
    expect(Math.abs((model.intercept as Float64Array).reduce((a, b) => a + b))).toBeLessThan(1e-13);
    expect(model.report).toMatchObject({ iterations: 7, converged: false, reason: 'maxIterations' });
  });

  test('a warm start begins where the model is', () => {
    const given = problem(5);
    const model = new SoftmaxRegression();
    const cold = model.fit(given.features, given.labels, { tolerance: 1e-9 });
    const warm = model.fit(given.features, given.labels, { tolerance: 1e-8, warmStart: true });
    expect(cold.iterations).toBeGreaterThan(3);
    expect(warm.iterations).toBe(0);
    expect(model.fit(given.features, given.labels, { tolerance: 1e-9 }).iterations).toBe(cold.iterations);
  });

  test('tells of each step, and what the callback throws leaves the model as it was', () => {
    const given = problem(6);
    const model = new SoftmaxRegression();
    const losses: number[] = [];
    const report = model.fit(given.features, given.labels, { onProgress: ({ loss }) => losses.push(loss) });
    expect(losses).toHaveLength(report.iterations);
    losses.slice(1).forEach((loss, i) => {
      expect(loss).toBeLessThanOrEqual((losses[i] as number) * (1 + 1e-6));
    });
    const before = model.toJSON();
    const stop = new Error('stop');
    const onProgress = (): never => {
      throw stop;
    };
    expect(() => model.fit(given.features, given.labels, { l2: 50, onProgress })).toThrow(stop);
    const controller = new AbortController();
    const abort = (): void => controller.abort('late');
    expect(() =>
      model.fit(given.features, given.labels, { l2: 50, onProgress: abort, signal: controller.signal }),
    ).toThrow(expect.objectContaining({ name: 'AbortError', code: 'ABORT_ERR', cause: 'late' }));
    expect(model.toJSON()).toEqual(before);
  });

  test('features of other scales give the same probabilities in about as many steps', () => {
    const given = problem(7);
    const scaled = { ...given.features, data: given.features.data.map((x, i) => x * 10 ** (i % 4)) };
    const [model, other] = [new SoftmaxRegression(), new SoftmaxRegression()];
    const few = model.fit(given.features, given.labels, { l2: 0, tolerance: 1e-9 }).iterations;
    const { iterations, reason } = other.fit(scaled, given.labels, { l2: 0, tolerance: 1e-6 });
    expect(reason).toBe('gradient');
    expect(iterations).toBeLessThan(2 * few);
    const [p, q] = [model.probabilities(given.features).data, other.probabilities(scaled).data];
    p.forEach((probability, i) => {
      expect(probability).toBeCloseTo(q[i] as number, 4);
    });
  });

  test('wide features, which have no preconditioner', () => {
    const given = problem(8, { rows: 40, width: 300 });
    const model = new SoftmaxRegression();
    const report = model.fit(given.features, given.labels, { tolerance: 1e-8 });
    const { gradient, total } = objectiveOf(given, model.coefficients.data, model.intercept as Float64Array, 1);
    expect(report.converged).toBe(true);
    expect(largest(gradient) / total).toBeLessThan(2e-8);
  });

  test('float32 features', () => {
    const given = problem(9);
    const features = { data: Float32Array.from(given.features.data), dims: given.features.dims };
    const model = new SoftmaxRegression();
    expect(model.fit(features, given.labels, { tolerance: 1e-6 }).converged).toBe(true);
    const { gradient, total } = objectiveOf(given, model.coefficients.data, model.intercept as Float64Array, 1);
    expect(largest(gradient) / total).toBeLessThan(3e-6);
    expect(model.probabilities(features).data).toBeInstanceOf(Float32Array);
  });

  test('separable classes without penalty: the loss goes to 0', () => {
    const model = new SoftmaxRegression();
    const features = { data: Float64Array.of(-2, -1, 1, 2), dims: [4, 1] };
    const report = model.fit(features, [0, 0, 1, 1], { l2: 0, tolerance: 1e-6 });
    expect(report.converged).toBe(true);
    expect(report.loss).toBeLessThan(1e-5);
    expect(model.score(features, [0, 0, 1, 1])).toBe(1);
  });
});
