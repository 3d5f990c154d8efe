// Exact inference: up the tree of tables, where variable after variable is summed out (bucket elimination: Dechter, 1999),
// and down again, where each table becomes the probabilities of its joint states (Koller and Friedman 2009, chapter 10).
//   up    message(s) = log sum_x e^(table(s, x)),     table = factors and messages of variable x and its separator s
//   down  P(s, x)    = softmax_x(table(s, x)) P(s),   P(s) = a marginal of the table to which the message went
import { Float64Array } from '../intrinsics';
import { canonicalRows } from '../layers/layer';
import { own } from '../ownership';
import type { Backend } from '../types';
import type { Clique, Plan } from './elimination';
import { type Model, viewOf } from './model';
import type { Steps } from './steps';
import { gather, groupOf, productOf, scatter, stridesOf, type View } from './tables';

// Elements of a part of a table that is filled and reduced at once: they stay in the cache, and repay a job.
const blockSize = 1 << 16;

/** What is added up to a table, and where it comes from: a factor of the model, or the message of another table. */
export interface Source {
  readonly view: View;
  readonly factor: number;
  readonly clique: number;
}

/** All messages. */
export interface Collected {
  readonly plan: Plan;
  /** For each table where its numbers are from. */
  readonly sources: readonly (readonly Source[])[];
  /** For each table what is added up to it: the same, factors together. */
  readonly terms: readonly (readonly View[])[];
  /** What stays when all that was to be eliminated is: views of variables that were not. */
  readonly rest: readonly Source[];
}

const family = { sign: undefined, weights: undefined, weightStrides: undefined } as const;

/** Eliminates with sums for beta = 1; with maxima for Infinity, the limit of (1/beta) log sum e^(beta z). */
export function* collect(model: Model, plan: Plan, backend: Backend, beta: number): Steps<Collected> {
  const sources: Source[][] = plan.cliques.map(() => []);
  const rest: Source[] = [];
  const terms: View[][] = [];
  const place = (source: Source): void => {
    let first = plan.order.length;
    for (const variable of source.view.variables) first = Math.min(first, plan.places[variable] as number);
    (sources[first] ?? rest).push(source);
  };
  model.factors.forEach(({ variables, sizes, logPotentials }, factor) => {
    place({ view: viewOf(model, variables, sizes, logPotentials), factor, clique: -1 });
  });
  for (const [i, clique] of plan.cliques.entries()) {
    const message = new Float64Array(clique.rows);
    const added = termsOf(clique, sources[i] as Source[]);
    terms.push(added);
    for (const { first, table } of blocksOf(clique)) {
      for (const view of added) gather(clique, view, first, table);
      const rows = table.length / clique.n;
      const out = rows === clique.rows ? message : new Float64Array(rows);
      const shape = { ...canonicalRows(rows, clique.n), ...family, beta, variant: true };
      yield () => backend.logSumExp.perform({ ...shape, logits: own(table), out: own(out) }, () => out);
      if (out !== message) message.set(out, first);
    }
    const strides = stridesOf(clique.separator.map((_, axis) => clique.sizes[axis] as number));
    const view = { data: message, offset: 0, variables: clique.separator, strides };
    place({ view, factor: -1, clique: i });
  }
  return { plan, sources, terms, rest };
}

/** The views of a table's sources, its factors, which come first and have few variables each, as one where that is shorter. */
function termsOf(clique: Clique, sources: readonly Source[]): View[] {
  const views = sources.map(({ view }) => view);
  const factors = sources.flatMap(({ view, factor }) => (factor >= 0 ? [view] : []));
  const known = new Set(factors.flatMap(({ variables }) => variables));
  const axes = clique.variables.flatMap((variable, axis) => (known.has(variable) ? [axis] : []));
  const sizes = axes.map((axis) => clique.sizes[axis] as number);
  const states = productOf(sizes);
  if (factors.length < 2 || 2 * states > clique.rows * clique.n) return views;
  const together = { variables: axes.map((axis) => clique.variables[axis] as number), sizes };
  const data = new Float64Array(states);
  for (const view of factors) gather(together, view, 0, data);
  return [
    { data, offset: 0, variables: together.variables, strides: stridesOf(sizes) },
    ...views.slice(factors.length),
  ];
}

/** log Z, where nothing stays. */
export function restOf({ rest }: Collected): number {
  let sum = 0;
  for (const { view } of rest) sum += view.data[view.offset] as number;
  return sum;
}

/**
 * Probabilities: of the states of each variable, added to `marginals`, and of the states of each factor that has variables
 * which are not known, added to the factor's view if there are any.
 */
export function* distribute(
  { plan, sources, terms }: Collected,
  backend: Backend,
  marginals: readonly Float64Array[],
  factorViews: readonly View[] | undefined,
): Steps<void> {
  /** Of a table's rows, from where the table that they come from is done until it is done itself. */
  const separators: (Float64Array | undefined)[] = plan.cliques.map(() => undefined);
  for (let i = plan.cliques.length - 1; i >= 0; i -= 1) {
    const clique = plan.cliques[i] as Clique;
    const variable = plan.order[i] as number;
    const ofRows = separators[i] ?? Float64Array.of(1);
    separators[i] = undefined;
    for (const source of sources[i] as readonly Source[]) {
      if (source.clique >= 0)
        separators[source.clique] = new Float64Array((plan.cliques[source.clique] as Clique).rows);
    }
    const marginal = { data: marginals[variable] as Float64Array, offset: 0, variables: [variable], strides: [1] };
    const results = [marginal, ...resultsOf(sources[i] as readonly Source[], separators, factorViews)];
    for (const { first, table } of blocksOf(clique)) {
      for (const view of terms[i] as readonly View[]) gather(clique, view, first, table);
      const p: Float64Array = yield () => conditional(backend, table, clique.n);
      multiplyRows(p, ofRows, first, clique.n);
      for (const view of results) scatter(clique, view, first, p);
    }
  }
}

/** Where the probabilities of a table are added up: of what it was added up of. */
function resultsOf(
  sources: readonly Source[],
  separators: readonly (Float64Array | undefined)[],
  factorViews: readonly View[] | undefined,
): View[] {
  return sources.flatMap(({ view, factor, clique }) => {
    if (clique >= 0) return [{ ...view, data: separators[clique] as Float64Array }];
    return factorViews === undefined ? [] : [factorViews[factor] as View];
  });
}

/** Softmax of each row, in place: zeros where all of it is forbidden. */
export function conditional(backend: Backend, table: Float64Array, n: number): unknown {
  const shape = { ...canonicalRows(table.length / n, n), ...family, variant: false };
  return backend.softmax.perform({ ...shape, logits: own(table), out: table }, () => table);
}

function multiplyRows(p: Float64Array, factors: Float64Array, first: number, n: number): void {
  for (let at = 0, row = first; at < p.length; row += 1) {
    const factor = factors[row] as number;
    for (const end = at + n; at < end; at += 1) p[at] = (p[at] as number) * factor;
  }
}

/** The rows of a table in parts of whole groups, each in an array of zeros. */
function* blocksOf(clique: Clique): Generator<{ first: number; table: Float64Array }> {
  const { rows, n } = clique;
  const group = groupOf(clique).rows;
  const most = group * Math.max(1, Math.floor(blockSize / (n * group)));
  for (let first = 0; first < rows; first += most) {
    yield { first, table: new Float64Array(Math.min(most, rows - first) * n) };
  }
}
