// Stochastic gradient descent: the gradient of each minibatch times the learning rate is subtracted, from the parameters
// and from the rows of the table that the hidden vectors came from.
import type { TrainCall } from '../layer-calls';
import type { FloatArray, Verdict } from '../types';

/** Of the sum of the losses of a minibatch. */
export interface Step {
  readonly loss: number;
  readonly hiddenGradient: Float64Array;
  /** One for each array of parameters. */
  readonly gradients: readonly Float64Array[];
}

export function train(
  call: TrainCall,
  parameters: readonly FloatArray[],
  step: (hidden: Float64Array, targets: Int32Array) => Step,
): Verdict {
  const { outer, targets, batchSize, learningRate, totals } = call;
  totals.loss = 0;
  for (let first = 0; first < outer; ) {
    const end = batchSize === 0 ? outer : Math.min(first + batchSize, outer);
    const { loss, hiddenGradient, gradients } = step(gather(call, first, end), targets.slice(first, end));
    totals.loss += loss;
    scatter(call, first, end, hiddenGradient);
    parameters.forEach((values, i) => {
      const gradient = gradients[i] as Float64Array;
      for (let j = 0; j < values.length; j += 1) {
        values[j] = (values[j] as number) - learningRate * (gradient[j] as number);
      }
    });
    first = end;
  }
  return -1;
}

/** The rows of the table that example k is the mean of. */
function bag({ rows, offsets }: TrainCall, k: number): Int32Array {
  return offsets === undefined ? rows.subarray(k, k + 1) : rows.subarray(offsets[k], offsets[k + 1]);
}

function gather(call: TrainCall, first: number, end: number): Float64Array {
  const { table, depth } = call;
  const hidden = new Float64Array((end - first) * depth);
  for (let k = first; k < end; k += 1) {
    const rows = bag(call, k);
    for (const row of rows) {
      for (let j = 0; j < depth; j += 1) {
        const at = (k - first) * depth + j;
        hidden[at] = (hidden[at] as number) + (table[row * depth + j] as number) / rows.length;
      }
    }
  }
  return hidden;
}

function scatter(call: TrainCall, first: number, end: number, gradient: Float64Array): void {
  const { table, depth, tableLearningRate } = call;
  for (let k = first; k < end; k += 1) {
    const rows = bag(call, k);
    for (const row of rows) {
      for (let j = 0; j < depth; j += 1) {
        const change = (tableLearningRate / rows.length) * (gradient[(k - first) * depth + j] as number);
        table[row * depth + j] = (table[row * depth + j] as number) - change;
      }
    }
  }
}
