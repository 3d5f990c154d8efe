// In which order variables are summed out, and the tables that this takes.
import { outOfRange } from '../errors';
import { Int32Array } from '../intrinsics';
import { Graph } from './graph';
import { type Axes, productOf } from './tables';

/** The table in which one variable is summed out: rows are the joint states of its separator, their classes its states. */
export interface Clique extends Axes {
  /** What is left when its variable, the last one, is gone. The ones that are eliminated last come first. */
  readonly separator: readonly number[];
  readonly rows: number;
  readonly n: number;
}

export interface Plan {
  readonly order: Int32Array;
  /** For each variable its place in the order; behind all, for those that stay or are known. */
  readonly places: Int32Array;
  readonly cliques: readonly Clique[];
  readonly width: number;
  readonly largestTable: number;
  readonly bytes: number;
}

/** Of what is kept for each row of a table: a message, and for a while a probability. */
const bytesOfRow = 8;

/** An order, and what its tables take. */
interface Order {
  readonly variables: readonly number[];
  readonly separators: readonly (readonly number[])[];
  readonly rows: number;
  /** The largest table, where there are too many rows. */
  readonly refused: Table | undefined;
}

interface Table {
  readonly states: number;
  readonly variables: number;
}

/**
 * Eliminates `free` variables; the scopes may have others, which stay. The order is that of min-fill (of equals, the
 * smaller table comes first, then the lower variable), or that of the variables' numbers, where its tables are smaller: a
 * grid that is numbered row by row has tables of a row's width then, where min-fill has wider ones.
 */
export function planOf(
  cardinalities: Int32Array,
  scopes: readonly (readonly number[])[],
  free: readonly number[],
  memoryLimit: number,
): Plan {
  validateMarginals(cardinalities, memoryLimit);
  const most = memoryLimit / bytesOfRow;
  const graph = new Graph(cardinalities, scopes, most);
  for (const variable of free) graph.offer(variable);
  const byFill = eliminated(graph, cardinalities, free.length, () => graph.take(), most);
  // Only what is better is of interest.
  const fewer = byFill.refused === undefined ? byFill.rows - 1 : most;
  const other = new Graph(cardinalities, scopes, most);
  const byNumber = eliminated(other, cardinalities, free.length, (place) => free[place] as number, fewer);
  const found = byNumber.refused === undefined ? byNumber : byFill;
  if (found.refused !== undefined) {
    const isByNumber = (byNumber.refused?.states ?? Infinity) < found.refused.states;
    const { rows, refused } = isByNumber ? byNumber : byFill;
    throw tooLarge(rows * bytesOfRow, refused as Table, memoryLimit);
  }
  const plan = planBy(found, cardinalities);
  if (plan.bytes > memoryLimit) {
    throw tooLarge(plan.bytes, { states: plan.largestTable, variables: plan.width + 1 }, memoryLimit);
  }
  return plan;
}

// Beyond the limit an order is followed for so many more pairs of variables, to say what it would take.
const mostPairs = 1 << 20;

function eliminated(
  graph: Graph,
  cardinalities: Int32Array,
  count: number,
  next: (place: number) => number,
  mostRows: number,
): Order {
  const variables: number[] = [];
  const separators: (readonly number[])[] = [];
  let rows = 0;
  let pairs = 0;
  let largest = { states: 1, variables: 0 };
  while (variables.length < count && pairs <= mostPairs) {
    const variable = next(variables.length);
    const separator = graph.neighboursOf(variable);
    const own = productOf(separator.map((other) => cardinalities[other] as number));
    rows += own;
    const states = own * (cardinalities[variable] as number);
    if (states > largest.states) largest = { states, variables: separator.length + 1 };
    if (rows > mostRows) pairs += separator.length ** 2;
    variables.push(variable);
    separators.push(separator);
    if (pairs <= mostPairs) graph.eliminate(variable);
  }
  return { variables, separators, rows, refused: rows > mostRows ? largest : undefined };
}

function planBy({ variables: order, separators, rows: rowsInAll }: Order, cardinalities: Int32Array): Plan {
  const places = new Int32Array(cardinalities.length).fill(order.length);
  order.forEach((variable, place) => {
    places[variable] = place;
  });
  const cliques = separators.map((separator, place) => {
    const sorted = [...separator].sort((a, b) => (places[b] as number) - (places[a] as number) || a - b);
    const variables = [...sorted, order[place] as number];
    const sizes = variables.map((variable) => cardinalities[variable] as number);
    const n = sizes[sizes.length - 1] as number;
    return { variables, sizes, separator: sorted, n, rows: productOf(sizes) / n };
  });
  return {
    order: Int32Array.from(order),
    places,
    cliques,
    width: cliques.reduce((most, { separator }) => Math.max(most, separator.length), 0),
    largestTable: cliques.reduce((most, { rows, n }) => Math.max(most, rows * n), 1),
    bytes: (rowsInAll + mostAtOnce(cliques, places)) * bytesOfRow,
  };
}

/** Where the rows of a table get their probabilities from: the first of its separator to go, behind it. */
const parentOf = ({ separator }: Clique, places: Int32Array): number =>
  separator.reduce((first, variable) => Math.min(first, places[variable] as number), Infinity);

/** The rows whose probabilities there are at a time: from where the table they come from has its own, to where they do. */
function mostAtOnce(cliques: readonly Clique[], places: Int32Array): number {
  const below = new Float64Array(cliques.length);
  for (const clique of cliques) {
    const parent = parentOf(clique, places);
    if (parent < below.length) below[parent] = (below[parent] as number) + clique.rows;
  }
  let [rows, most] = [0, 0];
  for (let place = cliques.length - 1; place >= 0; place -= 1) {
    const clique = cliques[place] as Clique;
    if (clique.separator.length === 0) rows += 1;
    rows += below[place] as number;
    most = Math.max(most, rows);
    rows -= clique.rows;
  }
  return most;
}

function tooLarge(bytes: number, { states, variables }: Table, memoryLimit: number): Error {
  const count = Number.isFinite(states) ? states : 'more than 1e308';
  return outOfRange(
    'options.memoryLimit',
    `>= ${bytes}, as elimination needs a table of ${count} joint states of ${variables} variables`,
    memoryLimit,
  );
}

/** For a number for each state of each variable. */
export function validateMarginals(cardinalities: Int32Array, memoryLimit: number): void {
  const bytes = 8 * cardinalities.reduce((sum, n) => sum + n, 0);
  if (bytes > memoryLimit)
    throw outOfRange('options.memoryLimit', `>= ${bytes} for the states of each variable`, memoryLimit);
}

/** For joint states that are drawn, with a number of 32 bits for each variable. */
export function validateSamples(count: number, variables: number, memoryLimit: number): void {
  const bytes = 4 * count * variables;
  if (bytes > memoryLimit) {
    throw outOfRange(
      'options.memoryLimit',
      `>= ${bytes} for ${count} joint states of ${variables} variables`,
      memoryLimit,
    );
  }
}

/** For what is computed at once: a table of results. */
export function validateTable(states: number, variables: number, memoryLimit: number): void {
  if (8 * states > memoryLimit) {
    throw outOfRange(
      'options.memoryLimit',
      `>= ${8 * states} for a table of ${states} joint states of ${variables} variables`,
      memoryLimit,
    );
  }
}
