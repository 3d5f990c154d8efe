// A linear layer: its logits, hidden matrix^T + bias, and its training.
import type { Best, Distribution, Drawn, LinearSource, LinearTrainCall } from '../layer-calls';
import type { FloatArray, LinearLossCall, Verdict } from '../types';
import { linearCrossEntropy } from './linear-cross-entropy';
import * as predictions from './predictions';
import { train } from './training';

/** a [rows, depth] times the transpose of b [columns, depth], plus a line. */
export function product(
  a: FloatArray,
  b: FloatArray,
  [rows, columns, depth]: readonly [number, number, number],
  line?: FloatArray,
): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r += 1) {
    for (let c = 0; c < columns; c += 1) {
      let sum = 0;
      for (let k = 0; k < depth; k += 1) sum += (a[r * depth + k] as number) * (b[c * depth + k] as number);
      out[r * columns + c] = line === undefined ? sum : sum + (line[c] as number);
    }
  }
  return out;
}

const logitsOf = ({ hidden, matrix, bias, outer, n, depth }: LinearSource): Float64Array =>
  product(hidden, matrix, [outer, n, depth], bias);

export const linear = (call: Distribution<LinearSource>): Verdict => predictions.distribution(call, logitsOf(call));
export const linearTopK = (call: Best<LinearSource>): Verdict => predictions.topK(call, logitsOf(call));
export const linearSample = (call: Drawn<LinearSource>): Verdict => predictions.sample(call, logitsOf(call));

export function linearTrain(call: LinearTrainCall): Verdict {
  const { n, depth, matrix, bias } = call;
  const parameters = bias === undefined ? [matrix] : [matrix, bias];
  return train(call, parameters, (hidden, targets) => {
    const outer = targets.length;
    const hiddenGradient = new Float64Array(outer * depth);
    const matrixGradient = new Float64Array(n * depth);
    const biasGradient = bias && new Float64Array(n);
    const totals = { loss: 0, totalWeight: 0 };
    const loss: LinearLossCall = {
      ...{ outer, n, inner: 1, mask: undefined, maskStrides: undefined, beta: 1, rule: 'limit' },
      ...{ hidden, matrix, bias, depth, classes: targets, probabilities: undefined, ignored: -1, weight: undefined },
      ...{ smoothing: 0, overOthers: false, zLoss: 0, softcap: 0, reduction: 'sum', losses: undefined },
      ...{ logSumExp: new Float64Array(outer), hiddenGradient, matrixGradient, biasGradient, totals },
    };
    linearCrossEntropy(loss);
    const gradients = biasGradient === undefined ? [matrixGradient] : [matrixGradient, biasGradient];
    return { loss: totals.loss, hiddenGradient, gradients };
  });
}
