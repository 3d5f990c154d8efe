// A regression off the event loop: the plain results, a loop that turns, aborts that leave the model as it was.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import { problem } from '../unit/regression/data';

// Large enough that evaluations are jobs, and small enough that none is.
const large = problem(41, { rows: 3000, width: 20 });
const small = problem(42);

describe.each([
  ['large', large],
  ['small', small],
])('%s', (_, { features, labels }) => {
  test('results are those of the plain methods, bit for bit', async () => {
    const [now, later] = [new library.SoftmaxRegression(), new promises.SoftmaxRegression()];
    expect(await later.fit(features, labels)).toEqual(now.fit(features, labels));
    expect(later.coefficients).toEqual(now.coefficients);
    expect(later.intercept).toEqual(now.intercept);
    expect(await later.probabilities(features)).toEqual(now.probabilities(features));
    expect(await later.logProbabilities(features)).toEqual(now.logProbabilities(features));
    expect(await later.logits(features)).toEqual(now.logits(features));
    expect(await later.predict(features)).toEqual(now.predict(features));
    expect(await later.score(features, labels)).toBe(now.score(features, labels));
    expect(await later.standardErrors(features)).toEqual(now.standardErrors(features));
    expect(await later.partialFit(features, labels)).toEqual(now.partialFit(features, labels));
    expect(await later.fitStream([{ features, labels }])).toEqual(await now.fitStream([{ features, labels }]));
    expect(later.coefficients).toEqual(now.coefficients);
    expect(promises.SoftmaxRegression.fromJSON(now.toJSON()).toJSON()).toEqual(later.toJSON());
  });

  test('it is of the features as they were at the call', async () => {
    const wanted = new library.SoftmaxRegression().fit(features, labels);
    const data = features.data.slice();
    const found = new promises.SoftmaxRegression().fit({ data, dims: features.dims }, labels);
    data.fill(NaN);
    expect(await found).toEqual(wanted);
  });

  test('with transfer the arrays come back', async () => {
    const wanted = new library.SoftmaxRegression().fit(features, labels);
    const data = features.data.slice();
    const options = { transfer: true } as object;
    const found = (await new promises.SoftmaxRegression().fit(
      { data, dims: features.dims },
      labels,
      options,
    )) as unknown;
    expect(data).toHaveLength(0);
    expect(found).toMatchObject({ result: wanted });
    const [tensor] = (found as { transferred: { data: Float64Array }[] }).transferred;
    expect(tensor?.data).toEqual(features.data);
  });
});

test('the loop turns while a fit runs', async () => {
  let turns = 0;
  const count = (): void => {
    turns += 1;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  await new promises.SoftmaxRegression().fit(large.features, large.labels, { tolerance: 1e-9 });
  clearImmediate(timer);
  expect(turns).toBeGreaterThan(5);
});

test('a signal ends a fit, and the model is as it was', async () => {
  const model = new promises.SoftmaxRegression();
  await model.fit(large.features, large.labels);
  const before = model.toJSON();
  const controller = new AbortController();
  const onProgress = (): void => controller.abort('late');
  const options = { l2: 1e-3, tolerance: 0, signal: controller.signal, onProgress };
  await expect(model.fit(large.features, large.labels, options)).rejects.toMatchObject({
    ...{ name: 'AbortError', code: 'ABORT_ERR', cause: 'late' },
  });
  const early = { signal: AbortSignal.abort('early') };
  await expect(model.fit(large.features, large.labels, early)).rejects.toMatchObject({ cause: 'early' });
  await expect(model.predict(large.features, early)).rejects.toMatchObject({ code: 'ABORT_ERR' });
  expect(model.toJSON()).toEqual(before);
});

test('what is refused is a rejection, with the stack of the caller', async () => {
  const model = new promises.SoftmaxRegression();
  const data = large.features.data.slice();
  data[20 * 2999 + 7] = NaN;
  const error = await model.fit({ data, dims: large.features.dims }, large.labels).catch((found: unknown) => found);
  expect(error).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  expect((error as Error).message).toMatch(/features\[2999, 7\]/);
  await expect(model.predict(large.features)).rejects.toMatchObject({ code: 'ERR_SOFTMAX_NOT_FITTED' });
  await expect(model.fit(large.features, [1])).rejects.toMatchObject({ code: 'ERR_SOFTMAX_SHAPE_MISMATCH' });
});

test('batches that are learnt side by side are all learnt', async () => {
  const model = new promises.SoftmaxRegression({ classes: 3 });
  const all = await Promise.all([1, 2, 3].map(() => model.partialFit(large.features, large.labels)));
  expect(all.map(({ steps }) => steps).sort()).toEqual([1, 2, 3]);
});

test('maximum entropy and calibration', async () => {
  expect(await promises.fitMaximumEntropy([1, 2, 3, 4, 5, 6], 4.5)).toEqual(
    library.fitMaximumEntropy([1, 2, 3, 4, 5, 6], 4.5),
  );
  await expect(promises.fitMaximumEntropy([1, 2], 3)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  const logits = { data: large.features.data, dims: large.features.dims };
  const wanted = library.calibrateTemperature(logits, large.labels);
  const found = promises.calibrateTemperature({ data: logits.data.slice(), dims: logits.dims }, large.labels);
  expect(await found).toEqual(wanted);
  const { signal } = Object.assign(new AbortController(), {});
  expect(await promises.calibrateTemperature(logits, large.labels, { signal })).toEqual(wanted);
  await expect(
    promises.calibrateTemperature(logits, large.labels, { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: 'ABORT_ERR' });
});
