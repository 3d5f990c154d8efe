// What TypeScript makes of SoftmaxRegression, fitMaximumEntropy and calibrateTemperature.
import { describe, expectTypeOf, test } from 'vitest';
import {
  type Calibration,
  type Convergence,
  calibrateTemperature,
  fitMaximumEntropy,
  type MaximumEntropy,
  SoftmaxRegression,
  type Tensor,
} from '../../lib/index';
import * as promises from '../../lib/promises';

const features = { data: new Float32Array(4), dims: [2, 2] };

describe('SoftmaxRegression', () => {
  test('of integers', () => {
    const model = new SoftmaxRegression();
    expectTypeOf(model).toEqualTypeOf<SoftmaxRegression>();
    expectTypeOf(model.fit(features, Int32Array.of(0, 1), { classWeight: 'balanced' })).toEqualTypeOf<Convergence>();
    expectTypeOf(model.predict(features)).toEqualTypeOf<Int32Array>();
    expectTypeOf(model.predict([1, 2])).toEqualTypeOf<number>();
    expectTypeOf(model.coefficients).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(new promises.SoftmaxRegression().predict(features)).resolves.toEqualTypeOf<Int32Array>();
  });

  test('of names', () => {
    const model = new SoftmaxRegression({ classes: ['a', 'b'] });
    expectTypeOf(model.predict(features)).toEqualTypeOf<('a' | 'b')[]>();
    expectTypeOf(model.predict([1, 2])).toEqualTypeOf<'a' | 'b'>();
    expectTypeOf(model.fit(features, ['a', 'b'])).toEqualTypeOf<Convergence>();
    // @ts-expect-error names, not integers
    model.fit(features, [0, 1]);
  });

  test('knows its options', () => {
    const model = new SoftmaxRegression({ classes: 2, fitIntercept: false });
    // @ts-expect-error a matrix
    model.fit([1, 2], [0, 1]);
    // @ts-expect-error no such word
    model.fit(features, [0, 1], { classWeight: 'even' });
    // @ts-expect-error a step has no tolerance
    model.partialFit(features, [0, 1], { tolerance: 1 });
  });
});

test('functions', () => {
  expectTypeOf(fitMaximumEntropy([1, 2], 1.5)).toEqualTypeOf<MaximumEntropy>();
  expectTypeOf(promises.fitMaximumEntropy([1, 2], 1.5)).resolves.toEqualTypeOf<MaximumEntropy>();
  expectTypeOf(calibrateTemperature(features, [0, 1], { bins: 5 })).toEqualTypeOf<Calibration>();
  expectTypeOf(promises.calibrateTemperature(features, [0, 1])).resolves.toEqualTypeOf<Calibration>();
  // @ts-expect-error a tensor
  calibrateTemperature([1, 2], [0]);
});
