// Back through an elimination, from the variable that went last to the first: each is given the states of all that it
// was left with, and takes the best of its own states, or draws one.
import { Float64Array, Int32Array } from '../intrinsics';
import type { Rng } from '../random/rng';
import type { Collected } from './inference';
import type { View } from './tables';

/** Which of n states, by their scores. */
export type Choose = (scores: Float64Array, n: number) => number;

/** A term of a table's scores: its place by the states of other variables, and its step along the variable's own. */
interface Line {
  readonly data: Float64Array;
  readonly offset: number;
  readonly variables: Int32Array;
  readonly strides: Float64Array;
  readonly step: number;
}

export class Backward {
  readonly #order: Int32Array;
  readonly #lines: readonly (readonly Line[])[];
  readonly #sizes: readonly number[];
  readonly #scores: Float64Array;

  constructor({ plan, terms }: Collected) {
    this.#order = plan.order;
    this.#sizes = plan.cliques.map(({ n }) => n);
    this.#scores = new Float64Array(this.#sizes.reduce((most, n) => Math.max(most, n), 0));
    this.#lines = terms.map((views, i) => views.map((view) => lineOf(view, plan.order[i] as number)));
  }

  /** Sets the states of all variables that were eliminated; the others are known. */
  complete(states: Int32Array, choose: Choose): void {
    for (let i = this.#order.length - 1; i >= 0; i -= 1) {
      const n = this.#sizes[i] as number;
      const scores = this.#scores;
      scores.fill(0, 0, n);
      for (const line of this.#lines[i] as readonly Line[]) addLine(line, states, scores, n);
      states[this.#order[i] as number] = choose(scores, n);
    }
  }
}

function lineOf({ data, offset, variables, strides }: View, variable: number): Line {
  const others = variables.flatMap((other, axis) => (other === variable ? [] : [axis]));
  return {
    data,
    offset,
    variables: Int32Array.from(others, (axis) => variables[axis] as number),
    strides: Float64Array.from(others, (axis) => strides[axis] as number),
    step: strides[variables.indexOf(variable)] as number,
  };
}

function addLine(
  { data, offset, variables, strides, step }: Line,
  states: Int32Array,
  scores: Float64Array,
  n: number,
): void {
  let place = offset;
  for (let i = 0; i < variables.length; i += 1)
    place += (states[variables[i] as number] as number) * (strides[i] as number);
  for (let k = 0; k < n; k += 1) {
    scores[k] = (scores[k] as number) + (data[place] as number);
    place += step;
  }
}

/** The lowest state of the greatest score. */
export const best: Choose = (scores, n) => {
  let found = 0;
  for (let k = 1; k < n; k += 1) if ((scores[k] as number) > (scores[found] as number)) found = k;
  return found;
};

/** Draws from the softmax of the scores, of which one is above -Infinity: states of -Infinity never. */
export function drawing(rng: Rng): Choose {
  return (scores, n) => {
    const max = scores[best(scores, n)] as number;
    let sum = 0;
    for (let k = 0; k < n; k += 1) {
      sum += Math.exp((scores[k] as number) - max);
      scores[k] = sum;
    }
    // A uniform number is below 1, but its product may round to the sum, which the last possible state is the first to reach.
    const point = rng.uniform() * sum;
    let k = 0;
    while ((scores[k] as number) <= point && (scores[k] as number) < sum) k += 1;
    return k;
  };
}
