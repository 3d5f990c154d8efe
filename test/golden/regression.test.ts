// Softmax regression against scikit-learn's LogisticRegression (softmax_regression.py made the values), and the worked
// examples of maximum entropy.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

interface Fitted {
  l2: number;
  coefficients: number[][];
  intercept: number[];
  accuracy: number;
  first: number[];
}

interface Goldens {
  digits: Fitted;
  small: {
    features: number[][];
    labels: number[];
    weights: number[];
  } & Record<'plain' | 'weighted' | 'balanced' | 'classWeight' | 'withoutIntercept', Fitted> & {
      unpenalised: Fitted & { errors: number[][] };
    };
}

const goldens = JSON.parse(readFileSync(join(__dirname, 'goldens-regression.json'), 'utf8')) as Goldens;
const jaynes = (
  JSON.parse(readFileSync(join(__dirname, 'goldens.json'), 'utf8')) as {
    '8 max-ent die mean 4.5': { lam: string; p: string[]; entropy: string };
  }
)['8 max-ent die mean 4.5'];

const pixels = 64;

function digits(make: (length: number) => Float64Array | Float32Array) {
  const file = join(__dirname, '..', '..', 'examples', 'data', 'digits.csv.gz');
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  const data = make(lines.length * pixels);
  const labels = lines.map((line, row) => {
    const numbers = line.split(',').map(Number);
    data.set(numbers.slice(0, pixels), row * pixels);
    return numbers[pixels] as number;
  });
  return { features: { data, dims: [lines.length, pixels] }, labels };
}

/** scikit-learn's intercepts sum to 0 as it stops; ours do so exactly. */
function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, bound: number): void {
  expect(found.length).toBe(wanted.length);
  let worst = 0;
  for (let i = 0; i < wanted.length; i += 1)
    worst = Math.max(worst, Math.abs((found[i] as number) - (wanted[i] as number)));
  expect(worst).toBeLessThanOrEqual(bound);
}

describe.each(libraries)('%s', (name, { SoftmaxRegression, fitMaximumEntropy }) => {
  test.runIf(name !== 'softmax-native/reference').each([
    ['float64', (length: number) => new Float64Array(length), {}],
    ['float32', (length: number) => new Float32Array(length), { tolerance: 1e-8 }],
  ])('the digits in %s: coefficients within 1e-4, and the accuracy', (_, make, options) => {
    const { features, labels } = digits(make);
    const model = new SoftmaxRegression();
    const report = model.fit(features, labels, options);
    expect(report.reason).toBe('gradient');
    expectClose(model.coefficients.data, goldens.digits.coefficients.flat(), 1e-4);
    expectClose(model.intercept as Float64Array, centred(goldens.digits.intercept), 1e-4);
    expect(model.score(features, labels)).toBe(goldens.digits.accuracy);
    const first = model.probabilities({ data: features.data.subarray(0, pixels), dims: [1, pixels] }).data;
    expectClose(first, goldens.digits.first, 1e-5);
  });

  const { small } = goldens;
  const features = { data: Float64Array.from(small.features.flat()), dims: [small.features.length, 3] };
  const { labels, weights } = small;

  test.each([
    ['plain', {}],
    ['weighted', { sampleWeight: weights }],
    ['balanced', { classWeight: 'balanced' }],
    ['classWeight', { sampleWeight: weights, classWeight: [1, 2.5, 0.5] }],
    ['withoutIntercept', {}],
  ] as const)('a small problem: %s', (key, options) => {
    const golden = small[key];
    const model = new SoftmaxRegression({ fitIntercept: key !== 'withoutIntercept' });
    model.fit(features, labels, { ...options, l2: golden.l2, tolerance: 1e-11 });
    expectClose(model.coefficients.data, golden.coefficients.flat(), 1e-7);
    if (key === 'withoutIntercept') expect(model.intercept).toBeUndefined();
    else expectClose(model.intercept as Float64Array, centred(golden.intercept), 1e-7);
    expect(model.score(features, labels)).toBe(golden.accuracy);
    expectClose(model.probabilities(small.features[0] as number[]).data, golden.first, 1e-7);
  });

  test('standard errors of differences to a class are those of a multinomial logit', () => {
    const golden = small.unpenalised;
    const model = new SoftmaxRegression();
    model.fit(features, labels, { l2: 0, tolerance: 1e-11 });
    const { coefficients, intercept } = model.standardErrors(features, { reference: 0 });
    const wanted = golden.errors.map((row) => row.slice(0, 3));
    expectClose(coefficients.data, [0, 0, 0, ...wanted.flat()], 1e-6);
    expectClose(intercept as Float64Array, [0, ...golden.errors.map((row) => row[3] as number)], 1e-6);
  });

  test("Jaynes' die", () => {
    const found = fitMaximumEntropy([1, 2, 3, 4, 5, 6], 4.5);
    expectClose(found.multipliers, [Number(jaynes.lam)], 1e-12);
    expectClose(found.probabilities, jaynes.p.map(Number), 1e-12);
    const entropy = Number(jaynes.entropy);
    expect(Math.abs(found.entropy - entropy)).toBeLessThanOrEqual(1e-12);
    // The dual's value is the entropy.
    expect(Math.abs(found.logPartition - 4.5 * (found.multipliers[0] as number) - entropy)).toBeLessThanOrEqual(1e-12);
  });
});
