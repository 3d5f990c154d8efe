// Fields by their definition: all joint states, one after the other.

export interface Description {
  readonly cardinalities: number[];
  readonly factors: { readonly variables: number[]; readonly logPotentials: number[] }[];
}

/** All joint states, the last variable's changing fastest. */
export function statesOf(cardinalities: readonly number[]): number[][] {
  return cardinalities.reduce<number[][]>(
    (states, n) => states.flatMap((state) => Array.from({ length: n }, (_, k) => [...state, k])),
    [[]],
  );
}

/** -E of a joint state. */
export function weightOf({ cardinalities, factors }: Description, state: readonly number[]): number {
  return factors.reduce((sum, { variables, logPotentials }) => {
    const place = variables.reduce((at, v) => at * (cardinalities[v] as number) + (state[v] as number), 0);
    return sum + (logPotentials[place] as number);
  }, 0);
}

export interface Enumerated {
  readonly states: number[][];
  readonly weights: number[];
  readonly p: number[];
  readonly logZ: number;
  /** P of the states of some variables, row-major. */
  marginal(variables: readonly number[]): number[];
}

/** Of the joint states that have the evidence's states. */
export function enumerate(field: Description, evidence: Readonly<Record<number, number>> = {}): Enumerated {
  const states = statesOf(field.cardinalities);
  const weights = states.map((state) =>
    Object.entries(evidence).every(([v, k]) => state[Number(v)] === k) ? weightOf(field, state) : -Infinity,
  );
  const max = Math.max(...weights);
  const e = weights.map((weight) => (max === -Infinity ? 0 : Math.exp(weight - max)));
  const total = e.reduce((a, b) => a + b, 0);
  const p = e.map((x) => x / total);
  const marginal = (variables: readonly number[]): number[] => {
    const sizes = variables.map((v) => field.cardinalities[v] as number);
    const sums = new Array<number>(sizes.reduce((a, b) => a * b, 1)).fill(0);
    states.forEach((state, i) => {
      const place = variables.reduce((at, v, axis) => at * (sizes[axis] as number) + (state[v] as number), 0);
      sums[place] = (sums[place] as number) + (p[i] as number);
    });
    return sums;
  };
  return { states, weights, p, logZ: max + Math.log(total), marginal };
}
