// Cross-entropy against the formulas that PyTorch publishes, written out here: every combination of what it has, and of
// what it has not (the z-loss, soft capping, Megatron's smoothing).
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const rows = 3;
const classes = 5;
const logits = [1.5, -2, 0.25, 3, 0, -1, 4, 4.5, 0.5, -0.75, 2, 2, -3, 1, 0.1];
const weight = [0.5, 2, 1, 0, 1.25];
const indices = [3, 1, 0];
const probabilities = [0.1, 0.2, 0.3, 0.4, 0, 0, 1, 0, 0, 0, 0.25, 0, 0.25, 0, 0.5];

interface Case {
  reduction: 'mean' | 'sum' | 'none';
  weight: number[] | undefined;
  ignoreIndex: number | undefined;
  labelSmoothing: number | { epsilon: number; over: 'all' | 'others' };
  kind: 'indices' | 'probabilities';
  zLoss: number;
  softcap: number | undefined;
}

function* cases(): Generator<Case> {
  const smoothings = [0, 0.1, { epsilon: 0.3, over: 'all' }, { epsilon: 0.3, over: 'others' }] as const;
  for (const kind of ['indices', 'probabilities'] as const)
    for (const reduction of ['mean', 'sum', 'none'] as const)
      for (const weights of [undefined, weight])
        for (const ignoreIndex of [undefined, 1])
          for (const labelSmoothing of smoothings)
            for (const zLoss of [0, 0.01])
              for (const softcap of [undefined, 3])
                yield { kind, reduction, weight: weights, ignoreIndex, labelSmoothing, zLoss, softcap };
}

/** The loss and gradient of each row of one case, and what its mean divides by. */
function expected({ kind, weight, ignoreIndex, labelSmoothing, zLoss, softcap }: Case) {
  const w = weight ?? [1, 1, 1, 1, 1];
  const { epsilon, over } =
    typeof labelSmoothing === 'number' ? { epsilon: labelSmoothing, over: 'all' } : labelSmoothing;
  const eps = over === 'others' ? (epsilon * classes) / (classes - 1) : epsilon;
  let total = 0;
  const losses: number[] = [];
  const gradients: number[][] = [];
  for (let row = 0; row < rows; row += 1) {
    const z = logits.slice(row * classes, (row + 1) * classes);
    const capped = softcap === undefined ? z : z.map((x) => softcap * Math.tanh(x / softcap));
    const slope = softcap === undefined ? z.map(() => 1) : z.map((x) => 1 - Math.tanh(x / softcap) ** 2);
    const lse = Math.log(capped.reduce((sum, x) => sum + Math.exp(x), 0));
    const logP = capped.map((x) => x - lse);
    const t = indices[row] as number;
    const isIgnored = kind === 'indices' ? t === ignoreIndex : row === 1 && ignoreIndex === 1;
    if (isIgnored) {
      losses.push(0);
      gradients.push(z.map(() => 0));
      continue;
    }
    const y =
      kind === 'indices'
        ? z.map((_, c) => (c === t ? 1 : 0))
        : probabilities.slice(row * classes, (row + 1) * classes).map((value, c) => (c === ignoreIndex ? 0 : value));
    // PyTorch: with indices (1 - eps) w_t (-log p_t) + eps / K sum w_c (-log p_c); with probabilities
    // -sum w_c log p_c ((1 - eps) y_c + eps / K). They are the same sum.
    const u = y.map((value, c) => (w[c] as number) * ((1 - eps) * value + eps / classes));
    const rowWeight = kind === 'indices' ? (w[t] as number) : 1;
    total += rowWeight;
    losses.push(-u.reduce((sum, mass, c) => sum + mass * (logP[c] as number), 0) + rowWeight * zLoss * lse * lse);
    const mass = u.reduce((sum, value) => sum + value, 0) + 2 * rowWeight * zLoss * lse;
    gradients.push(u.map((value, c) => (slope[c] as number) * (Math.exp(logP[c] as number) * mass - value)));
  }
  return { losses, gradients, total };
}

