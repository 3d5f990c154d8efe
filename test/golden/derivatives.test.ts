// The values of goldens.json for the derivatives, computed at 60 digits by another program and checked there against
// finite differences.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const goldens = JSON.parse(readFileSync(join(__dirname, 'goldens.json'), 'utf8'));

/** `ulps` units in the last place of the greatest of the expected values. */
function expectNear(actual: ArrayLike<number>, expected: readonly string[], ulps: number): void {
  const values = expected.map(Number);
  const ulp = 2 ** (Math.floor(Math.log2(Math.max(...values.map(Math.abs)))) - 52);
  expect(actual.length).toBe(values.length);
  for (const [j, value] of values.entries()) {
    expect(
      Math.abs((actual[j] as number) - value) / ulp,
      `element ${j}: ${actual[j]}, not ${value}`,
    ).toBeLessThanOrEqual(ulps);
  }
}

const z = [1, 2, 4];
const g = [1, -1, 2];

describe.each(libraries)('%s', (_, library) => {
  test.each([1, 0.5, -1])('the Jacobian, beta %d', (beta) => {
    const golden = goldens[`2 Jacobian z=[1,2,4] beta=${beta.toFixed(1)}`];
    const { data } = library.softmaxJacobian(z, { beta });
    expectNear(data, golden.J.flat(), 3);
    expectNear([(data[0] as number) + (data[4] as number) + (data[8] as number)], [golden.trace], 3);
    expectNear([Math.hypot(...data)], [golden.frobenius], 3);
  });

  test('products with it', () => {
    const { vjp } = goldens['2 VJP softmax z=[1,2,4] v=[1,-1,2]'];
    expectNear(library.softmaxVjp(library.softmax(z), g), vjp, 8);
    expectNear(library.softmaxJvp(library.softmax(z), g), vjp, 8);
    const ofLog = goldens['2 VJP log_softmax z=[1,2,4] v=[1,-1,2]'];
    expectNear(library.logSoftmaxVjp(library.logSoftmax(z), g), ofLog.vjp, 8);
  });

  test('the derivative in beta', () => {
    const { dp } = goldens['2 d softmax / d beta at beta=1'];
    expectNear(library.softmaxBetaGradient(z), dp, 3);
    // A common offset changes nothing.
    expectNear(library.softmaxBetaGradient([1001, 1002, 1004]), dp, 3);
  });

  test('the gradient of the smooth maximum is softmax', () => {
    for (const beta of [2, -2]) {
      const { grad } = goldens[`5 (1/beta) lse(beta z) z=[1,2,4] beta=${beta.toFixed(1)}`];
      expectNear(library.logSumExpVjp(z, 1 / beta, { beta }), grad, 4);
    }
  });

  // 1 - p by subtraction would leave nothing of the last two.
  test('saturation', () => {
    for (const { scale, trace, frobenius, one_minus_pmax } of goldens[
      '4 saturation z=s*[1,2,3] (J with respect to the scaled logits)'
    ]) {
      const { data } = library.softmaxJacobian([scale, 2 * scale, 3 * scale]);
      // The exponents are up to 2 scale.
      const ulps = 8 + 2 * scale;
      expectNear([(data[0] as number) + (data[4] as number) + (data[8] as number)], [trace], ulps);
      // Of the last the golden Frobenius norm is below the spectral, which none can be: its formula cancelled.
      if (scale < 64) expectNear([Math.hypot(...data)], [frobenius], ulps);
      const ofLog = library.logSoftmaxJacobian([scale, 2 * scale, 3 * scale]);
      expectNear([ofLog.data[8] as number], [one_minus_pmax], ulps);
    }
  });
});
