// Tables over the joint states of a few variables, and views of them. A table is filled and read row by row: a row is a
// joint state of all axes but the last one. Sums over rows are kept in order, so that all is the same in any block.
import { Float64Array, Int32Array } from '../intrinsics';

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

/** A view's places along the rows of a table, one after the other. */
class Rows {
  /** Where the row begins in the view. */
  place: number;
  /** From one state of the row to the next. */
  readonly step: number;
  readonly #sizes: readonly number[];
  /** What the place grows by where this axis' state does, and those of the axes behind it go back to 0. */
  readonly #jumps: Float64Array;
  readonly #states: Int32Array;

  constructor({ variables, sizes }: Axes, view: View, first: number) {
    const last = variables.length - 1;
    const strideOf = (axis: number): number => {
      const found = view.variables.indexOf(variables[axis] as number);
      return found < 0 ? 0 : (view.strides[found] as number);
    };
    this.step = strideOf(last);
    this.place = view.offset;
    this.#sizes = sizes;
    this.#jumps = new Float64Array(Math.max(0, last));
    this.#states = new Int32Array(Math.max(0, last));
    let left = first;
    let back = 0;
    for (let axis = last - 1; axis >= 0; axis -= 1) {
      const [size, stride] = [sizes[axis] as number, strideOf(axis)];
      this.#states[axis] = left % size;
      left = Math.floor(left / size);
      this.place += (this.#states[axis] as number) * stride;
      this.#jumps[axis] = stride - back;
      back += stride * (size - 1);
    }
  }

  next(): void {
    for (let axis = this.#states.length - 1; axis >= 0; axis -= 1) {
      const state = (this.#states[axis] as number) + 1;
      if (state < (this.#sizes[axis] as number)) {
        this.#states[axis] = state;
        this.place += this.#jumps[axis] as number;
        return;
      }
      this.#states[axis] = 0;
    }
  }
}

/** Adds a view's numbers to rows of a table, from row `first` on: as many as `table` holds. */
export function gather(axes: Axes, view: View, first: number, table: Float64Array): void {
  const n = axes.sizes[axes.sizes.length - 1] as number;
  const rows = new Rows(axes, view, first);
  const { data } = view;
  const { step } = rows;
  for (let at = 0; at < table.length; at += n) {
    let from = rows.place;
    for (let k = at; k < at + n; k += 1) {
      table[k] = (table[k] as number) + (data[from] as number);
      from += step;
    }
    rows.next();
  }
}

/** Adds a table's rows to a view's numbers. */
export function scatter(axes: Axes, view: View, first: number, table: Float64Array): void {
  const n = axes.sizes[axes.sizes.length - 1] as number;
  const rows = new Rows(axes, view, first);
  const { data } = view;
  const { step } = rows;
  for (let at = 0; at < table.length; at += n) {
    let to = rows.place;
    for (let k = at; k < at + n; k += 1) {
      data[to] = (data[to] as number) + (table[k] as number);
      to += step;
    }
    rows.next();
  }
}
