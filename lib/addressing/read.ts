// Reading a memory, and its derivative: products of a backend with softmax between them.
//   scores = queries keys^T,  weights = softmax(beta scores),  output = weights values
import { Float64Array, kindOf } from '../intrinsics';
import { afterwards, canonicalRows } from '../layers/layer';
import { allocateLike, fitsFloat32 } from '../operations/arrange';
import type { Backend, FloatArray } from '../types';
import { throughUnitRows, transposed, unitRows } from './matrices';

/** What is read, all of it as it was at the call. */
export interface Reading {
  readonly kind: string;
  readonly count: number;
  readonly size: number;
  readonly dim: number;
  readonly valueSize: number;
  readonly queries: FloatArray;
  readonly keys: FloatArray;
  readonly values: FloatArray;
  /** Queries and keys as they are compared: themselves, or of length 1. */
  readonly comparedQueries: FloatArray;
  readonly comparedKeys: FloatArray;
  readonly beta: number;
}

export interface Gradients {
  readonly queries: FloatArray;
  readonly keys: FloatArray;
  readonly values: FloatArray;
}

/** left [rows, depth] times the transpose of right [columns, depth]. */
function multiply(
  backend: Backend,
  kind: string,
  [rows, columns, depth]: readonly [number, number, number],
  left: FloatArray,
  right: FloatArray,
  next: (product: FloatArray) => unknown,
): unknown {
  const out = allocateLike(kind, rows * columns);
  const shape = canonicalRows(rows, columns);
  const call = { ...shape, hidden: left, matrix: right, bias: undefined, depth, form: 'logits', out } as const;
  return afterwards(
    backend.linear.perform(call, () => out),
    next,
  );
}

/** The weights of all rows, [count, size]. */
function addressed(backend: Backend, reading: Reading, next: (weights: FloatArray) => unknown): unknown {
  const { kind, count, size, dim, comparedQueries, comparedKeys } = reading;
  return multiply(backend, kind, [count, size, dim], comparedQueries, comparedKeys, (scores) =>
    softmaxOf(backend, scores, count, size, reading.beta, next),
  );
}

/** Softmax of each of the rows, in the type that holds beta. */
export function softmaxOf(
  backend: Backend,
  scores: FloatArray,
  rows: number,
  n: number,
  beta: number,
  next: (weights: FloatArray) => unknown,
): unknown {
  const kind = kindOf(scores) as string;
  const logits = fitsFloat32(beta) || kind === 'Float64Array' ? scores : new Float64Array(scores);
  const out = allocateLike(kindOf(logits) as string, rows * n);
  const shape = { ...canonicalRows(rows, n), beta };
  const family = { sign: undefined, weights: undefined, weightStrides: undefined, variant: false };
  const computed = backend.softmax.perform({ ...shape, ...family, logits, out }, () => out);
  return afterwards(computed, (weights: FloatArray) => {
    if (kindOf(weights) === kind) return next(weights);
    const narrow = allocateLike(kind, rows * n);
    narrow.set(weights);
    return next(narrow);
  });
}

/** `lines` is the transpose of the values: [valueSize, size]. */
export function readAll(
  backend: Backend,
  reading: Reading,
  lines: FloatArray,
  conclude: (output: FloatArray, weights: FloatArray) => unknown,
): unknown {
  const { kind, count, size, valueSize } = reading;
  return addressed(backend, reading, (weights) =>
    multiply(backend, kind, [count, valueSize, size], weights, lines, (output) => conclude(output, weights)),
  );
}

/**
 * The products of the output's gradient g with the derivatives: with p the weights,
 *     values p^T g,  scores ds = beta p (g values^T - <p, g values^T>),  queries ds keys,  keys ds^T queries
 */
export function readAllVjp(
  backend: Backend,
  reading: Reading,
  g: FloatArray,
  conclude: (gradients: Gradients) => unknown,
): unknown {
  const { kind, count, size, dim, valueSize, values, comparedQueries, comparedKeys, beta } = reading;
  const queryLines = transposed(comparedQueries, count, dim);
  const keyLines = transposed(comparedKeys, size, dim);
  const product = (
    shape: readonly [number, number, number],
    a: FloatArray,
    b: FloatArray,
    next: (c: FloatArray) => unknown,
  ) => multiply(backend, kind, shape, a, b, next);
  return addressed(backend, reading, (p) =>
    product([count, size, valueSize], g, values, (direction) =>
      scoreGradient(backend, p, direction, count, size, beta, (ds) =>
        product([count, dim, size], ds, keyLines, (ofQueries) =>
          product([size, dim, count], transposed(ds, count, size), queryLines, (ofKeys) =>
            product([size, valueSize, count], transposed(p, count, size), transposed(g, count, valueSize), (ofValues) =>
              conclude(throughLengths(reading, { queries: ofQueries, keys: ofKeys, values: ofValues })),
            ),
          ),
        ),
      ),
    ),
  );
}

/** beta p (direction - <p, direction>); zeros where beta is 0 or infinite: the weights are then constant, almost everywhere. */
function scoreGradient(
  backend: Backend,
  point: FloatArray,
  direction: FloatArray,
  rows: number,
  n: number,
  beta: number,
  next: (gradient: FloatArray) => unknown,
): unknown {
  const out = allocateLike(kindOf(point) as string, rows * n);
  if (beta === 0 || !Number.isFinite(beta)) return next(out);
  // Of beta only the size of what float32 holds goes through the kernel.
  const inKernel = fitsFloat32(beta) ? beta : 1;
  const call = { ...canonicalRows(rows, n), beta: inKernel, point, direction, out };
  return afterwards(
    backend.softmaxVjp.perform(call, () => out),
    (gradient: FloatArray) => {
      if (inKernel !== beta) for (let i = 0; i < gradient.length; i += 1) gradient[i] = (gradient[i] as number) * beta;
      return next(gradient);
    },
  );
}

/** From the compared rows to the rows that were given. */
export function throughLengths(reading: Reading, gradients: Gradients): Gradients {
  const { dim, queries, keys, comparedQueries, comparedKeys } = reading;
  if (comparedKeys !== keys) {
    throughUnitRows(queries, comparedQueries, gradients.queries, dim);
    throughUnitRows(keys, comparedKeys, gradients.keys, dim);
  }
  return gradients;
}

export const compared = (rows: FloatArray, dim: number, isCosine: boolean): FloatArray =>
  isCosine ? unitRows(rows, dim) : rows;
