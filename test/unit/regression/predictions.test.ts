// What a fitted SoftmaxRegression predicts; names of classes; JSON; standard errors.
import { describe, expect, test } from 'vitest';
import { libraries } from '../../libraries';
import { thrown } from '../../thrown';
import { problem } from './data';

describe.each(libraries)('%s', (_, { SoftmaxRegression, softmax }) => {
  const given = problem(11);
  const fitted = () => {
    const model = new SoftmaxRegression();
    model.fit(given.features, given.labels);
    return model;
  };

  test('probabilities are the softmax of logits, and predictions where they are greatest', () => {
    const model = fitted();
    const logits = model.logits(given.features);
    const probabilities = model.probabilities(given.features);
    const logProbabilities = model.logProbabilities(given.features);
    expect(logits.dims).toEqual([60, 3]);
    const wanted = softmax(logits).data;
    const predicted = model.predict(given.features);
    expect(predicted).toBeInstanceOf(Int32Array);
    let right = 0;
    for (let r = 0; r < 60; r += 1) {
      const row = [...wanted.subarray(3 * r, 3 * r + 3)];
      expect(predicted[r]).toBe(row.indexOf(Math.max(...row)));
      if (predicted[r] === given.labels[r]) right += 1;
      row.forEach((p, c) => {
        expect(probabilities.data[3 * r + c]).toBeCloseTo(p, 14);
        expect(logProbabilities.data[3 * r + c]).toBeCloseTo(Math.log(p), 12);
      });
    }
    expect(model.score(given.features, given.labels)).toBe(right / 60);
  });

  test('one row as a vector', () => {
    const model = fitted();
    const row = given.features.data.subarray(0, 4);
    expect(model.probabilities(row).dims).toEqual([3]);
    expect(model.predict(row)).toBe(model.predict(given.features)[0]);
    expect(model.predict([...row])).toBe(model.predict(row));
  });

  test('classes may be any integers, or names', () => {
    const numbers = [70, -3, 12];
    const names = ['pear', 'apple', 'fig'];
    const byNumber = new SoftmaxRegression();
    byNumber.fit(
      given.features,
      given.labels.map((label) => numbers[label] as number),
    );
    expect(byNumber.classes).toEqual([-3, 12, 70]);
    const byName = new SoftmaxRegression<string>({ classes: names });
    const labels = given.labels.map((label) => names[label] as string);
    byName.fit(given.features, labels);
    const plain = fitted();
    expect(byName.classes).toEqual(names);
    expect(byName.coefficients).toEqual(plain.coefficients);
    const places = plain.predict(given.features);
    expect(byName.predict(given.features)).toEqual(Array.from(places, (place) => names[place]));
    expect(byNumber.predict(given.features)).toEqual(places.map((place) => numbers[place] as number));
    expect(byName.score(given.features, labels)).toBe(plain.score(given.features, given.labels));
    expect(byName.predict(given.features.data.subarray(0, 4))).toBe(names[places[0] as number]);
  });

  test('classes that are named and never come', () => {
    const model = new SoftmaxRegression({ classes: 5 });
    model.fit(given.features, given.labels);
    expect(model.coefficients.dims).toEqual([5, 4]);
    expect(Math.max(...model.probabilities(given.features).data)).toBeLessThan(1);
    expect([...model.predict(given.features)].every((label) => label < 3)).toBe(true);
  });

  test('what is read of a model is a copy', () => {
    const model = fitted();
    const [first] = model.coefficients.data;
    model.coefficients.data.fill(0);
    model.intercept?.fill(0);
    (model.classes as number[])[0] = 9;
    expect(model.coefficients.data[0]).toBe(first);
    expect(model.classes).toEqual([0, 1, 2]);
  });

  test('JSON and back, to the bit', () => {
    const model = new SoftmaxRegression<string>({ fitIntercept: false });
    model.fit(
      given.features,
      given.labels.map((label) => `class ${label}`),
      { l2: 0.1 },
    );
    const text = JSON.stringify(model);
    const again = SoftmaxRegression.fromJSON<string>(text);
    expect(JSON.stringify(again)).toBe(text);
    expect(SoftmaxRegression.fromJSON(model.toJSON()).toJSON()).toEqual(model.toJSON());
    expect(again.probabilities(given.features)).toEqual(model.probabilities(given.features));
    expect(again.predict(given.features)).toEqual(model.predict(given.features));
    expect(again.intercept).toBeUndefined();
    expect(again.report).toEqual(model.report);
  });

  test.each([
    ['text', 'not json'],
    ['version', { version: 2 }],
    ['format', { format: 'another' }],
    ['classes', { classes: [0] }],
    ['classes', { classes: [0, 0, 1] }],
    ['classes', { classes: [0, 'b', 1] }],
    ['classes', { classes: [0, 0.5, 1] }],
    ['coefficients', { coefficients: [[1], [2], [3]] }],
    ['coefficients', { coefficients: 7 }],
    ['intercept', { intercept: [1, 2] }],
    ['intercept', { intercept: [1, 2, null] }],
    ['l2', { l2: -1 }],
    ['features', { features: 0 }],
    ['report', { report: 3 }],
  ])('JSON that is not whole: %s', (_name, change) => {
    const json = typeof change === 'string' ? change : { ...fitted().toJSON(), ...change };
    expect(thrown(() => SoftmaxRegression.fromJSON(json as never))).toMatchObject({ code: 'ERR_SOFTMAX_CORRUPTED' });
  });

  test('standard errors are the curvature of the log-likelihood, as differences of it have it', () => {
    const model = new SoftmaxRegression();
    model.fit(given.features, given.labels, { l2: 0.7, tolerance: 1e-11 });
    const { coefficients, intercept } = model.standardErrors(given.features);
    const plain = model.standardErrors(given.features, { l2: 0 });
    expect(coefficients.dims).toEqual([3, 4]);
    expect(intercept).toHaveLength(3);
    // A penalty is knowledge: errors are smaller.
    coefficients.data.forEach((error, i) => {
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(plain.coefficients.data[i] as number);
    });
    // Four times the rows halve them.
    const weighted = model.standardErrors(given.features, { l2: 0, sampleWeight: new Float64Array(60).fill(4) });
    weighted.coefficients.data.forEach((error, i) => {
      expect(error).toBeCloseTo((plain.coefficients.data[i] as number) / 2, 12);
    });
    // Whatever class differences are taken to, the errors of sums that are 0 are the same; of two classes they are halves.
    const two = problem(12, { classes: 2, apart: 0.3 });
    const binary = new SoftmaxRegression();
    binary.fit(two.features, two.labels, { l2: 0, tolerance: 1e-10 });
    const whole = binary.standardErrors(two.features, { reference: 0 }).coefficients.data;
    const halves = binary.standardErrors(two.features).coefficients.data;
    for (let k = 0; k < 4; k += 1) {
      expect(whole[k]).toBe(0);
      expect(halves[k]).toBeCloseTo((whole[4 + k] as number) / 2, 12);
      expect(halves[4 + k]).toBeCloseTo(halves[k] as number, 12);
    }
  });

  test('standard errors of features that depend on each other need a penalty', () => {
    const data = Float64Array.from({ length: 120 }, (_, i) => given.features.data[4 * (i >> 1)] as number);
    const model = new SoftmaxRegression();
    model.fit({ data, dims: [60, 2] }, given.labels, { l2: 0.5 });
    expect(model.standardErrors({ data, dims: [60, 2] }).coefficients.data[0]).toBeGreaterThan(0);
    expect(thrown(() => model.standardErrors({ data, dims: [60, 2] }, { l2: 0 }))).toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });
});
