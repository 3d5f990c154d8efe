// Learning from batches: the first steps by the definition, and where the stream leads.
import { describe, expect, test } from 'vitest';
import { libraries } from '../../libraries';
import { objectiveOf, type Problem, problem } from './data';

function* batches({ features, labels, width }: Problem, size: number) {
  for (let first = 0; first < labels.length; first += size) {
    const some = labels.slice(first, first + size);
    yield {
      features: {
        data: features.data.subarray(first * width, (first + some.length) * width),
        dims: [some.length, width],
      },
      labels: some,
    };
  }
}

describe.each(libraries)('%s', (_, { SoftmaxRegression }) => {
  test('two steps are those of AdaGrad, and their average', () => {
    const given = problem(31, { rows: 20 });
    const { features, labels, width, classes } = given;
    const model = new SoftmaxRegression({ classes: 3 });
    const point = new Float64Array(classes * (width + 1));
    const [squares, average] = [point.slice(), point.slice()];
    const [l2, learningRate] = [0.4, 0.05];
    for (let step = 1; step <= 2; step += 1) {
      const { value, gradient } = objectiveOf(given, point.subarray(0, 12), point.subarray(12), 0);
      const found = model.partialFit(features, labels, { l2, learningRate });
      expect(found.loss).toBeCloseTo(value / 20, 12);
      expect(found).toMatchObject({ steps: step, rows: 20 * step });
      gradient.forEach((sum, i) => {
        const g = sum / 20 + (i < 12 ? (l2 / (20 * step)) * (point[i] as number) : 0);
        squares[i] = (squares[i] as number) + g * g;
        point[i] = (point[i] as number) - (learningRate * g) / Math.sqrt(squares[i] as number);
        average[i] = (average[i] as number) + (4 / (step + 3)) * ((point[i] as number) - (average[i] as number));
      });
    }
    // The model's parameters sum to 0 over the classes.
    for (let k = 0; k < width; k += 1) {
      const column = [0, 1, 2].map((c) => average[c * width + k] as number);
      const mean = column.reduce((a, b) => a + b) / 3;
      column.forEach((w, c) => {
        expect(model.coefficients.data[c * width + k]).toBeCloseTo(w - mean, 12);
      });
    }
    expect(model.report).toBeUndefined();
  });

  test('a stream comes close to the fit of all rows', async () => {
    const given = problem(32, { rows: 600, apart: 0.7 });
    const whole = new SoftmaxRegression();
    const { loss } = whole.fit(given.features, given.labels);
    const model = new SoftmaxRegression({ classes: 3 });
    async function* epochs() {
      for (let epoch = 0; epoch < 12; epoch += 1) yield* batches(given, 50);
    }
    const seen: number[] = [];
    // Twelve times the rows have twelve times the penalty.
    const options = { l2: 12, learningRate: 0.3 };
    const last = await model.fitStream(epochs(), { ...options, onProgress: ({ steps }) => seen.push(steps) });
    expect(last).toMatchObject({ steps: 144, rows: 7200 });
    expect(seen).toEqual(Array.from({ length: 144 }, (_none, i) => i + 1));
    const { value } = objectiveOf(given, model.coefficients.data, model.intercept as Float64Array, 1);
    expect(value / 600).toBeLessThan(1.02 * loss);
    expect(model.score(given.features, given.labels)).toBeGreaterThan(whole.score(given.features, given.labels) - 0.02);
  });

  test('a stream goes on from a fit, and weights of rows are repeats of them', () => {
    const given = problem(33, { rows: 30 });
    const [model, other] = [new SoftmaxRegression(), new SoftmaxRegression()];
    for (const fitted of [model, other]) fitted.fit(given.features, given.labels);
    const before = model.coefficients.data;
    const [batch] = batches(given, 6);
    if (batch === undefined) throw new Error('no batch');
    const double = { data: Float64Array.of(...batch.features.data, ...batch.features.data), dims: [12, 4] };
    const twos = new Array<number>(6).fill(2);
    const one = model.partialFit(batch.features, batch.labels, { sampleWeight: twos });
    const two = other.partialFit(double, [...batch.labels, ...batch.labels]);
    expect(one.loss).toBeCloseTo(two.loss, 12);
    model.coefficients.data.forEach((w, i) => {
      expect(w).toBeCloseTo(other.coefficients.data[i] as number, 12);
      expect(Math.abs(w - (before[i] as number))).toBeLessThan(0.2);
    });
  });

  test('a signal ends a stream, and what was learnt stays', async () => {
    const given = problem(34, { rows: 40 });
    const model = new SoftmaxRegression({ classes: 3 });
    const controller = new AbortController();
    let ended = false;
    const source = {
      async *[Symbol.asyncIterator]() {
        try {
          yield* batches(given, 10);
        } finally {
          ended = true;
        }
      },
    };
    const onProgress = ({ steps }: { steps: number }): void => {
      if (steps === 2) controller.abort();
    };
    await expect(model.fitStream(source, { onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORT_ERR',
    });
    expect(ended).toBe(true);
    expect(model.features).toBe(4);
    await expect(model.fitStream(7 as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(model.fitStream([3] as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(await model.fitStream([])).toBeUndefined();
  });
});
