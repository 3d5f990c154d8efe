// Approximations of the inverse Hessian that a search begins each step with: the blocks of the Hessian that belong to one
// class each,
//   H_c = sum_r s_r p_rc (1 - p_rc) x_r x_r^T / sum s + ridge I
// from a sample of the rows, at the point that a search has come to. Features of different scales, or that go together,
// cost a plain L-BFGS thousands of steps: on the digits, to a gradient of 1e-6, 2,995 instead of 71.
import { kindOf } from '../intrinsics';
import type { Form } from '../layer-calls';
import { canonicalRows } from '../layers/layer';
import { allocateLike } from '../operations/arrange';
import { factorize, finished, solve } from '../optimization/cholesky';
import type { Task } from '../optimization/run';
import { owning } from '../ownership';
import type { Backend, FloatArray } from '../types';
import type { FeatureRows } from './features';

/** Blocks of more columns take longer than they save; rows of a sample. */
const mostColumns = 256;
const mostRows = 4096;
/** Of the diagonal: what keeps blocks positive definite where no penalty does. */
const leastRidge = 1e-9;

/** Makes of a gradient a direction, in the layout of a point: [coefficients, intercept]. */
export type Precondition = (gradient: Float64Array) => Float64Array;

export interface Preconditioner {
  at(point: Float64Array): Generator<Task, Precondition | undefined, unknown>;
}

interface Shape {
  readonly classes: number;
  readonly hasIntercept: boolean;
  /** l2 over the sum of the rows' weights. */
  readonly ridge: number;
  /** What each row counts, as a share of all. */
  readonly shareOf: (row: number) => number;
}

/** Undefined where there are too many columns. */
export function preconditioner(backend: Backend, features: FeatureRows, shape: Shape): Preconditioner | undefined {
  const columns = features.width + (shape.hasIntercept ? 1 : 0);
  return columns > mostColumns ? undefined : new Blocks(backend, features, shape, columns);
}

class Blocks implements Preconditioner {
  /** Rows with a column of ones, if there is an intercept. */
  private readonly sample: FloatArray;
  private readonly count: number;
  private readonly shares: Float64Array;
  private readonly kind: string;

  constructor(
    private readonly backend: Backend,
    { data, rows, width }: FeatureRows,
    private readonly shape: Shape,
    private readonly columns: number,
  ) {
    this.kind = kindOf(data) as string;
    this.count = Math.min(rows, mostRows);
    this.sample = this.allocate(this.count * columns).fill(1);
    this.shares = new Float64Array(this.count);
    for (let i = 0; i < this.count; i += 1) {
      const row = Math.floor((i * rows) / this.count);
      for (let k = 0; k < width; k += 1) this.sample[i * columns + k] = data[row * width + k] as number;
      this.shares[i] = (shape.shareOf(row) * rows) / this.count;
    }
  }

  *at(point: Float64Array): Generator<Task, Precondition | undefined, unknown> {
    const { classes } = this.shape;
    const { count, columns } = this;
    const lines = { hidden: this.sample, matrix: this.parametersOf(point), depth: columns };
    const p = yield* this.products(lines, count, classes, 'probabilities');
    const factors: Float64Array[] = [];
    for (let c = 0; c < classes; c += 1) {
      const weighted = this.weighted(p, c);
      const products = yield* this.products(
        { hidden: weighted, matrix: weighted, depth: count },
        columns,
        columns,
        'logits',
      );
      const factor = this.factorOf(products);
      if (factor === undefined) return undefined;
      factors.push(factor);
    }
    return (gradient) => this.solved(factors, gradient);
  }

  private allocate(length: number): FloatArray {
    return allocateLike(this.kind, length);
  }

  /** hidden matrix^T, [rows, n], or its softmax. */
  private *products(
    lines: { readonly hidden: FloatArray; readonly matrix: FloatArray; readonly depth: number },
    rows: number,
    n: number,
    form: Form,
  ): Generator<Task, FloatArray, unknown> {
    const { hidden, matrix, depth } = lines;
    const out = this.allocate(rows * n);
    const call = { ...canonicalRows(rows, n), hidden, matrix, bias: undefined, depth, form, out };
    yield () => owning([hidden, matrix, out], () => this.backend.linear.perform(call, () => undefined));
    return out;
  }

  /** [classes, columns] of a point. */
  private parametersOf(point: Float64Array): FloatArray {
    const { classes } = this.shape;
    const { columns } = this;
    const width = this.shape.hasIntercept ? columns - 1 : columns;
    const matrix = this.allocate(classes * columns);
    for (let c = 0; c < classes; c += 1) {
      matrix.set(point.subarray(c * width, (c + 1) * width), c * columns);
      if (width < columns) matrix[c * columns + width] = point[classes * width + c] as number;
    }
    return matrix;
  }

  /** Column by column, the rows times the square root of what they count in the block of class c. */
  private weighted(p: FloatArray, c: number): FloatArray {
    const { classes } = this.shape;
    const { count, columns, sample, shares } = this;
    const lines = this.allocate(columns * count);
    for (let r = 0; r < count; r += 1) {
      const probability = p[r * classes + c] as number;
      const root = Math.sqrt((shares[r] as number) * probability * (1 - probability));
      for (let k = 0; k < columns; k += 1) lines[k * count + r] = root * (sample[r * columns + k] as number);
    }
    return lines;
  }

  private factorOf(products: FloatArray): Float64Array | undefined {
    const { columns } = this;
    const block = new Float64Array(products);
    for (let k = 0; k < columns; k += 1) {
      const at = k * columns + k;
      const isIntercept = this.shape.hasIntercept && k === columns - 1;
      block[at] = (block[at] as number) * (1 + leastRidge) + (isIntercept ? 0 : this.shape.ridge) + Number.MIN_VALUE;
    }
    return finished(factorize(block, columns));
  }

  private solved(factors: readonly Float64Array[], gradient: Float64Array): Float64Array {
    const { classes } = this.shape;
    const { columns } = this;
    const width = this.shape.hasIntercept ? columns - 1 : columns;
    const direction = new Float64Array(gradient.length);
    const one = new Float64Array(columns);
    factors.forEach((factor, c) => {
      one.set(gradient.subarray(c * width, (c + 1) * width));
      if (width < columns) one[width] = gradient[classes * width + c] as number;
      const found = solve(factor, columns, one);
      direction.set(found.subarray(0, width), c * width);
      if (width < columns) direction[classes * width + c] = found[width] as number;
    });
    return direction;
  }
}
