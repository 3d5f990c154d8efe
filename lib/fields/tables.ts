// Tables over the joint states of a few variables, and views of them. A row of a table is a joint state of all axes but
// the last one. Rows are filled and read in order, so that all sums are the same however a table is cut.
import type { Float64Array } from '../intrinsics';

/** Numbers by the states of some variables: the one of states x stands at offset + sum of x times stride. */
export interface View {
  readonly data: Float64Array;
  readonly offset: number;
  readonly variables: readonly number[];
  readonly strides: readonly number[];
}

/** The axes of a table: variables, with how many states each has; the last one's states are a row. */
export interface Axes {
  readonly variables: readonly number[];
  readonly sizes: readonly number[];
}

export function stridesOf(sizes: readonly number[]): number[] {
  const strides = new Array<number>(sizes.length);
  let stride = 1;
  for (let axis = sizes.length - 1; axis >= 0; axis -= 1) {
    strides[axis] = stride;
    stride *= sizes[axis] as number;
  }
  return strides;
}

export const productOf = (sizes: Iterable<number>): number => {
  let product = 1;
  for (const size of sizes) product *= size;
  return product;
};

const mostInGroup = 512;

/** The rows of some of the last axes: whole groups of them are walked through at a time. */
export function groupOf(axes: Axes): { readonly firstAxis: number; readonly rows: number } {
  const { sizes } = axes;
  let firstAxis = sizes.length - 1;
  let rows = 1;
  while (firstAxis > 0 && rows * (sizes[firstAxis - 1] as number) <= mostInGroup) {
    firstAxis -= 1;
    rows *= sizes[firstAxis] as number;
  }
  return { firstAxis, rows };
}

/** A view's places along the rows of a table. */
class Walk {
  /** Where the rows of a group begin, from where the group does. */
  readonly places: Uint32Array;
  /** From one state of a row to the next. */
  readonly step: number;
  readonly #firstAxis: number;
  readonly #sizes: readonly number[];
  readonly #strides: readonly number[];
  readonly #offset: number;

  constructor(axes: Axes, view: View) {
    const { firstAxis, rows } = groupOf(axes);
    const last = axes.sizes.length - 1;
    this.#strides = axes.variables.map((variable) => view.strides[view.variables.indexOf(variable)] ?? 0);
    this.step = this.#strides[last] as number;
    this.#firstAxis = firstAxis;
    this.#sizes = axes.sizes;
    this.#offset = view.offset;
    this.places = new Uint32Array(rows);
    let filled = 1;
    for (let axis = last - 1; axis >= firstAxis; axis -= 1) {
      const [size, stride] = [axes.sizes[axis] as number, this.#strides[axis] as number];
      for (let i = filled; i < filled * size; i += 1) this.places[i] = (this.places[i - filled] as number) + stride;
      filled *= size;
    }
  }

  /** Where the group that has this row begins. */
  at(row: number): number {
    let place = this.#offset;
    let left = Math.floor(row / this.places.length);
    for (let axis = this.#firstAxis - 1; axis >= 0; axis -= 1) {
      const size = this.#sizes[axis] as number;
      const rest = Math.floor(left / size);
      place += (left - rest * size) * (this.#strides[axis] as number);
      left = rest;
    }
    return place;
  }
}

/** Adds a view's numbers to rows of a table, from row `first` on: whole groups of them, as many as `table` holds. */
export function gather(axes: Axes, view: View, first: number, table: Float64Array): void {
  const walk = new Walk(axes, view);
  const n = axes.sizes[axes.sizes.length - 1] as number;
  const { places, step } = walk;
  const { data } = view;
  for (let at = 0; at < table.length; ) {
    const group = walk.at(first + at / n);
    for (let row = 0; row < places.length; row += 1) {
      let from = group + (places[row] as number);
      for (const end = at + n; at < end; at += 1) {
        table[at] = (table[at] as number) + (data[from] as number);
        from += step;
      }
    }
  }
}

/** Adds a table's rows to a view's numbers. */
export function scatter(axes: Axes, view: View, first: number, table: Float64Array): void {
  const walk = new Walk(axes, view);
  const n = axes.sizes[axes.sizes.length - 1] as number;
  const { places, step } = walk;
  const { data } = view;
  for (let at = 0; at < table.length; ) {
    const group = walk.at(first + at / n);
    for (let row = 0; row < places.length; row += 1) {
      let to = group + (places[row] as number);
      for (const end = at + n; at < end; at += 1) {
        data[to] = (data[to] as number) + (table[at] as number);
        to += step;
      }
    }
  }
}