describe.each(libraries)('%s', (_, { crossEntropy }) => {
  test.each([
    ['float64', Float64Array, 1e-14],
    ['float32', Float32Array, 1e-6],
  ])('PyTorch, all combinations, %s', (_name, Floats, tolerance) => {
    const near = (actual: number, value: number, of: Case) =>
      expect(Math.abs(actual - value), `${actual}, not ${value}: ${JSON.stringify(of)}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(value)),
      );
    for (const one of cases()) {
      const { kind, ...options } = one;
      const { losses, gradients, total } = expected(one);
      const target =
        kind === 'indices' ? Int32Array.from(indices) : { data: Floats.from(probabilities), dims: [rows, classes] };
      const result = crossEntropy({ data: Floats.from(logits), dims: [rows, classes] }, target, {
        ...options,
        gradient: true,
      });
      near(result.totalWeight, total, one);
      const sum = losses.reduce((a, b) => a + b, 0);
      if (one.reduction === 'none') {
        const { data, dims } = result.loss as unknown as { data: ArrayLike<number>; dims: number[] };
        expect(dims).toEqual([rows]);
        for (const [row, loss] of losses.entries()) near(data[row] as number, loss, one);
      } else near(result.loss as number, one.reduction === 'mean' ? sum / total : sum, one);
      const scale = one.reduction === 'mean' ? 1 / total : 1;
      for (const [i, value] of gradients.flat().entries()) {
        near(result.gradient.data[i] as number, value * scale, one);
      }
    }
  });

  test('one-hot probabilities and indices agree', () => {
    for (const one of cases()) {
      const { kind, ...options } = one;
      if (kind === 'probabilities' || options.reduction === 'mean' || options.weight !== undefined) continue;
      const oneHot = indices.flatMap((t) => Array.from({ length: classes }, (_, c) => (c === t ? 1 : 0)));
      const z = { data: Float64Array.from(logits), dims: [rows, classes] };
      const a = crossEntropy(z, indices, { ...options, reduction: 'sum', gradient: true });
      const b = crossEntropy(
        z,
        { data: Float64Array.from(oneHot), dims: [rows, classes] },
        {
          ...options,
          reduction: 'sum',
          gradient: true,
        },
      );
      expect(Math.abs(a.loss - b.loss)).toBeLessThan(1e-13);
      expect(b.totalWeight).toBe(a.totalWeight);
      for (const [i, g] of a.gradient.data.entries()) {
        expect(Math.abs(g - (b.gradient.data[i] as number))).toBeLessThan(1e-15);
      }
    }
  });

  test('the gradients are those of finite differences', () => {
    const h = 1e-5;
    for (const one of cases()) {
      const { kind, ...options } = one;
      if (options.reduction === 'none') continue;
      const dims = [rows, classes];
      const y = Float64Array.from(probabilities);
      const z = Float64Array.from(logits);
      const target = kind === 'indices' ? indices : { data: y, dims };
      const masked = { ...options, beta: -0.75, mask: Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1) };
      const lossOf = () => crossEntropy({ data: z, dims }, target, masked).loss as number;
      const isTarget = kind === 'probabilities';
      const { gradient, targetGradient } = crossEntropy({ data: z, dims }, target, {
        ...masked,
        gradient: true,
        targetGradient: isTarget,
      });
      const derivative = (array: Float64Array, i: number): number => {
        const value = array[i] as number;
        array[i] = value + h;
        const above = lossOf();
        array[i] = value - h;
        const below = lossOf();
        array[i] = value;
        return (above - below) / (2 * h);
      };
      // The last probability of a row is masked in the first: infinite.
      if (!Number.isFinite(lossOf())) continue;
      for (let i = 0; i < z.length; i += 1) {
        expect(Math.abs(derivative(z, i) - (gradient.data[i] as number)), JSON.stringify([i, one])).toBeLessThan(1e-8);
        if (!isTarget || masked.mask[i] === 0 || i % classes === options.ignoreIndex || (i >= 5 && i < 10)) continue;
        const of = (targetGradient as unknown as { data: Float64Array }).data[i] as number;
        expect(Math.abs(derivative(y, i) - of), JSON.stringify(['y', i, one])).toBeLessThan(1e-8);
      }
    }
  });
});

test.each(libraries)('%s: a target of NaN makes the loss NaN, even where it is infinite', (_, { crossEntropy }) => {
  const mask = Uint8Array.of(0, 1, 1);
  const y = [0.5, Number.NaN, 0.5];
  expect(crossEntropy([1, 2, 3], y).loss).toBeNaN();
  expect(crossEntropy([1, 2, 3], y, { mask }).loss).toBeNaN();
  expect(crossEntropy([1, 2, -Infinity], y).loss).toBeNaN();
  expect(crossEntropy([1, 2, 3], [0.5, 0, 0.5], { mask }).loss).toBe(Infinity);
});
