// The search for a minimum, on functions whose minima are known.
import { describe, expect, test } from 'vitest';
import { lbfgs } from '../../../lib/optimization/lbfgs';
import { atOnce } from '../../../lib/optimization/run';
import type { Evaluation, Minimum, SearchOptions } from '../../../lib/optimization/search';

const settings = { tolerance: 1e-10, maxIterations: 1000 };

function minimum(
  start: readonly number[],
  f: (x: Float64Array) => Evaluation,
  options: Partial<SearchOptions> = {},
): Minimum {
  return atOnce(lbfgs(Float64Array.from(start), { ...settings, ...options }), f) as Minimum;
}

/** Rosenbrock, "An automatic method for finding the greatest or least value of a function", 1960. */
function rosenbrock(x: Float64Array): Evaluation {
  const gradient = new Float64Array(x.length);
  let value = 0;
  for (let i = 0; i + 1 < x.length; i += 1) {
    const [a, b] = [x[i] as number, x[i + 1] as number];
    value += 100 * (b - a * a) ** 2 + (1 - a) ** 2;
    gradient[i] = (gradient[i] as number) - 400 * a * (b - a * a) - 2 * (1 - a);
    gradient[i + 1] = (gradient[i + 1] as number) + 200 * (b - a * a);
  }
  return { value, gradient };
}

const quadratic =
  (curvatures: readonly number[], at: number, round: (value: number) => number = (value) => value) =>
  (x: Float64Array): Evaluation => ({
    value: round(curvatures.reduce((sum, c, i) => sum + (c / 2) * ((x[i] as number) - at) ** 2, 0)),
    gradient: x.map((xi, i) => round((curvatures[i] as number) * (xi - at))),
  });

describe('lbfgs', () => {
  test('finds the minimum of Rosenbrock in 2 and in 20 dimensions', () => {
    for (const start of [[-1.2, 1], Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? -1.2 : 1))]) {
      const { point, converged, reason, gradientNorm, evaluations, iterations } = minimum(start, rosenbrock);
      expect({ converged, reason }).toEqual({ converged: true, reason: 'gradient' });
      expect(gradientNorm).toBeLessThanOrEqual(1e-10);
      for (const x of point) expect(x).toBeCloseTo(1, 9);
      expect(evaluations).toBeLessThan(2 * iterations);
      expect(evaluations).toBeLessThan(250);
    }
  });

  test('reaches a gradient far below what values can tell apart', () => {
    const f = (x: Float64Array): Evaluation => {
      const { value, gradient } = quadratic([1, 10, 100, 1000], 3)(x);
      return { value: value + 1, gradient };
    };
    const { gradientNorm, reason } = minimum([0, 0, 0, 0], f, { tolerance: 1e-13 });
    expect(reason).toBe('gradient');
    expect(gradientNorm).toBeLessThanOrEqual(1e-13);
  });

  test('ends where float32 gives no more, at the minimum', () => {
    const f = quadratic([1, 7, 50], Math.PI, Math.fround);
    const { point, reason, converged } = minimum([9, -9, 1], f, { tolerance: 0 });
    expect({ reason: ['precision', 'gradient'].includes(reason), converged }).toMatchObject({ reason: true });
    for (const x of point) expect(x).toBeCloseTo(Math.PI, 5);
  });

  test('finds a step where the first one leads into overflow', () => {
    const f = (x: Float64Array): Evaluation => {
      const e = Math.exp((x[0] as number) * 1000);
      return { value: e - 1000 * (x[0] as number), gradient: Float64Array.of(1000 * e - 1000) };
    };
    expect(minimum([-5], f).point[0]).toBeCloseTo(0, 9);
  });

  test('begins at a minimum, or where there is no gradient', () => {
    const f = quadratic([1, 2], 1);
    expect(minimum([1, 1], f)).toMatchObject({ iterations: 0, evaluations: 1, converged: true, loss: 0 });
    expect(minimum([NaN, 1], f)).toMatchObject({ iterations: 0, converged: false, reason: 'notFinite' });
    expect(minimum([5, 1], f, { maxIterations: 0 })).toMatchObject({ reason: 'maxIterations', gradientNorm: 4 });
  });

  test('leaves the start as it is, and tells of each step', () => {
    const start = Float64Array.of(-1.2, 1);
    const seen: number[] = [];
    const search = lbfgs(start, { ...settings, onProgress: ({ iterations }) => seen.push(iterations) });
    const { iterations } = atOnce(search, rosenbrock) as Minimum;
    expect([...start]).toEqual([-1.2, 1]);
    expect(seen).toEqual(Array.from({ length: iterations }, (_, i) => i + 1));
  });

  test('a signal ends it', () => {
    const controller = new AbortController();
    const onProgress = ({ iterations }: { iterations: number }): void => {
      if (iterations === 3) controller.abort('enough');
    };
    const search = lbfgs(Float64Array.of(-1.2, 1), { ...settings, onProgress });
    expect(() => atOnce(search, rosenbrock, controller.signal)).toThrow(
      expect.objectContaining({ code: 'ABORT_ERR', cause: 'enough' }),
    );
  });
});
