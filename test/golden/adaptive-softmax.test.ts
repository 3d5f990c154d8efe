// Adaptive softmax against PyTorch's AdaptiveLogSoftmaxWithLoss: adaptive_softmax.py made the values.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

interface Golden {
  classes: number;
  dim: number;
  cutoffs: number[];
  divValue: number;
  bias: boolean;
  parameters: number[];
  hidden: number[];
  targets: number[];
  logProbability: number[];
  loss: number;
  hiddenGradient: number[];
  gradient: number[];
  logProbabilities: number[];
  best: number[];
}

const goldens = JSON.parse(readFileSync(join(__dirname, 'goldens-adaptive.json'), 'utf8')) as Golden[];

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, bound: number): void {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i += 1) {
    const size = Math.max(1, Math.abs(wanted[i] as number));
    expect(Math.abs((found[i] as number) - (wanted[i] as number))).toBeLessThanOrEqual(bound * size);
  }
}

describe.each(libraries)('%s', (_, { AdaptiveSoftmax }) => {
  describe.each(['float64', 'float32'] as const)('%s', (type) => {
    const bound = type === 'float64' ? 1e-14 : 3e-6;
    const array = (values: number[]) => (type === 'float64' ? Float64Array.from(values) : Float32Array.from(values));

    test.each(goldens)('$classes classes with cutoffs $cutoffs', (golden) => {
      const { classes, dim, cutoffs, divValue, bias, parameters, targets } = golden;
      const layer = new AdaptiveSoftmax({ classes, dim, cutoffs, divValue, bias, type, parameters });
      const hidden = { data: array(golden.hidden), dims: [targets.length, dim] };
      expectClose(layer.logProbability(hidden, targets), golden.logProbability, bound);
      expectClose(layer.distribution(hidden).data.map(Math.log), golden.logProbabilities, 4 * bound);
      expect([...layer.topK(hidden, 1).ids.data]).toEqual(golden.best);
      const found = layer.lossAndGradient(hidden, targets);
      expectClose([found.loss], [golden.loss], bound);
      expectClose(found.hiddenGradient.data, golden.hiddenGradient, bound);
      const gradient = [
        ...found.weightGradient.values.data,
        ...(found.biasGradient?.values.data ?? []),
        ...found.projectionGradients.flatMap((projection, i) => {
          const tail = found.tailGradients[i] as { ids: Int32Array; values: { data: ArrayLike<number> } };
          const whole = new Float64Array((layer.tails[i] as { data: { length: number } }).data.length);
          whole.set(tail.values.data);
          return [...projection.data, ...whole];
        }),
      ];
      expectClose(gradient, golden.gradient, bound);
    });
  });
});
