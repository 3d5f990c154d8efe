// The values of goldens.json for a diagnosis: saturation, where 1 - p_max by subtraction is 0 from a gap of 37 on, the
// trace of the derivative, ties.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const goldens = JSON.parse(readFileSync(join(__dirname, 'goldens.json'), 'utf8'));

/** To a relative error of 1e-14, 40 ulp; the digits of the goldens are good for more. */
function expectNear(actual: number, golden: string | number): void {
  expect(Math.abs(actual / Number(golden) - 1), `${actual} instead of ${golden}`).toBeLessThan(1e-14);
}

interface Saturation {
  scale: number;
  one_minus_pmax: string;
  trace: string;
  spectral: string;
  entropy: string;
}

describe.each(libraries)('%s', (_, { diagnose }) => {
  const saturation: Saturation[] = goldens['4 saturation z=s*[1,2,3] (J with respect to the scaled logits)'];

  test.each(saturation)('saturation, scale $scale', (golden) => {
    const s = golden.scale;
    for (const Elements of [Float64Array, Float32Array]) {
      const found = diagnose(Elements.of(s, 2 * s, 3 * s));
      expectNear(found.oneMinusPMax, golden.one_minus_pmax);
      expectNear(found.jacobianTrace, golden.trace);
      expectNear(found.jacobianNorm, golden.spectral);
      expectNear(found.entropy, golden.entropy);
      expect(found).toMatchObject({ max: 3 * s, gap: s, ties: 1, saturated: s >= 16, firstNonFinite: -1 });
      // The same logits as a scale: the derivative is then that by the logits, beta times as much.
      const scaled = diagnose(Elements.of(1, 2, 3), { beta: s });
      expectNear(scaled.oneMinusPMax, golden.one_minus_pmax);
      expectNear(scaled.jacobianTrace / s, golden.trace);
      expectNear(scaled.jacobianNorm / s, golden.spectral);
      expectNear(scaled.entropy, golden.entropy);
    }
  });

  test.each([1, 0.5, -1])('the trace of the derivative, beta %d', (beta) => {
    const { trace } = goldens[`2 Jacobian z=[1,2,4] beta=${beta.toFixed(1)}`];
    expectNear(diagnose([1, 2, 4], { beta }).jacobianTrace, Math.abs(trace));
  });

  test('entropy, and ties', () => {
    expectNear(diagnose([1, 2, 4]).entropy, goldens['6 exponential family eta=[1,2,4]'].entropy);
    const ties = diagnose([1, 3, 3], { beta: 5 });
    // Mass off the maximisers, of which there are two.
    expectNear(ties.oneMinusPMax, 0.5 + Number(goldens['4 ties z=[1,3,3]'].tv_at_beta_5) / 2);
    expect(ties).toMatchObject({ gap: 10, ties: 2, saturated: false, suggestedScale: 1 });
  });
});
