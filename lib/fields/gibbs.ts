// Gibbs sampling: each variable in turn is drawn given all others. What a variable's scores are added up of is laid out
// in flat arrays beforehand: of the factors of one and two variables, which are nearly all, a row for each state of the
// neighbour.
import { Float64Array, Int32Array, Uint8Array } from '../intrinsics';
import type { Rng } from '../random/rng';
import { best, drawing } from './backward';
import { freeVariables, type Model, viewOf } from './model';
import type { View } from './tables';

/** What the scores of one variable are added up of. */
interface Parts {
  readonly own: Float64Array;
  /** By the other variable of a pair: a row of the own variable's states for each of its states. */
  readonly pairs: Map<number, Float64Array>;
  readonly others: View[];
}

export class GibbsSampler {
  readonly #free: Int32Array;
  readonly #cardinalities: Int32Array;
  /** Scores without neighbours: those of free variable i begin at #starts[i]. */
  readonly #starts: Int32Array;
  readonly #own: Float64Array;
  /** The pairs of free variable i are those from #firstPairs[i] to #firstPairs[i + 1]. */
  readonly #firstPairs: Int32Array;
  readonly #neighbours: Int32Array;
  readonly #rows: Float64Array;
  /** Where the rows of each pair begin. */
  readonly #places: Int32Array;
  /** Factors of three variables and more. */
  readonly #larger: readonly (readonly View[])[];
  readonly #scores: Float64Array;

  constructor(model: Model) {
    const { cardinalities } = model;
    this.#cardinalities = cardinalities;
    this.#free = Int32Array.from(freeVariables(model));
    const parts = partsOf(model);
    const of = Array.from(this.#free, (variable) => parts[variable] as Parts);
    this.#own = flat(of.map(({ own }) => own));
    this.#starts = startsOf(of.map(({ own }) => own.length));
    const pairs = of.flatMap((part) => [...part.pairs]);
    this.#firstPairs = startsOf(of.map((part) => part.pairs.size));
    this.#neighbours = Int32Array.from(pairs, ([other]) => other);
    this.#rows = flat(pairs.map(([, rows]) => rows));
    this.#places = startsOf(pairs.map(([, rows]) => rows.length));
    this.#larger = of.map(({ others }) => others);
    this.#scores = new Float64Array(cardinalities.reduce((most, n) => Math.max(most, n), 1));
  }

  /** Draws each free variable once, in order. */
  sweep(states: Int32Array, rng: Rng): void {
    const choose = drawing(rng);
    for (let i = 0; i < this.#free.length; i += 1) {
      const variable = this.#free[i] as number;
      const n = this.#cardinalities[variable] as number;
      this.#addUp(i, n, states);
      states[variable] = n === 2 ? second(this.#scores, rng) : choose(this.#scores, n);
    }
  }

  /** Gives each free variable in turn the best state beside those that have one by then, which are the known ones first. */
  begin(states: Int32Array): void {
    const isSet = new Uint8Array(states.length).fill(1);
    for (const variable of this.#free) isSet[variable] = 0;
    for (let i = 0; i < this.#free.length; i += 1) {
      const variable = this.#free[i] as number;
      const n = this.#cardinalities[variable] as number;
      this.#addUp(i, n, states, isSet);
      states[variable] = best(this.#scores, n);
      isSet[variable] = 1;
    }
  }

  /** The scores of a variable given the others: all of them, or where `isSet` says which, by the factors of those alone. */
  #addUp(i: number, n: number, states: Int32Array, isSet?: Uint8Array): void {
    const scores = this.#scores;
    const start = this.#starts[i] as number;
    for (let k = 0; k < n; k += 1) scores[k] = this.#own[start + k] as number;
    const end = this.#firstPairs[i + 1] as number;
    for (let pair = this.#firstPairs[i] as number; pair < end; pair += 1) {
      const neighbour = this.#neighbours[pair] as number;
      if (isSet?.[neighbour] === 0) continue;
      const row = (this.#places[pair] as number) + n * (states[neighbour] as number);
      for (let k = 0; k < n; k += 1) scores[k] = (scores[k] as number) + (this.#rows[row + k] as number);
    }
    const variable = this.#free[i] as number;
    for (const view of this.#larger[i] as readonly View[]) {
      const isWhole = isSet === undefined || view.variables.every((other) => other === variable || isSet[other] === 1);
      if (isWhole) addView(view, variable, states, scores, n);
    }
  }
}

/** 1 with the probability that softmax gives the second of two scores. */
const second = (scores: Float64Array, rng: Rng): number =>
  rng.uniform() * (1 + Math.exp((scores[0] as number) - (scores[1] as number))) < 1 ? 1 : 0;

function addView(
  { data, offset, variables, strides }: View,
  variable: number,
  states: Int32Array,
  scores: Float64Array,
  n: number,
): void {
  let place = offset;
  let step = 0;
  for (let axis = 0; axis < variables.length; axis += 1) {
    const stride = strides[axis] as number;
    if (variables[axis] === variable) step = stride;
    else place += (states[variables[axis] as number] as number) * stride;
  }
  for (let k = 0; k < n; k += 1) scores[k] = (scores[k] as number) + (data[place + k * step] as number);
}

/** By variable. Factors of the same pair become one. */
function partsOf(model: Model): Parts[] {
  const { cardinalities } = model;
  const parts: Parts[] = Array.from(cardinalities, (n) => ({ own: new Float64Array(n), pairs: new Map(), others: [] }));
  for (const { variables, sizes, logPotentials } of model.factors) {
    const view = viewOf(model, variables, sizes, logPotentials);
    for (const variable of view.variables) {
      const part = parts[variable] as Parts;
      const scores = part.own.length;
      if (view.variables.length === 1) addView(view, variable, new Int32Array(0), part.own, scores);
      else if (view.variables.length > 2) part.others.push(view);
      else addPair(part, view, variable, cardinalities);
    }
  }
  return parts;
}

function addPair({ own, pairs }: Parts, view: View, variable: number, cardinalities: Int32Array): void {
  const axis = view.variables[0] === variable ? 1 : 0;
  const [other, stride] = [view.variables[axis] as number, view.strides[axis] as number];
  const n = own.length;
  const rows = pairs.get(other) ?? new Float64Array(n * (cardinalities[other] as number));
  pairs.set(other, rows);
  const step = view.strides[1 - axis] as number;
  for (let i = 0; i < rows.length; i += 1) {
    const place = view.offset + Math.floor(i / n) * stride + (i % n) * step;
    rows[i] = (rows[i] as number) + (view.data[place] as number);
  }
}

/** Where each begins, if they stand one after the other; and where the last ends. */
function startsOf(lengths: readonly number[]): Int32Array {
  const starts = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    starts[i + 1] = (starts[i] as number) + length;
  });
  return starts;
}

function flat(arrays: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let place = 0;
  for (const array of arrays) {
    all.set(array, place);
    place += array.length;
  }
  return all;
}
