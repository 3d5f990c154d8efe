// What a regression minimises, divided by the sum of the rows' weights, at a point [coefficients, intercept]:
//   (- sum s_r log P(y_r | x_r) + (l2 / 2) sum W^2) / sum s_r
import { detached, invalidValue } from '../errors';
import { isDetached, kindOf } from '../intrinsics';
import { canonicalRows } from '../layers/layer';
import { allocateLike } from '../operations/arrange';
import type { Evaluation } from '../optimization/search';
import { own, owning } from '../ownership';
import type { Backend, FloatArray, LinearLossCall } from '../types';
import type { FeatureRows } from './features';

export interface Objective {
  /** Numbers of a point. */
  readonly size: number;
  /** The sum of the rows' weights. */
  readonly totalWeight: number;
  /** The share that a row has of it. */
  readonly shareOf: (row: number) => number;
  /** An Evaluation, or a promise of one. Its gradient is overwritten by the next. */
  readonly evaluate: (point: Float64Array) => unknown;
}

export interface Weights {
  /** A factor for each class, and for each row. */
  readonly ofClasses: Float64Array | undefined;
  readonly ofRows: Float64Array | undefined;
}

/** `places` are those of the rows' classes, of which there are `classes`. */
export function objective(
  backend: Backend,
  features: FeatureRows,
  places: Int32Array,
  shape: { readonly classes: number; readonly hasIntercept: boolean; readonly l2: number },
  weights: Weights,
): Objective {
  const { data: hidden, rows, width } = features;
  const { classes, hasIntercept, l2 } = shape;
  const kind = kindOf(hidden) as string;
  const coefficients = classes * width;
  const size = coefficients + (hasIntercept ? classes : 0);
  const make = (length: number): FloatArray => allocateLike(kind, length);
  const arrays = {
    matrix: make(coefficients),
    bias: hasIntercept ? make(classes) : undefined,
    ...targetOf(places, classes, weights, make),
    logSumExp: make(rows),
    matrixGradient: make(coefficients),
    biasGradient: hasIntercept ? make(classes) : undefined,
  };
  const call: LinearLossCall = {
    ...canonicalRows(rows, classes),
    ...{ smoothing: 0, overOthers: false, zLoss: 0, softcap: 0, ignored: -1, reduction: 'sum', losses: undefined },
    ...{ hidden, depth: width, hiddenGradient: undefined, totals: { loss: 0, totalWeight: 0 } },
    ...arrays,
  };
  const totalWeight = totalOf(places, weights);
  if (!(totalWeight > 0))
    throw invalidValue('options', 'must leave some row a weight > 0, sampleWeight times classWeight', totalWeight);
  const kept = [hidden, ...Object.values(arrays)];
  const gradient = new Float64Array(size);
  const conclude = (point: Float64Array) => (): Evaluation => {
    let penalty = 0;
    for (let i = 0; i < coefficients; i += 1) {
      const w = point[i] as number;
      penalty += w * w;
      gradient[i] = ((call.matrixGradient as FloatArray)[i] as number) / totalWeight + (l2 / totalWeight) * w;
    }
    for (let i = coefficients; i < size; i += 1) {
      gradient[i] = ((call.biasGradient as FloatArray)[i - coefficients] as number) / totalWeight;
    }
    return { value: (call.totals.loss + (l2 / 2) * penalty) / totalWeight, gradient };
  };
  const evaluate = (point: Float64Array): unknown => {
    // What is told of each step may have given them away.
    if (isDetached(hidden)) throw detached('features');
    call.matrix.set(point.subarray(0, coefficients));
    call.bias?.set(point.subarray(coefficients));
    return owning(kept, () => backend.linearCrossEntropy.perform(call, conclude(point)));
  };
  const shareOf = (row: number): number => weightOf(row, places[row] as number, weights) / totalWeight;
  return { size, totalWeight, shareOf, evaluate };
}

/** Indices and a factor for each class; with weights of the rows probabilities, of the row's class its weight. */
function targetOf(
  places: Int32Array,
  classes: number,
  { ofClasses, ofRows }: Weights,
  make: (length: number) => FloatArray,
): Pick<LinearLossCall, 'classes' | 'probabilities' | 'weight'> {
  if (ofRows === undefined) {
    const weight = ofClasses && make(classes);
    weight?.set(ofClasses as Float64Array);
    return { classes: own(places), probabilities: undefined, weight };
  }
  const probabilities = make(places.length * classes);
  for (let r = 0; r < places.length; r += 1) {
    const place = places[r] as number;
    probabilities[r * classes + place] = weightOf(r, place, { ofClasses, ofRows });
  }
  return { classes: undefined, probabilities, weight: undefined };
}

const weightOf = (row: number, place: number, { ofClasses, ofRows }: Weights): number =>
  (ofClasses === undefined ? 1 : (ofClasses[place] as number)) * (ofRows === undefined ? 1 : (ofRows[row] as number));

function totalOf(places: Int32Array, weights: Weights): number {
  if (weights.ofClasses === undefined && weights.ofRows === undefined) return places.length;
  let total = 0;
  for (let r = 0; r < places.length; r += 1) total += weightOf(r, places[r] as number, weights);
  return total;
}
