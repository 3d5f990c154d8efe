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

/** A message and a marginal for each row of each table. */
const bytesOfRow = 16;

/**
 * Eliminates `free` variables, by min-fill; the scopes may have others, which stay. Of equals, the smaller table comes
 * first, then the lower variable.
 */
export function planOf(
  cardinalities: Int32Array,
  scopes: Iterable<readonly number[]>,
  free: readonly number[],
  memoryLimit: number,
): Plan {
  const mostRows = memoryLimit / bytesOfRow;
  const graph = new Graph(cardinalities, scopes, mostRows);
  for (const variable of free) graph.offer(variable);
  const order = new Int32Array(free.length);
  const places = new Int32Array(cardinalities.length).fill(free.length);
  const separators: (readonly number[])[] = [];
  let rowsInAll = 0;
  for (let place = 0; place < order.length; place += 1) {
    const variable = graph.take();
    const separator = graph.neighboursOf(variable);
    const rows = productOf(separator.map((other) => cardinalities[other] as number));
    rowsInAll += rows;
    if (rowsInAll > mostRows) {
      throw tooLarge(rows * (cardinalities[variable] as number), separator.length + 1, rowsInAll, memoryLimit);
    }
    graph.eliminate(variable);
    order[place] = variable;
    places[variable] = place;
    separators.push(separator);
  }
  const cliques = separators.map((separator, place) => {
    const sorted = [...separator].sort((a, b) => (places[b] as number) - (places[a] as number) || a - b);
    const variables = [...sorted, order[place] as number];
    const sizes = variables.map((variable) => cardinalities[variable] as number);
    const n = sizes[sizes.length - 1] as number;
    return { variables, sizes, separator: sorted, n, rows: productOf(sizes) / n };
  });
  return {
    order,
    places,
    cliques,
    width: cliques.reduce((most, { separator }) => Math.max(most, separator.length), 0),
    largestTable: cliques.reduce((most, { rows, n }) => Math.max(most, rows * n), 1),
    bytes: rowsInAll * bytesOfRow,
  };
}

function tooLarge(states: number, variables: number, rows: number, memoryLimit: number): Error {
  return outOfRange(
    'options.memoryLimit',
    `>= ${rows * bytesOfRow}, as elimination needs a table of ${states} joint states of ${variables} variables`,
    memoryLimit,
  );
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
