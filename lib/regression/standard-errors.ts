// Standard errors of a regression from its Fisher information, which for softmax regression is the Hessian of the loss.
// In the differences to the class of `reference`, delta_c = theta_c - theta_ref, a matrix of
//   H[(a, j), (b, k)] = sum_r s_r (p_a [a = b] - p_a p_b) x_j x_k + l2 ([a = b] - 1 / classes) [j = k, no intercept]
// of full rank, whose inverse is their covariance (with l2 that of the posterior under the Gaussian prior, in Laplace's
// approximation). Parameters that sum to 0 are theta_c = delta_c - (sum of delta) / classes.
import { invalidValue, outOfRange } from '../errors';
import { afterwards } from '../layers/layer';
import { tensorOf } from '../operations/results';
import { factorize, invertFactor } from '../optimization/cholesky';
import type { Run } from '../optimization/run';
import type { Backend, FloatArray, Tensor } from '../types';
import { validateOptions } from '../validate';
import type { Label } from './classes';
import { measureFeatures, readFeatures } from './features';
import { distribution, type Model } from './model';
import type { StandardErrors } from './regression-types';
import { measureWeights, readAmount, readSignal, readWeights } from './settings';

/** Of a matrix of so many rows it takes some three seconds, and 32 MiB. */
const mostParameters = 2048;

export function standardErrors(
  backend: Backend,
  run: Run,
  model: Model,
  fittedL2: number,
  features: unknown,
  options: object,
): unknown {
  validateOptions(options);
  const { l2: givenL2, reference, sampleWeight, signal } = options as Record<string, unknown>;
  const abortion = readSignal(signal);
  const l2 = readAmount('options.l2', givenL2, fittedL2);
  const base = reference === undefined ? -1 : placeOf(model, reference);
  const weights = readWeights('options.sampleWeight', sampleWeight);
  const given = readFeatures(features);
  const { data, rows, width } = measureFeatures(given, model.width);
  const rowWeights = weights && measureWeights(weights, rows, 'row');
  const columns = width + (model.intercept === undefined ? 0 : 1);
  const size = (model.classes.length - 1) * columns;
  if (size > mostParameters) {
    throw outOfRange('(classes - 1) x parameters of a class', `<= ${mostParameters} for standard errors`, size);
  }
  const x = { data, width, columns, weights: rowWeights };
  const probabilities = distribution(backend, model, { data, dims: [rows, width] }, 'probabilities');
  return afterwards(
    probabilities,
    ({ data: p }: Tensor) => run(errorsOf(model, x, p, l2, base), () => undefined, abortion) as StandardErrors,
  );
}

function placeOf({ classes }: Model, label: unknown): number {
  const place = classes.indexOf(label as Label);
  if (place < 0) throw invalidValue('options.reference', 'must be one of the classes', label);
  return place;
}

interface Rows {
  readonly data: FloatArray;
  readonly width: number;
  /** With that of the intercept. */
  readonly columns: number;
  readonly weights: Float64Array | undefined;
}

function* errorsOf(
  model: Model,
  rows: Rows,
  p: FloatArray,
  l2: number,
  base: number,
): Generator<undefined, StandardErrors, unknown> {
  const count = model.classes.length;
  const { columns, width } = rows;
  // Any class will do as the one that differences are to.
  const reference = base < 0 ? count - 1 : base;
  const others = Array.from({ length: count }, (_, c) => c).filter((c) => c !== reference);
  const n = others.length * columns;
  const information = new Float64Array(n * n);
  for (let a = 0; a < others.length; a += 1) {
    for (let b = 0; b <= a; b += 1) {
      addProducts(information, n, rows, a * columns, b * columns, (r) => {
        const pa = p[r * count + (others[a] as number)] as number;
        return a === b ? pa * (1 - pa) : -pa * (p[r * count + (others[b] as number)] as number);
      });
      const penalty = l2 * ((a === b ? 1 : 0) - 1 / count);
      for (let k = 0; k < width; k += 1) {
        const at = (a * columns + k) * n + b * columns + k;
        information[at] = (information[at] as number) + penalty;
      }
      yield undefined;
    }
  }
  const factor = yield* factorize(information, n);
  if (factor === undefined) {
    throw invalidValue('features', 'must not be linear combinations of each other, or the fit needs an l2 > 0', l2);
  }
  const inverse = yield* invertFactor(factor, n);
  const variances = new Float64Array(count * columns);
  for (let c = 0; c < count; c += 1) {
    const share = base < 0 ? 1 / count : 0;
    const factors = others.map((other) => (other === c ? 1 : 0) - share);
    for (let k = 0; k < columns; k += 1) variances[c * columns + k] = variance(inverse, n, columns, k, factors);
    yield undefined;
  }
  return shaped(variances.map(Math.sqrt), count, width, columns);
}

/** Lower blocks: information[first + j, second + k] += sum over rows of weight(r) x_j x_k. */
function addProducts(
  information: Float64Array,
  n: number,
  { data, width, columns, weights }: Rows,
  first: number,
  second: number,
  weight: (row: number) => number,
): void {
  const rows = data.length / width;
  const row = new Float64Array(columns).fill(1);
  for (let r = 0; r < rows; r += 1) {
    const w = weight(r) * (weights === undefined ? 1 : (weights[r] as number));
    if (w === 0) continue;
    for (let k = 0; k < width; k += 1) row[k] = data[r * width + k] as number;
    for (let j = 0; j < columns; j += 1) {
      const product = w * (row[j] as number);
      if (product === 0) continue;
      const line = (first + j) * n + second;
      for (let k = 0; k < columns; k += 1)
        information[line + k] = (information[line + k] as number) + product * (row[k] as number);
    }
  }
}

/** Of the sum of factors[a] delta_(a, k), from the inverse of the Cholesky factor: covariance = inverse^T inverse. */
function variance(inverse: Float64Array, n: number, columns: number, k: number, factors: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < n; i += 1) {
    let element = 0;
    for (let a = 0; a < factors.length; a += 1) {
      const at = a * columns + k;
      if (at <= i) element += (factors[a] as number) * (inverse[i * n + at] as number);
    }
    sum += element * element;
  }
  return sum;
}

function shaped(errors: Float64Array, count: number, width: number, columns: number): StandardErrors {
  const coefficients = new Float64Array(count * width);
  const intercept = columns > width ? new Float64Array(count) : undefined;
  for (let c = 0; c < count; c += 1) {
    coefficients.set(errors.subarray(c * columns, c * columns + width), c * width);
    if (intercept !== undefined) intercept[c] = errors[c * columns + width] as number;
  }
  return { coefficients: tensorOf(coefficients, [count, width]), intercept };
}
