// Cross-entropy of a linear layer: the logits of all rows, their cross-entropy, and the chain rule.
//   logits = hidden weight^T + bias,   dL/dhidden = G weight,   dL/dweight = G^T hidden,   dL/dbias = sum of G's rows
// with G the gradient of the logits. What has the gradient 0 contributes nothing, whatever it is multiplied by.
import type { FloatArray, LinearLossCall, Verdict } from '../types';
import { crossEntropy } from './cross-entropy';

export function linearCrossEntropy(call: LinearLossCall): Verdict {
  const { outer, n, depth, hidden, matrix, bias, hiddenGradient, matrixGradient, biasGradient } = call;
  const logits = new Float64Array(outer * n);
  for (let r = 0; r < outer; r += 1) {
    for (let c = 0; c < n; c += 1) {
      let sum = 0;
      for (let k = 0; k < depth; k += 1) sum += at(hidden, r * depth + k) * at(matrix, c * depth + k);
      logits[r * n + c] = bias === undefined ? sum : sum + at(bias, c);
    }
  }
  const gradient = hiddenGradient || matrixGradient || biasGradient ? new Float64Array(outer * n) : undefined;
  const verdict = crossEntropy({ ...call, logits, gradient, targetGradient: undefined });
  if (verdict >= 0 || gradient === undefined) return verdict;
  const ofHidden = new Float64Array(outer * depth);
  const ofMatrix = new Float64Array(n * depth);
  const ofBias = new Float64Array(n);
  for (let r = 0; r < outer; r += 1) {
    for (let c = 0; c < n; c += 1) {
      const g = at(gradient, r * n + c);
      if (g === 0) continue;
      add(ofBias, c, g);
      for (let k = 0; k < depth; k += 1) {
        add(ofHidden, r * depth + k, g * at(matrix, c * depth + k));
        add(ofMatrix, c * depth + k, g * at(hidden, r * depth + k));
      }
    }
  }
  // Only now: the gradient may take the place of the hidden rows.
  write(ofHidden, hiddenGradient);
  write(ofMatrix, matrixGradient);
  write(ofBias, biasGradient);
  return -1;
}

// By no method of the array: it is the user's.
function write(values: Float64Array, out: FloatArray | undefined): void {
  if (out !== undefined) for (let i = 0; i < values.length; i += 1) out[i] = at(values, i);
}

const at = (values: FloatArray, i: number): number => values[i] as number;

function add(sums: Float64Array, i: number, term: number): void {
  sums[i] = at(sums, i) + term;
}
