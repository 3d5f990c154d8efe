// What a state holds, and how what was learnt of a run of logits, or by another state, is taken in.
import { isLimit, type Mass, meet, nothing, totalOf } from './mass';
import { sumError } from './pairs';
import { best, none, type Top } from './top';

/** What is learnt of a run of logits. */
export interface Part {
  /** Logits, whatever they are. */
  readonly count: number;
  readonly mass: Mass;
  /** Whether beta is 0, the rule 'ieee' and a logit infinite. */
  readonly infinite: boolean;
  /** The logit of the target, where it was among them. */
  readonly targetLogit: number | undefined;
  readonly top: Top;
  /** Values weighted by the exponentials, in units of 2^exponent of the mass; a sum and what it rounded off. */
  readonly values: WeightedValues | undefined;
}

export interface WeightedValues {
  readonly high: Float64Array;
  readonly low: Float64Array;
}

export const emptyPart = (valueSize: number): Part => ({
  count: 0,
  mass: nothing,
  infinite: false,
  targetLogit: undefined,
  top: none,
  values: valueSize === 0 ? undefined : { high: new Float64Array(valueSize), low: new Float64Array(valueSize) },
});

/** Both together. Neither is changed. */
export function union(a: Part, b: Part, beta: number, topK: number): Part {
  const { mass, factors } = meet(a.mass, b.mass, beta);
  return {
    count: a.count + b.count,
    mass,
    infinite: a.infinite || b.infinite,
    targetLogit: greater(a.targetLogit, b.targetLogit, beta),
    top: best(a.top, b.top, topK, beta),
    values: a.values && b.values && weigh(a.values, b.values, factors),
  };
}

/** Of a target that both have seen the one with more mass, so that it does not matter which comes first. */
function greater(a: number | undefined, b: number | undefined, beta: number): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return (beta < 0 ? a < b : a > b) || a !== a ? a : b;
}

function weigh(a: WeightedValues, b: WeightedValues, [ofA, ofB]: readonly [number, number]): WeightedValues {
  const n = a.high.length;
  const high = new Float64Array(n);
  const low = new Float64Array(n);
  for (let j = 0; j < n; j += 1) {
    // What has no share takes no part, whatever its values are.
    const x = ofA === 0 ? 0 : ofA * (a.high[j] as number);
    const y = ofB === 0 ? 0 : ofB * (b.high[j] as number);
    high[j] = x + y;
    low[j] = sumError(x, y) + (ofA && ofA * (a.low[j] as number)) + (ofB && ofB * (b.low[j] as number));
  }
  return { high, low };
}

/** The values' mean under the probabilities; zeros where nothing takes part. */
export function meanOf({ high, low }: WeightedValues, mass: Mass, beta: number): Float64Array {
  if (mass.max !== mass.max) return new Float64Array(high.length).fill(NaN);
  if (mass.sharers === 0) return new Float64Array(high.length);
  const total = isLimit(mass.max, beta) ? mass.sharers : mass.mantissa * totalOf(mass);
  return high.map((sum, j) => (sum + (low[j] as number)) / total);
}
