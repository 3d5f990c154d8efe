// Symmetric positive definite matrices, row-major [n, n]; only the lower triangle is read.

/** A pivot that is so much smaller than its diagonal element is rounding. */
const leastPivot = 1e-13;

/** L with L L^T = matrix, in its place: undefined if it is not positive definite. Yields after each column. */
export function* factorize(matrix: Float64Array, n: number): Generator<undefined, Float64Array | undefined, unknown> {
  for (let j = 0; j < n; j += 1) {
    const diagonal = matrix[j * n + j] as number;
    const pivot = diagonal - partialDot(matrix, j * n, j * n, j);
    if (!(pivot > leastPivot * diagonal)) return undefined;
    const root = Math.sqrt(pivot);
    matrix[j * n + j] = root;
    for (let i = j + 1; i < n; i += 1) {
      matrix[i * n + j] = ((matrix[i * n + j] as number) - partialDot(matrix, i * n, j * n, j)) / root;
    }
    yield undefined;
  }
  return matrix;
}

/** The inverse of L, row-major and lower triangular as it is, in its place. Yields after each row. */
export function* invertFactor(factor: Float64Array, n: number): Generator<undefined, Float64Array, unknown> {
  for (let i = 0; i < n; i += 1) {
    const pivot = factor[i * n + i] as number;
    for (let j = 0; j < i; j += 1) {
      let sum = 0;
      for (let k = j; k < i; k += 1) sum += (factor[i * n + k] as number) * (factor[k * n + j] as number);
      factor[i * n + j] = -sum / pivot;
    }
    factor[i * n + i] = 1 / pivot;
    yield undefined;
  }
  return factor;
}

/** x with matrix x = b, from its factor. */
export function solve(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  const x = b.slice();
  for (let i = 0; i < n; i += 1) {
    let sum = x[i] as number;
    for (let k = 0; k < i; k += 1) sum -= (factor[i * n + k] as number) * (x[k] as number);
    x[i] = sum / (factor[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    let sum = x[i] as number;
    for (let k = i + 1; k < n; k += 1) sum -= (factor[k * n + i] as number) * (x[k] as number);
    x[i] = sum / (factor[i * n + i] as number);
  }
  return x;
}

/** Runs steps to their end. */
export function finished<Result>(steps: Generator<undefined, Result, unknown>): Result {
  let next = steps.next();
  while (next.done !== true) next = steps.next();
  return next.value;
}

function partialDot(matrix: Float64Array, a: number, b: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k += 1) sum += (matrix[a + k] as number) * (matrix[b + k] as number);
  return sum;
}
