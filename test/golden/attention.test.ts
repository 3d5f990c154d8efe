// Attention and its gradients: the values of goldens.json, computed at 60 digits by another program, and those of PyTorch
// for many options (attention.py says how they were made).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const read = (file: string) => JSON.parse(readFileSync(join(__dirname, file), 'utf8'));

interface Floats {
  data: Float64Array;
  dims: number[];
}

const floats = ({ data, dims }: { data: number[]; dims: number[] }): Floats => ({
  data: Float64Array.from(data),
  dims,
});
const matrix = (rows: (string | number)[][]): Floats =>
  floats({ data: rows.flat().map(Number), dims: [rows.length, (rows[0] as unknown[]).length] });

function expectNear(actual: { data: ArrayLike<number>; dims: readonly number[] }, expected: Floats, tolerance = 4e-15) {
  expect(actual.dims).toEqual(expected.dims);
  expect(actual.data.length).toBe(expected.data.length);
  for (const [i, value] of expected.data.entries()) {
    const found = actual.data[i] as number;
    expect(Math.abs(found - value), `element ${i}: ${found}, not ${value}`).toBeLessThanOrEqual(tolerance);
  }
}

const golden =
  read('goldens.json')['4b attention Q=[[1,0],[0,1]] K=[[1,1],[1,0],[0,2]] V=[[1,2],[3,4],[5,6]] scale=1/sqrt2 dO=I'];
const query = matrix([[1, 0], [0, 1]]); // biome-ignore format: a matrix
const key = matrix([[1, 1], [1, 0], [0, 2]]); // biome-ignore format: a matrix
const value = matrix([[1, 2], [3, 4], [5, 6]]); // biome-ignore format: a matrix

const cases = read('attention.json') as Record<string, { data: number[]; dims: number[] }>[];

describe.each(libraries)('%s', (_, { attention, attentionVjp }) => {
  test('60 digits', () => {
    const result = attention(query, key, value, { returnLogSumExp: true, returnWeights: true });
    expectNear(result.output, matrix(golden.O), 1e-15);
    expectNear(result.weights, matrix(golden.P), 2e-16);
    expectNear(result.logSumExp, { data: Float64Array.from(golden.lse, Number), dims: [2] }, 5e-16);
    for (const known of [{}, { output: result.output, logSumExp: result.logSumExp }]) {
      const gradients = attentionVjp(query, key, value, matrix([[1, 0], [0, 1]]), known); // biome-ignore format: a matrix
      expectNear(gradients.queryGradient, matrix(golden.dQ), 1e-15);
      expectNear(gradients.keyGradient, matrix(golden.dK), 1e-15);
      expectNear(gradients.valueGradient, matrix(golden.dV), 1e-15);
    }
  });

  test.each(cases.map((golden) => [JSON.stringify(golden.options), golden] as const))('PyTorch, %s', (_, golden) => {
    const get = (name: string): Floats => floats(golden[name] as { data: number[]; dims: number[] });
    const { mask, bias } = golden;
    const options = {
      ...(golden.options as object),
      mask: mask && { data: Uint8Array.from(mask.data), dims: mask.dims },
      bias: bias && floats(bias),
    };
    const [query, key, value] = [get('query'), get('key'), get('value')];
    const result = attention(query, key, value, { ...options, returnLogSumExp: true, returnWeights: true });
    expectNear(result.output, get('output'));
    expectNear(result.weights, get('weights'));
    expectNear(result.logSumExp, get('logSumExp'));
    for (const known of [{}, { output: result.output, logSumExp: result.logSumExp }]) {
      const all = { ...options, ...known, biasGradient: bias !== undefined };
      const gradients = attentionVjp(query, key, value, get('direction'), all);
      expectNear(gradients.queryGradient, get('queryGradient'));
      expectNear(gradients.keyGradient, get('keyGradient'));
      expectNear(gradients.valueGradient, get('valueGradient'));
      if (bias) expectNear(gradients.biasGradient as unknown as Floats, get('biasGradient'));
    }
  });
});
