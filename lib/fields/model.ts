// A field as its constructor has checked it: what all computations begin with.
import { Float64Array, Int32Array } from '../intrinsics';
import { stridesOf, type View } from './tables';

export interface ModelFactor {
  readonly variables: Int32Array;
  readonly sizes: readonly number[];
  readonly logPotentials: Float64Array;
}

export interface Model {
  readonly cardinalities: Int32Array;
  readonly factors: readonly ModelFactor[];
  /** The state that a variable is known to have, as it has but one or by evidence; else -1. */
  readonly known: Int32Array;
  /** What the user knows of it. */
  readonly evidence: ReadonlyMap<number, number>;
  readonly memoryLimit: number;
}

export function freeVariables({ known }: Model): number[] {
  const free: number[] = [];
  known.forEach((state, variable) => {
    if (state < 0) free.push(variable);
  });
  return free;
}

/** A table of the shape of these variables, as a view over those that are not known. */
export function viewOf(
  { known }: Model,
  variables: ArrayLike<number>,
  sizes: readonly number[],
  data: Float64Array,
): View {
  const all = stridesOf(sizes);
  const view = { data, offset: 0, variables: [] as number[], strides: [] as number[] };
  for (let axis = 0; axis < sizes.length; axis += 1) {
    const variable = variables[axis] as number;
    const [state, stride] = [known[variable] as number, all[axis] as number];
    if (state >= 0) {
      view.offset += state * stride;
    } else {
      view.variables.push(variable);
      view.strides.push(stride);
    }
  }
  return view;
}

/** -E of a joint state: the sum of its log-potentials. */
export function weightOf({ factors, known }: Model, states: ArrayLike<number>, from = 0): number {
  for (let variable = 0; variable < known.length; variable += 1) {
    const state = known[variable] as number;
    if (state >= 0 && states[from + variable] !== state) return -Infinity;
  }
  let sum = 0;
  for (const { variables, sizes, logPotentials } of factors) {
    let place = 0;
    for (let axis = 0; axis < sizes.length; axis += 1) {
      place = place * (sizes[axis] as number) + (states[from + (variables[axis] as number)] as number);
    }
    sum += logPotentials[place] as number;
  }
  return sum;
}

/** Arrays of the factors' shapes, filled with zeros. */
export const likeFactors = ({ factors }: Model): Float64Array[] =>
  factors.map(({ logPotentials }) => new Float64Array(logPotentials.length));

/** A joint state in which only what is known is set. */
export const knownStates = ({ known }: Model): Int32Array => new Int32Array(known).map((state) => Math.max(state, 0));
