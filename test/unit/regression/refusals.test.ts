// What a regression, maximum entropy and calibration refuse, and that a model is then as it was.
import { describe, expect, test } from 'vitest';
import { libraries } from '../../libraries';
import { thrown } from '../../thrown';
import { problem } from './data';

const given = problem(21, { rows: 12 });
const { features, labels } = given;
const type = { code: 'ERR_INVALID_ARG_TYPE' };
const value = { code: 'ERR_INVALID_ARG_VALUE' };
const range = { code: 'ERR_OUT_OF_RANGE' };
const shape = { code: 'ERR_SOFTMAX_SHAPE_MISMATCH' };

/** The features with one number changed. */
function changed(at: number, to: number) {
  const data = features.data.slice();
  data[at] = to;
  return { data, dims: features.dims };
}

function detachedFeatures() {
  const data = features.data.slice();
  structuredClone(data.buffer, { transfer: [data.buffer] });
  return { data, dims: features.dims };
}

describe.each(libraries)('%s', (_, { SoftmaxRegression, fitMaximumEntropy, calibrateTemperature }) => {
  test.each([
    [{ classes: 1 }, range],
    [{ classes: 2.5 }, range],
    [{ classes: 'ab' }, type],
    [{ classes: ['a'] }, value],
    [{ classes: ['a', 'a'] }, value],
    [{ classes: ['a', 1] }, type],
    [{ classes: [1, 'a'] }, type],
    [{ classes: [0, 0.5] }, range],
    [{ fitIntercept: 1 }, type],
    [7, type],
  ])('a constructor with %o', (options, error) => {
    expect(thrown(() => new SoftmaxRegression(options as never))).toMatchObject(error);
  });

  test.each<[string, unknown, unknown, object, RegExp?]>([
    ['no features', undefined, labels, type],
    ['a vector of features', features.data, labels, type],
    ['integers', { data: new Int32Array(48), dims: [12, 4] }, labels, type],
    ['dims that do not fit', { data: features.data, dims: [12, 5] }, labels, shape],
    ['one axis', { data: features.data, dims: [48] }, labels, shape],
    ['no rows', { data: new Float64Array(0), dims: [0, 4] }, [], shape, /at least one row.*\[0, 4\]/],
    ['no columns', { data: new Float64Array(0), dims: [12, 0] }, labels, shape],
    [
      'NaN',
      changed(4 * 7 + 2, NaN),
      labels,
      range,
      /"features\[7, 2\]" is out of range. It must be finite. Received NaN/,
    ],
    ['Infinity', changed(3, -Infinity), labels, range, /"features\[0, 3\]".*-Infinity/],
    [
      'overflow',
      { data: features.data.map((x) => 1.7e308 * Math.sign(x)), dims: [12, 4] },
      labels,
      range,
      /so small that/,
    ],
    ['a detached buffer', detachedFeatures(), labels, { code: 'ERR_SOFTMAX_DETACHED' }],
    ['no labels', features, undefined, type],
    ['a single label', features, 1, type],
    ['floats', features, Float64Array.from(labels), type],
    ['too few labels', features, labels.slice(1), shape, /have 12 elements, one for each row. Received 11/],
    ['a fraction', features, labels.with(5, 0.5), range, /labels\[5\]/],
    ['mixed labels', features, ['a', ...labels.slice(1)], type, /labels\[1\]/],
    ['one class only', features, labels.map(() => 4), value, /at least two classes. Received \[ 4 \]/],
    ['one name only', features, labels.map(() => 'a'), value],
  ])('fit of %s', (_name, x, y, error, message = /./) => {
    const model = new SoftmaxRegression();
    const found = thrown(() => model.fit(x as never, y as never));
    expect(found).toMatchObject(error);
    expect(found.message).toMatch(message);
    expect(thrown(() => model.coefficients)).toMatchObject({ code: 'ERR_SOFTMAX_NOT_FITTED' });
  });

  test.each([
    [{ l2: -1 }, range],
    [{ l2: Infinity }, range],
    [{ l2: '1' }, type],
    [{ tolerance: NaN }, range],
    [{ maxIterations: 1.5 }, range],
    [{ classWeight: 'even' }, value],
    [{ classWeight: [1, 2] }, shape],
    [{ classWeight: [1, 2, -1] }, range],
    [{ sampleWeight: [1] }, shape],
    [{ sampleWeight: labels.map(() => NaN) }, range],
    [{ sampleWeight: labels.map(() => 0) }, value],
    [{ warmStart: 1 }, type],
    [{ onProgress: 1 }, type],
    [{ signal: {} }, type],
    [null, type],
  ])('fit with %o', (options, error) => {
    const model = new SoftmaxRegression();
    model.fit(features, labels);
    const before = model.toJSON();
    expect(thrown(() => model.fit(features, labels, options as never))).toMatchObject(error);
    expect(model.toJSON()).toEqual(before);
  });

  test('features that are given away in the middle', () => {
    const data = features.data.slice();
    const onProgress = (): void => {
      if (data.length > 0) structuredClone(data.buffer, { transfer: [data.buffer] });
    };
    const model = new SoftmaxRegression();
    const found = thrown(() => model.fit({ data, dims: features.dims }, labels, { onProgress }));
    expect(found).toMatchObject({ code: 'ERR_SOFTMAX_DETACHED' });
    expect(found.message).toMatch(/"features"/);
    expect(model.report).toBeUndefined();
  });

  test('labels and rows that the model does not know', () => {
    const named = new SoftmaxRegression<string>({ classes: ['a', 'b', 'c'] });
    const names = labels.map((label) => 'abd'[label] as string);
    expect(thrown(() => named.fit(features, names)).message).toMatch(/one of the classes 'a', 'b', 'c'. Received 'd'/);
    const model = new SoftmaxRegression({ classes: 3 });
    expect(thrown(() => model.predict(features))).toMatchObject({ code: 'ERR_SOFTMAX_NOT_FITTED' });
    expect(thrown(() => JSON.stringify(model))).toMatchObject({ code: 'ERR_SOFTMAX_NOT_FITTED' });
    model.fit(features, labels);
    expect(thrown(() => model.probabilities([1, 2]))).toMatchObject(shape);
    expect(thrown(() => model.predict(changed(5, NaN))).message).toMatch(/"features\[1, 1\]"/);
    expect(thrown(() => model.score(features, labels.with(3, 3))).message).toMatch(/labels\[3\]/);
    expect(thrown(() => model.standardErrors(features, { reference: 9 }))).toMatchObject(value);
    expect(thrown(() => model.standardErrors(features.data as never))).toMatchObject(type);
    const wide = problem(3, { rows: 5, width: 1100 });
    const big = new SoftmaxRegression();
    big.fit(wide.features, wide.labels, { maxIterations: 1 });
    expect(thrown(() => big.standardErrors(wide.features))).toMatchObject(range);
  });

  test('a batch needs to know the classes, and its own arguments', () => {
    const model = new SoftmaxRegression();
    expect(thrown(() => model.partialFit(features, labels)).message).toMatch(/options.classes/);
    const known = new SoftmaxRegression({ classes: 3 });
    expect(thrown(() => known.partialFit(features, labels, { learningRate: 0 }))).toMatchObject(range);
    expect(thrown(() => known.partialFit(changed(9, NaN), labels)).message).toMatch(/features\[2, 1\]/);
    expect(thrown(() => known.predict(features))).toMatchObject({ code: 'ERR_SOFTMAX_NOT_FITTED' });
  });

  test.each<[unknown, unknown, unknown, object, RegExp?]>([
    ['abc', 1, undefined, type],
    [[1, NaN], 1, undefined, range, /features\[1\]/],
    [[], 1, undefined, shape],
    [[1, 2], [1, 2], undefined, shape],
    [[1, 2], NaN, undefined, range],
    [[1, 2], '1', undefined, type],
    [[1, 2, 3], 3, undefined, range, /> 1 and < 3/],
    [[1, 2, 3], 0.5, undefined, range],
    [[1, 1], 2, undefined, range],
    [{ data: Float64Array.of(0, 0, 1, 0, 0, 1), dims: [3, 2] }, [0.6, 0.6], undefined, value, /some distribution/],
    [{ data: Float64Array.of(0, 0, 1, 0, 0, 1), dims: [3, 2] }, [0.5, 0.5], undefined, value, /limit/],
    [[1, 2], 1.5, { l2: -1 }, range],
    [[1, 2], 1.5, { maxIterations: -1 }, range],
    [[1, 2], 1.5, 7, type],
  ])('fitMaximumEntropy(%o, %o, %o)', (f, expectations, options, error, message = /./) => {
    const found = thrown(() => fitMaximumEntropy(f as never, expectations as never, options as never));
    expect(found).toMatchObject(error);
    expect(found.message).toMatch(message);
  });

  test.each<[unknown, unknown, unknown, object, RegExp?]>([
    [[1, 2], [0], undefined, type],
    [{ data: new Float64Array(4), dims: [2, 2] }, [0], undefined, shape],
    [{ data: new Float64Array(4), dims: [4] }, [0], undefined, shape],
    [{ data: new Float64Array(0), dims: [0, 2] }, [], undefined, shape],
    [{ data: new Float64Array(4), dims: [2, 2] }, [0, 2], undefined, range, /labels\[1\]/],
    [{ data: Float64Array.of(0, 1, NaN, 0), dims: [2, 2] }, [0, 1], undefined, range, /logits\[1, 0\]/],
    [{ data: new Float64Array(4), dims: [2, 2] }, [0, 1], { bins: 0 }, range],
    [{ data: new Float64Array(4), dims: [2, 2] }, [0, 1], { bins: '3' }, type],
  ])('calibrateTemperature(%o, %o, %o)', (logits, y, options, error, message = /./) => {
    const found = thrown(() => calibrateTemperature(logits as never, y as never, options as never));
    expect(found).toMatchObject(error);
    expect(found.message).toMatch(message);
  });
});
