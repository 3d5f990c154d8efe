// L-BFGS: a quasi-Newton method that keeps the last steps instead of a matrix. Nocedal and Wright, "Numerical
// Optimization", second edition 2006, section 7.2, algorithms 7.4 (the two loops) and 7.5.
import { type Step, wolfeStep } from './line-search';
import type { Convergence, Search, SearchOptions, StopReason } from './search';
import { addScaled, dot, maxNorm } from './vectors';

/** Steps that are kept. */
const mostPairs = 10;
/** So many steps in a row that neither lower the value nor the gradient are rounding. */
const mostIdle = 20;
const leastFall = 1e-9;

/** A step and what it did to the gradient. */
interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 / <step, change> */
  readonly rho: number;
}

/** Searches a minimum of a smooth function, from `start` on, which is left as it is. */
export function* lbfgs(
  start: Float64Array,
  { tolerance, maxIterations, precondition, onProgress }: SearchOptions,
): Search {
  let point: Float64Array = start.slice();
  let { value, gradient } = copied(yield point.slice());
  let pairs: Pair[] = [];
  let iterations = 0;
  let evaluations = 1;
  let lowest = { value, norm: maxNorm(gradient), iterations };
  const norm = (): number => maxNorm(gradient);
  const ended = (reason: StopReason): Convergence & { point: Float64Array } => ({
    point,
    iterations,
    evaluations,
    converged: reason === 'gradient',
    gradientNorm: norm(),
    loss: value,
    reason,
  });
  if (!Number.isFinite(value) || !Number.isFinite(norm())) return ended('notFinite');
  for (;;) {
    if (norm() <= tolerance) return ended('gradient');
    if (iterations >= maxIterations) return ended('maxIterations');
    if (iterations - lowest.iterations >= mostIdle) return ended('precision');
    const direction = directionOf(gradient, pairs, precondition);
    const slope = dot(gradient, direction);
    const isScaled = pairs.length > 0 || precondition !== undefined;
    const firstStep = isScaled ? 1 : Math.min(1, 1 / Math.sqrt(-slope));
    let step: Step | undefined;
    if (slope < 0) {
      const search = wolfeStep({ from: point, direction, value, slope, firstStep });
      let next = search.next();
      while (next.done !== true) {
        next = search.next(yield next.value);
        evaluations += 1;
      }
      step = next.value;
    }
    if (step === undefined) {
      // The kept steps may be what misleads; without them it is the steepest descent.
      if (pairs.length === 0) return ended('precision');
      pairs = [];
      continue;
    }
    pairs = withPair(pairs, point, step.point, gradient, step.gradient);
    point = step.point;
    ({ value, gradient } = copied(step));
    iterations += 1;
    lowest = afterStep(lowest, { value, norm: norm(), iterations });
    onProgress?.({ iterations, evaluations, gradientNorm: norm(), loss: value });
  }
}

interface Lowest {
  readonly value: number;
  readonly norm: number;
  /** The last step that lowered one of them. */
  readonly iterations: number;
}

function afterStep(before: Lowest, { value, norm, iterations }: Lowest): Lowest {
  const falls = value < before.value - leastFall * Math.abs(before.value) || norm < before.norm;
  if (!falls) return before;
  return { value: Math.min(value, before.value), norm: Math.min(norm, before.norm), iterations };
}

const copied = <Of extends { readonly value: number; readonly gradient: Float64Array }>({ value, gradient }: Of) => ({
  value,
  gradient: gradient.slice(),
});

/** - H gradient, with H the inverse Hessian as the kept steps have it, and what it was before them. */
function directionOf(
  gradient: Float64Array,
  pairs: readonly Pair[],
  precondition: SearchOptions['precondition'],
): Float64Array {
  const before = (vector: Float64Array): Float64Array => precondition?.(vector) ?? vector;
  const rest = gradient.map((g) => 0 - g);
  const newest = pairs.at(-1);
  if (newest === undefined) return before(rest);
  const factors = new Float64Array(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i -= 1) {
    const { step, change, rho } = pairs[i] as Pair;
    const factor = rho * dot(step, rest);
    factors[i] = factor;
    addScaled(rest, -factor, change, rest);
  }
  const scale = 1 / (newest.rho * dot(newest.change, before(newest.change)));
  const direction = before(rest).map((element) => scale * element);
  for (let i = 0; i < pairs.length; i += 1) {
    const { step, change, rho } = pairs[i] as Pair;
    addScaled(direction, (factors[i] as number) - rho * dot(change, direction), step, direction);
  }
  return direction;
}

/** A step along which the gradient grew, as the Wolfe conditions have it, says something of the curvature. */
function withPair(
  pairs: readonly Pair[],
  from: Float64Array,
  to: Float64Array,
  gradientFrom: Float64Array,
  gradientTo: Float64Array,
): Pair[] {
  const step = addScaled(to, -1, from, new Float64Array(to.length));
  const change = addScaled(gradientTo, -1, gradientFrom, new Float64Array(to.length));
  const product = dot(step, change);
  if (!(product > Number.EPSILON * dot(change, change))) return [...pairs];
  return [...pairs.slice(-(mostPairs - 1)), { step, change, rho: 1 / product }];
}
