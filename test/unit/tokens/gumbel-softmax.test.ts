// gumbelSoftmax: samples, one-hot ones, and the derivative at the very sample.
import { describe, expect, test } from 'vitest';
import { libraries } from '../../libraries';

describe.each(libraries)('%s', (_, { gumbelSoftmax, gumbelSoftmaxVjp, Rng, softmax }) => {
  const z = [0.3, -1, 2];
  const rng = () => new Rng(11);

  test('a sample sums to 1, and hard it is one-hot at its greatest', () => {
    const soft = gumbelSoftmax(z, { tau: 0.7, rng: rng() });
    const hard = gumbelSoftmax(z, { tau: 0.7, hard: true, rng: rng() });
    expect(soft.reduce((a, b) => a + b)).toBeCloseTo(1, 14);
    expect(hard[soft.indexOf(Math.max(...soft))]).toBe(1);
    expect(hard.reduce((a, b) => a + b)).toBe(1);
  });

  test('hard samples are draws from softmax', () => {
    const generator = rng();
    const sum = new Float64Array(3);
    for (let i = 0; i < 20000; i += 1) {
      gumbelSoftmax(z, { hard: true, rng: generator }).forEach((y, j) => {
        sum[j] = (sum[j] as number) + y / 20000;
      });
    }
    softmax(z).forEach((p, j) => {
      expect(Math.abs((sum[j] as number) - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / 20000));
    });
  });

  test('rows, axes, masks and storage are those of softmax', () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const out = new Float32Array(6);
    const columns = gumbelSoftmax({ data, dims: [2, 3] }, { axis: 0, rng: rng(), out });
    expect(columns).toBe(out);
    for (let j = 0; j < 3; j += 1) expect((out[j] as number) + (out[j + 3] as number)).toBeCloseTo(1, 6);
    expect(gumbelSoftmax(z, { mask: Uint8Array.of(1, 0, 1), rng: rng() })[1]).toBe(0);
  });

  test('the derivative is that of the same noise, by finite differences; hard goes straight through', () => {
    const g = [0.5, -1, 2];
    const tau = 0.7;
    const of = (logits: number[]): number =>
      gumbelSoftmax(logits, { tau, rng: rng() }).reduce((sum, y, j) => sum + y * (g[j] as number), 0);
    const step = 1e-6;
    const vjp = gumbelSoftmaxVjp(z, g, { tau, rng: rng() });
    z.forEach((logit, i) => {
      const moved = (by: number) => z.map((other, j) => (j === i ? logit + by : other));
      expect(vjp[i]).toBeCloseTo((of(moved(step)) - of(moved(-step))) / (2 * step), 7);
    });
    expect(gumbelSoftmaxVjp(z, g, { tau, hard: true, rng: rng() })).toEqual(vjp);
  });

  test.each<[string, object, string]>([
    ['no generator', { tau: 1 }, 'ERR_INVALID_ARG_TYPE'],
    ['tau 0', { tau: 0, rng: rng() }, 'ERR_OUT_OF_RANGE'],
    ['hard of no boolean', { hard: 1, rng: rng() }, 'ERR_INVALID_ARG_TYPE'],
  ])('refuses %s', (_name, options, code) => {
    for (const call of [() => gumbelSoftmax(z, options as never), () => gumbelSoftmaxVjp(z, z, options as never)]) {
      expect(call).toThrow(expect.objectContaining({ code }));
    }
  });
});
