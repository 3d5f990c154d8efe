// Adaptive softmax: log P(c) is that of c in the head, or that of its cluster in the head plus that of c in the cluster.
// Parameters: the head's weight and bias, then the projection and the weight of each cluster.
import type {
  AdaptiveLossCall,
  AdaptiveShape,
  AdaptiveSource,
  AdaptiveTrainCall,
  Best,
  Distribution,
  Drawn,
} from '../layer-calls';
import type { FloatArray, Verdict } from '../types';
import { product } from './linear';
import * as predictions from './predictions';
import { train } from './training';

interface Cluster {
  /** Its classes are first ... end - 1. */
  readonly first: number;
  readonly end: number;
  readonly width: number;
  /** Where its projection [width, dim] and its weight [end - first, width] begin. */
  readonly projection: number;
  readonly weight: number;
}

function layoutOf({ dim, hasBias, ends, widths }: AdaptiveShape) {
  const shortlist = ends[0] as number;
  const head = shortlist + widths.length;
  const bias = head * dim;
  let at = bias + (hasBias ? head : 0);
  const clusters = widths.map((width, i): Cluster => {
    const [first, end] = [ends[i] as number, ends[i + 1] as number];
    const projection = at;
    at += width * (dim + end - first);
    return { first, end, width, projection, weight: projection + width * dim };
  });
  return { shortlist, head, bias, clusters, size: at };
}

/** log softmax of one row. */
function logSoftmax(z: Float64Array): Float64Array {
  const max = z.reduce((most, x) => Math.max(most, x), -Infinity);
  const rest = z.reduce((sum, x) => sum + Math.exp(x - max), 0);
  return z.map((x) => x - max - Math.log(rest));
}

/** The layer at one hidden vector. */
function atVector(parameters: FloatArray, shape: AdaptiveShape, hidden: FloatArray) {
  const { shortlist, head, bias, clusters } = layoutOf(shape);
  const { dim, hasBias } = shape;
  const line = hasBias ? parameters.subarray(bias, bias + head) : undefined;
  const ofHead = logSoftmax(product(hidden, parameters, [1, head, dim], line));
  const ofClusters = clusters.map(({ first, end, width, projection, weight }) => {
    const projected = product(hidden, parameters.subarray(projection), [1, width, dim]);
    return { projected, logs: logSoftmax(product(projected, parameters.subarray(weight), [1, end - first, width])) };
  });
  return { shortlist, head, bias, clusters, ofHead, ofClusters };
}

/** Log-probabilities are logits of themselves. */
function logitsOf({ parameters, shape, hidden, outer, n }: AdaptiveSource): Float64Array {
  const out = new Float64Array(outer * n);
  for (let r = 0; r < outer; r += 1) {
    const row = hidden.subarray(r * shape.dim, (r + 1) * shape.dim);
    const { shortlist, clusters, ofHead, ofClusters } = atVector(parameters, shape, row);
    out.set(ofHead.subarray(0, shortlist), r * n);
    clusters.forEach(({ first }, i) => {
      const logs = (ofClusters[i] as { logs: Float64Array }).logs.map((x) => x + (ofHead[shortlist + i] as number));
      out.set(logs, r * n + first);
    });
  }
  return out;
}

export const adaptive = (call: Distribution<AdaptiveSource>): Verdict => predictions.distribution(call, logitsOf(call));
export const adaptiveTopK = (call: Best<AdaptiveSource>): Verdict => predictions.topK(call, logitsOf(call));
export const adaptiveSample = (call: Drawn<AdaptiveSource>): Verdict => predictions.sample(call, logitsOf(call));

export function adaptiveCrossEntropy(call: AdaptiveLossCall): Verdict {
  const { parameters, shape, hidden, outer, targets, totals } = call;
  const { dim } = shape;
  const gradient = new Float64Array(parameters.length);
  const hiddenGradient = new Float64Array(outer * dim);
  totals.loss = 0;
  for (let r = 0; r < outer; r += 1) {
    const row = hidden.subarray(r * dim, (r + 1) * dim);
    const ofRow = hiddenGradient.subarray(r * dim, (r + 1) * dim);
    const loss = oneLoss(parameters, shape, row, targets[r] as number, gradient, ofRow);
    call.out[r] = loss;
    totals.loss += loss;
  }
  call.gradient?.set(gradient.map((g) => g * call.factor));
  call.hiddenGradient?.set(hiddenGradient.map((g) => g * call.factor));
  return -1;
}

/** The loss of one example; its gradients are added. */
function oneLoss(
  parameters: FloatArray,
  shape: AdaptiveShape,
  hidden: FloatArray,
  target: number,
  gradient: Float64Array,
  hiddenGradient: Float64Array,
): number {
  const { dim, hasBias } = shape;
  const { shortlist, head, bias, clusters, ofHead, ofClusters } = atVector(parameters, shape, hidden);
  const i = clusters.findIndex(({ first, end }) => target >= first && target < end);
  const inHead = i < 0 ? target : shortlist + i;
  for (let c = 0; c < head; c += 1) {
    const g = Math.exp(ofHead[c] as number) - (c === inHead ? 1 : 0);
    if (hasBias) add(gradient, bias + c, g);
    for (let k = 0; k < dim; k += 1) {
      add(gradient, c * dim + k, g * (hidden[k] as number));
      add(hiddenGradient, k, g * (parameters[c * dim + k] as number));
    }
  }
  const loss = -(ofHead[inHead] as number);
  if (i < 0) return loss;
  const { first, width, projection, weight } = clusters[i] as Cluster;
  const { projected, logs } = ofClusters[i] as { projected: Float64Array; logs: Float64Array };
  const ofProjected = new Float64Array(width);
  logs.forEach((log, c) => {
    const g = Math.exp(log) - (c === target - first ? 1 : 0);
    for (let k = 0; k < width; k += 1) {
      add(gradient, weight + c * width + k, g * (projected[k] as number));
      add(ofProjected, k, g * (parameters[weight + c * width + k] as number));
    }
  });
  ofProjected.forEach((g, j) => {
    for (let k = 0; k < dim; k += 1) {
      add(gradient, projection + j * dim + k, g * (hidden[k] as number));
      add(hiddenGradient, k, g * (parameters[projection + j * dim + k] as number));
    }
  });
  return loss - (logs[target - first] as number);
}

function add(sums: Float64Array, i: number, term: number): void {
  sums[i] = (sums[i] as number) + term;
}

export function adaptiveTrain(call: AdaptiveTrainCall): Verdict {
  const { n, shape, parameters } = call;
  return train(call, [parameters], (hidden, targets) => {
    const outer = targets.length;
    const hiddenGradient = new Float64Array(hidden.length);
    const gradient = new Float64Array(parameters.length);
    const totals = { loss: 0 };
    adaptiveCrossEntropy({
      ...{ outer, n, inner: 1, mask: undefined, maskStrides: undefined, beta: 1, rule: 'limit' },
      ...{ hidden, parameters, shape, targets, hiddenGradient, gradient, totals },
      ...{ factor: 1, out: new Float64Array(outer) },
    });
    return { loss: totals.loss, hiddenGradient, gradients: [gradient] };
  });
}
