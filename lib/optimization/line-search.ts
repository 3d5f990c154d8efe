// A step along a direction that satisfies the strong Wolfe conditions (Nocedal and Wright, "Numerical Optimization",
// second edition 2006, section 3.1 and algorithms 3.5 and 3.6):
//   value(a) <= value(0) + c1 a slope(0)   and   |slope(a)| <= c2 |slope(0)|
// Close to a minimum, where differences of values are rounding, slopes alone decide: Hager and Zhang, "A new conjugate
// gradient method with guaranteed descent and an efficient line search", SIAM Journal on Optimization 16, 2005, section 4
// (their approximate Wolfe conditions, and their rule by which a bracket is narrowed).
import type { Evaluation } from './search';
import { addScaled, dot } from './vectors';

const c1 = 1e-4;
const c2 = 0.9;
/** Values this near each other, relatively, may differ by rounding alone: float32 logits leave 1e-7. */
const rounding = 1e-6;
const mostTrials = 30;

/** A point on the line. */
interface Trial {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
}

export interface Line {
  readonly from: Float64Array;
  readonly direction: Float64Array;
  readonly value: number;
  /** Negative. */
  readonly slope: number;
  readonly firstStep: number;
}

/** Where a step led. */
export interface Step extends Trial {
  readonly gradient: Float64Array;
  readonly point: Float64Array;
}

/** Undefined where no step is found: none lowers the value by more than rounding. */
export function* wolfeStep(line: Line): Generator<Float64Array, Step | undefined, Evaluation> {
  const { from, direction, value: value0, slope: slope0 } = line;
  const highest = value0 + rounding * Math.abs(value0);
  const point = new Float64Array(from.length);
  /** The ends of the bracket: the value falls from `low` on, and at `high`, once there is one, rises or is too high. */
  let low: Trial = { step: 0, value: value0, slope: slope0 };
  let high: Trial | undefined;
  let step = line.firstStep;
  let width = Infinity;
  for (let trials = 0; trials < mostTrials; trials += 1) {
    const { value, gradient } = yield addScaled(from, step, direction, point);
    const trial = { step, value, slope: dot(gradient, direction) };
    if (isEnough(trial, value0, slope0, highest)) return { ...trial, point, gradient };
    if (trial.slope < 0 && value <= highest) low = trial;
    else high = trial;
    if (high === undefined) {
      step = farther(low, slope0, step);
    } else {
      const narrowed = high.step - low.step;
      step = narrowed > 0.66 * width ? (low.step + high.step) / 2 : between(low, high);
      width = narrowed;
      if (step <= low.step || step >= high.step) return undefined;
    }
  }
  return undefined;
}

function isEnough({ step, value, slope }: Trial, value0: number, slope0: number, highest: number): boolean {
  if (!(slope >= c2 * slope0)) return false;
  const falls = value <= value0 + c1 * step * slope0 && slope <= -c2 * slope0;
  return falls || (value <= highest && slope <= (2 * c1 - 1) * slope0);
}

/** Where the slope, taken as linear, is zero: at least twice and at most ten times as far. */
function farther({ step, slope }: Trial, slope0: number, last: number): number {
  const zero = (step * slope0) / (slope0 - slope);
  return zero >= 2 * last && zero <= 10 * last ? zero : slope > 0.5 * slope0 ? 2 * last : 10 * last;
}

/** The same between two points, a tenth away from both; in the middle where the slope does not change its sign. */
function between(low: Trial, high: Trial): number {
  const width = high.step - low.step;
  const share = low.slope / (low.slope - high.slope);
  if (!(high.slope > 0 && share >= 0 && share <= 1)) return low.step + width / 2;
  return low.step + width * Math.min(0.9, Math.max(0.1, share));
}
