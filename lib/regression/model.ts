// What a regression has learnt, and what is predicted with it.

import { kindOf } from '../intrinsics';
import type { Form } from '../layer-calls';
import { afterwards, canonicalRows, type HiddenRows, measureHidden } from '../layers/layer';
import { readFloats } from '../operations/arguments';
import { allocateLike } from '../operations/arrange';
import { tensorOf } from '../operations/results';
import { own } from '../ownership';
import type { Backend, FloatArray } from '../types';
import type { Label } from './classes';
import { refusal } from './features';

/** Never changed: a fit makes another one. */
export interface Model {
  readonly classes: readonly Label[];
  readonly width: number;
  /** [classes, width] */
  readonly coefficients: Float64Array;
  readonly intercept: Float64Array | undefined;
}

/** A point of the search as a model, whose parameters sum to 0 over the classes: softmax is none the wiser. */
export function modelOf(classes: readonly Label[], width: number, point: Float64Array): Model {
  const count = classes.length;
  const parameters = point.slice();
  centre(parameters.subarray(0, count * width), count, width);
  const intercept = parameters.subarray(count * width);
  if (intercept.length > 0) centre(intercept, count, 1);
  return {
    classes,
    width,
    coefficients: parameters.slice(0, count * width),
    intercept: intercept.length > 0 ? intercept.slice() : undefined,
  };
}

function centre(matrix: Float64Array, count: number, width: number): void {
  for (let k = 0; k < width; k += 1) {
    let sum = 0;
    for (let c = 0; c < count; c += 1) sum += matrix[c * width + k] as number;
    for (let c = 0; c < count; c += 1) matrix[c * width + k] = (matrix[c * width + k] as number) - sum / count;
  }
}

/** A model as a point of the search. */
export function pointOf({ coefficients, intercept }: Model): Float64Array {
  const point = new Float64Array(coefficients.length + (intercept?.length ?? 0));
  point.set(coefficients);
  if (intercept !== undefined) point.set(intercept, coefficients.length);
  return point;
}

function sourceOf({ classes, width, coefficients, intercept }: Model, { data, count }: HiddenRows) {
  const kind = kindOf(data) as string;
  const converted = (values: Float64Array): FloatArray => {
    const copy = allocateLike(kind, values.length);
    copy.set(values);
    return copy;
  };
  return {
    ...canonicalRows(count, classes.length),
    hidden: data,
    matrix: converted(coefficients),
    bias: intercept && converted(intercept),
    depth: width,
  };
}

const rowsOf = (model: Model, features: unknown): HiddenRows =>
  measureHidden(readFloats('features', features), model.width);

/** A number for each class of each row. */
export function distribution(backend: Backend, model: Model, features: unknown, form: Form): unknown {
  const rows = rowsOf(model, features);
  const n = model.classes.length;
  const out = allocateLike(kindOf(rows.data) as string, rows.count * n);
  const call = { ...sourceOf(model, rows), form, out };
  return backend.linear.perform(call, () => tensorOf(out, [...rows.before, n]));
}

/** Calls `next` with the place of the likeliest class of each row, and whether it is that of a bare vector. */
export function likeliest(
  backend: Backend,
  model: Model,
  features: unknown,
  next: (places: Int32Array, isOne: boolean) => unknown,
): unknown {
  const rows = rowsOf(model, features);
  const ids = own(new Int32Array(rows.count));
  const out = allocateLike(kindOf(rows.data) as string, rows.count);
  const call = { ...sourceOf(model, rows), k: 1, ids, out };
  const computed = backend.linearTopK.perform(call, () => {
    for (let r = 0; r < out.length; r += 1) {
      const logProbability = out[r] as number;
      if (logProbability !== logProbability)
        throw refusal('features', { data: rows.data, rows: rows.count, width: model.width });
    }
    return ids;
  });
  return afterwards(computed, (places: Int32Array) => next(places, rows.isOne));
}
