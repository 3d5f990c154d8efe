// The values of goldens.json for the softmax family, computed at 60 digits by another program. A value is right if it is
// the float64 nearest to the golden digits, or a few units in the last place away.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { exactRow, ulpError } from '../oracle';

/** Digits, or a fraction of whole numbers. */
function parse(golden: string | number): number {
  const [numerator, denominator = '1'] = String(golden).split('/');
  return Number(numerator) / Number(denominator);
}

type Golden = Record<string, string | string[]>;

const goldens: Record<string, Golden> = JSON.parse(readFileSync(join(__dirname, 'goldens.json'), 'utf8'));

const numbers = (name: string, key: string): number[] => ((goldens[name] as Golden)[key] as string[]).map(parse);
const number = (name: string, key: string): number => parse((goldens[name] as Golden)[key] as string);

/** `ulps` units in the last place of `unit`, or of the expected value. */
function expectNear(actual: number, expected: number, ulps: number, unit = expected): void {
  const ulp = 2 ** (Math.floor(Math.log2(Math.abs(unit) || 1)) - 52);
  expect(Math.abs(actual - expected) / ulp, `${actual} instead of ${expected}`).toBeLessThanOrEqual(ulps);
}

function expectAllNear(actual: ArrayLike<number>, expected: readonly number[], ulps: number): void {
  expect(actual.length).toBe(expected.length);
  for (const [j, value] of expected.entries()) expectNear(actual[j] as number, value, ulps);
}

const z = [1, 2, 4];

describe.each(libraries)('%s', (_, { softmax, logSoftmax, logSumExp, smoothMax, hardmax }) => {
  test.each<[string, { beta?: number; base?: number }]>([
    ['1 softmax z=[1,2,4] beta=1', {}],
    ['1 softmax z=[1,2,4] beta=0.5', { beta: 0.5 }],
    ['1 softmax z=[1,2,4] beta=2', { beta: 2 }],
    ['1 softmax z=[1,2,4] beta=-1', { beta: -1 }],
    ['1 softmax z=[1,2,4] beta=0', { beta: 0 }],
    ['1 softmax z=[1,2,4] beta=ln2 (base 2)', { base: 2 }],
    ['1 softmax z=[1,2,4] beta=ln10 (base 10)', { base: 10 }],
  ])('%s', (name, options) => {
    expectAllNear(softmax(z, options), numbers(name, 'p'), 6);
    expectNear(logSumExp(z, options), number(name, 'logZ'), 3, 4 * (options.beta ?? 1));
    const float32 = softmax(Float32Array.from(z), options);
    for (const [j, p] of numbers(name, 'p').entries()) {
      expect(Math.abs((float32[j] as number) / p - 1)).toBeLessThan(6 * 2 ** -23);
    }
  });

  test('Boltzmann: energies and a temperature', () => {
    const name = '1 Boltzmann E=[0,1,3], T=0.5 (beta=-2)';
    expectAllNear(softmax([0, 1, 3], { temperature: -0.5 }), numbers(name, 'p'), 6);
    // F = -T log Z: the smooth minimum.
    expectNear(smoothMax([0, 1, 3], { temperature: -0.5 }), number(name, 'F_free_energy'), 3);
  });

  test('the limits, ties shared', () => {
    const name = '4 ties z=[1,3,3]';
    const ties = [1, 3, 3];
    expect([...softmax(ties, { beta: Infinity })]).toEqual(numbers(name, 'beta_plus_inf'));
    expect([...softmax(ties, { beta: -Infinity })]).toEqual(numbers(name, 'beta_minus_inf'));
    expect([...hardmax(ties, { ties: 'split' })]).toEqual(numbers(name, 'beta_plus_inf'));
    expectAllNear(softmax(ties, { beta: 0 }), numbers(name, 'beta_0'), 0);
    expectAllNear(softmax(ties, { beta: 50 }), numbers(name, 'beta_50'), 103);
    expectNear(softmax(ties, { beta: 5 })[0] as number, number(name, 'tv_at_beta_5'), 13);
  });

  test('log-sum-exp', () => {
    const name = '5 lse';
    expectNear(logSumExp(z), number(name, 'lse_1_2_4'), 3);
    expect(logSumExp([0, -40])).toBe(number(name, 'lse_0_m40'));
    expectNear(logSumExp([1000, 1000.5]), number(name, 'lse_1000_1000p5'), 1);
    expectNear(logSumExp([-1000, -1001]), number(name, 'lse_m1000_m1001'), 1);
    expectNear(logSumExp(new Float64Array(1000)), number(name, 'lse_zeros_n1000'), 1);
    const logP = logSoftmax([0, -40]);
    expectAllNear(logP, numbers(name, 'log_softmax_0_m40'), 0);
  });

  test('log-sum-exp with weights of both signs', () => {
    const signed = '5 signed lse a=[1,2] b=[1,-1]';
    const { value, sign } = logSumExp([1, 2], { weights: [1, -1], returnSign: true });
    expectNear(value, number(signed, 'log_abs'), 3);
    expect(sign).toBe(number(signed, 'sign'));
    const z = [3.06409428, 0.37251854, 3.87471931];
    const weights = [1.88190708, 2.84174795, -0.85016884];
    const cancelling = `5 signed lse scipy #22903 a=${JSON.stringify(z)} b=${JSON.stringify(weights)}`;
    const result = logSumExp(z, { weights });
    // The terms cancel to 0.07 of the greatest: half an ulp of a term is 7 ulp of the result, and there are two.
    expect(ulpError(result, exactRow(z, 1, weights).logSumExp, 'float64')).toBeLessThanOrEqual(14);
    // The golden value is that of the decimals; reading them as float64 alone moves the result by up to 24 ulp.
    expectNear(result, number(cancelling, 'log_abs'), 14 + 24);
  });

  test.each([2, -2])('smooth maximum, beta %d', (beta) => {
    const name = `5 (1/beta) lse(beta z) z=[1,2,4] beta=${beta.toFixed(1)}`;
    expectNear(smoothMax(z, { beta }), number(name, 'value'), 3, 4);
    expectAllNear(softmax(z, { beta }), numbers(name, 'grad'), 8);
  });

  test('the attention weights of the worked example', () => {
    const name = '4b attention Q=[[1,0],[0,1]] K=[[1,1],[1,0],[0,2]] V=[[1,2],[3,4],[5,6]] scale=1/sqrt2 dO=I';
    const scores = { data: new Float64Array([1, 1, 0, 1, 0, 2]), dims: [2, 3] };
    const golden = goldens[name] as unknown as { P: string[][]; lse: string[] };
    const beta = Math.SQRT1_2;
    expectAllNear(softmax(scores, { beta }).data, golden.P.flat().map(Number), 6);
    expectAllNear(logSumExp(scores, { beta }).data, golden.lse.map(Number), 3);
  });

  test('the softmax of the sparse-map and decoding examples', () => {
    expectAllNear(softmax([-2, 0, 0.5]), numbers('12 sparse maps of [-2,0,.5]', 'softmax'), 6);
    expectAllNear(softmax([2, 1, 0, -1, -3]), numbers('13 logits [2,1,0,-1,-3]', 'p'), 9);
  });
});
