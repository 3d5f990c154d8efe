// The values of goldens.json for the losses, computed at 60 digits by another program.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

interface Golden {
  loss: string;
  grad: string[] | string[][];
  dL_dy: string[];
  sum: string;
  total_weight: string;
}

const goldens: Record<string, Golden> = JSON.parse(readFileSync(join(__dirname, 'goldens.json'), 'utf8'));
const golden = (name: string): Golden => goldens[name] as Golden;

/** Within 4 units in the last place of float64, or of float32. */
function expectNear(actual: ArrayLike<number> | number, wanted: string | string[], epsilon = 2 ** -52): void {
  const values = typeof actual === 'number' ? [actual] : Array.from(actual);
  const expected = [wanted].flat().map(Number);
  expect(values.length).toBe(expected.length);
  for (const [i, value] of values.entries()) {
    const limit = 4 * epsilon * Math.abs(expected[i] as number);
    expect(Math.abs(value - (expected[i] as number)), `${value}, not ${expected[i]}`).toBeLessThanOrEqual(limit);
  }
}

const z = [1, 2, 4];

describe.each(libraries)('%s', (_, { crossEntropy, nllLoss, klDivergence, logSoftmax }) => {
  test('class index', () => {
    const { loss, grad } = golden('3 CE z=[1,2,4] target=0');
    const result = crossEntropy(z, 0, { gradient: true });
    expectNear(result.loss, loss);
    expectNear(result.gradient, grad as string[]);
    expectNear(nllLoss(logSoftmax(z), 0).loss, loss);
    const float32 = crossEntropy(Float32Array.from(z), 0, { gradient: true });
    expectNear(float32.loss, loss, 2 ** -23);
    expectNear(float32.gradient, grad as string[], 2 ** -23);
  });

  test('probabilities', () => {
    const { loss, grad } = golden('3 soft targets z=[1,2,4] y=[.2,.3,.5]');
    const result = crossEntropy(z, [0.2, 0.3, 0.5], { gradient: true, targetGradient: true });
    expectNear(result.loss, loss);
    expectNear(result.gradient, grad as string[]);
    expectNear(result.targetGradient, golden('3 CE z=[1,2,4] target=0').dL_dy);
  });

  test('both label smoothings', () => {
    const all = golden('3 label smoothing 0.1 (PyTorch, eps/K) target=0');
    const result = crossEntropy(z, 0, { labelSmoothing: 0.1, gradient: true });
    expectNear(result.loss, all.loss);
    expectNear(result.gradient, all.grad as string[]);
    const others = golden('3 label smoothing 0.1 (Megatron, eps/(K-1)) target=0');
    const megatron = crossEntropy(z, 0, { labelSmoothing: { epsilon: 0.1, over: 'others' }, gradient: true });
    expectNear(megatron.loss, others.loss);
    expectNear(megatron.gradient, others.grad as string[]);
  });

  test('z-loss', () => {
    const { loss, grad } = golden('3 z-loss lambda=0.01 target=0');
    const result = crossEntropy(z, 0, { zLoss: 0.01, gradient: true });
    expectNear(result.loss, loss);
    expectNear(result.gradient, grad as string[]);
  });

  test('a batch with weights and an ignored row', () => {
    const name = '3 batch: logits [[1,2,4],[0,0,0],[3,-1,2]], target [0,-100,2], weight [1,2,.5], mean';
    const { loss, grad, sum, total_weight } = golden(name);
    const batch = { data: Float64Array.of(1, 2, 4, 0, 0, 0, 3, -1, 2), dims: [3, 3] };
    const options = { weight: [1, 2, 0.5], gradient: true } as const;
    const result = crossEntropy(batch, Int32Array.of(0, -100, 2), options);
    expectNear(result.loss, loss);
    expectNear(result.gradient.data, grad.flat());
    expectNear(result.totalWeight, total_weight);
    expectNear(crossEntropy(batch, [0, -100, 2], { ...options, reduction: 'sum' }).loss, sum);
  });

  test('the divergence from uniform', () => {
    // log 3 - entropy, of the exponential family's example.
    expectNear(klDivergence(z, [0, 0, 0]), '0.574345671940436932');
  });
});
