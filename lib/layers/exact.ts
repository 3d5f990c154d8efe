// The exact softmax of a linear layer, which is what every layer with a row of `weight` for each class predicts: full
// softmax, and those that only learn by an estimate of it.
import type { LinearSource } from '../layer-calls';
import { allocateLike } from '../operations/arrange';
import { own } from '../ownership';
import { type Rng, validateRng } from '../random/rng';
import type { Backend, FloatArray, FloatType, LinearLossCall, Tensor } from '../types';
import {
  allocateFor,
  canonicalRows,
  type HiddenRows,
  measureHidden,
  measureIds,
  ownParameters,
  readHidden,
  readIds,
  readK,
} from './layer';
import { kindOfType } from './parameters';
import type { TopK } from './types';

/** A layer with one row of `weight`, and one element of `bias`, for each class. */
export interface LinearOutput {
  readonly classes: number;
  readonly dim: number;
  readonly type: FloatType;
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
}

function sourceOf({ classes, dim, weight, bias }: LinearOutput, { data, count }: HiddenRows): LinearSource {
  ownParameters(weight.data, bias?.data);
  return { ...canonicalRows(count, classes), hidden: data, matrix: weight.data, bias: bias?.data, depth: dim };
}

/** The losses of targets, and gradients where storage is given for them. */
export function linearLossCall(
  layer: LinearOutput,
  hidden: HiddenRows,
  targets: Int32Array,
  more: Pick<LinearLossCall, 'reduction' | 'losses' | 'hiddenGradient' | 'matrixGradient' | 'biasGradient'>,
): LinearLossCall {
  return {
    ...sourceOf(layer, hidden),
    classes: targets,
    probabilities: undefined,
    ignored: -1,
    weight: undefined,
    smoothing: 0,
    overOthers: false,
    zLoss: 0,
    softcap: 0,
    logSumExp: allocateLike(kindOfType[layer.type], hidden.count),
    totals: { loss: 0, totalWeight: 0 },
    ...more,
  };
}

export function exactLogProbability(backend: Backend, layer: LinearOutput, hidden: unknown, ids: unknown): unknown {
  const vectors = readHidden(hidden, layer.type);
  const given = readIds('ids', ids);
  const rows = measureHidden(vectors, layer.dim);
  const classes = measureIds(given, rows.count, layer.classes);
  const losses = allocateLike(kindOfType[layer.type], rows.count);
  const gradients = { hiddenGradient: undefined, matrixGradient: undefined, biasGradient: undefined };
  const call = linearLossCall(layer, rows, classes, { reduction: 'none', losses, ...gradients });
  return backend.linearCrossEntropy.perform(call, () => negated(losses, rows));
}

/** Losses as log-probabilities. */
export function negated(losses: FloatArray, { isOne }: HiddenRows): number | FloatArray {
  for (let i = 0; i < losses.length; i += 1) losses[i] = 0 - (losses[i] as number);
  return isOne ? (losses[0] as number) : losses;
}

export function exactDistribution(backend: Backend, layer: LinearOutput, hidden: unknown): unknown {
  const rows = measureHidden(readHidden(hidden, layer.type), layer.dim);
  const result = allocateFor(rows, layer.classes);
  const call = { ...sourceOf(layer, rows), form: 'probabilities', out: result.data } as const;
  return backend.linear.perform(call, () => result);
}

/** What the softmax is of: a part of a larger layer gives them to a SoftmaxState. */
export function exactLogits(backend: Backend, layer: LinearOutput, hidden: unknown): unknown {
  const rows = measureHidden(readHidden(hidden, layer.type), layer.dim);
  const result = allocateFor(rows, layer.classes);
  const call = { ...sourceOf(layer, rows), form: 'logits', out: result.data } as const;
  return backend.linear.perform(call, () => result);
}

export function exactTopK(backend: Backend, layer: LinearOutput, hidden: unknown, k: unknown): unknown {
  const vectors = readHidden(hidden, layer.type);
  const count = readK(k, layer.classes);
  const rows = measureHidden(vectors, layer.dim);
  const result = allocateTopK(rows, count);
  const { ids, logProbabilities } = result;
  const call = { ...sourceOf(layer, rows), k: count, ids: ids.data, out: logProbabilities.data };
  return backend.linearTopK.perform(call, () => result);
}

export function allocateTopK(rows: HiddenRows, k: number): TopK {
  const dims = [...rows.before, k];
  const ids = own(new Int32Array(rows.count * k));
  return { ids: { data: ids, dims, type: 'int32' }, logProbabilities: allocateFor(rows, k) };
}

export function exactSample(backend: Backend, layer: LinearOutput, hidden: unknown, rng: unknown): unknown {
  const vectors = readHidden(hidden, layer.type);
  const source = validateRng('rng', rng);
  const rows = measureHidden(vectors, layer.dim);
  const out = own(new Int32Array(rows.count));
  const call = { ...sourceOf(layer, rows), uniforms: uniformsOf(source, rows.count), out };
  return backend.linearSample.perform(call, () => drawn(out, rows));
}

/** A number in (0, 1) for each row. */
export function uniformsOf(rng: Rng, count: number): Float64Array {
  const uniforms = own(new Float64Array(count));
  for (let r = 0; r < count; r += 1) uniforms[r] = rng.uniform();
  return uniforms;
}

export const drawn = (ids: Int32Array, { isOne }: HiddenRows): number | Int32Array =>
  isOne ? (ids[0] as number) : ids;
