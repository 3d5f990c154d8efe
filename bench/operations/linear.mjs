// The linear layer and its cross-entropy in one, forward and backward. An element is one logit; the sizes are rows x width
// -> classes. Too large for the reference: single rows and classes of the result are compared with the definition.
import { classIndices, emptyTensor, normalTensor } from '../inputs.mjs';
import { native } from '../library.mjs';

export const linear = (rows, width, classes, target) => ({
  operation: 'linearCrossEntropy',
  dims: [rows, width, classes],
  target: { peer: 'torch', ...target },
});

export const cases = [
  linear(64, 128, 10_000),
  linear(64, 128, 50_000),
  linear(64, 128, 128_000),
  linear(64, 512, 10_000),
  linear(64, 512, 50_000),
  linear(64, 512, 128_000),
  linear(256, 128, 10_000),
  linear(256, 128, 50_000),
  linear(256, 128, 128_000),
  linear(256, 512, 10_000),
  linear(256, 512, 32_000, { one: 115_000, two: 62_000 }),
  linear(256, 512, 50_000),
  linear(256, 512, 128_000),
];

const inputs = ({ type, dims: [rows, width, classes] }) => ({
  hidden: normalTensor(type, [rows, width], { deviation: 1, seed: 1 }),
  // So that the logits have deviation 3, as elsewhere.
  weight: normalTensor(type, [classes, width], { deviation: 3 / Math.sqrt(width), seed: 2 }),
  target: classIndices(rows, classes),
});

const outputs = ({ type, dims: [rows, width, classes] }) => ({
  loss: emptyTensor('float64', []),
  hiddenGradient: emptyTensor(type, [rows, width]),
  weightGradient: emptyTensor(type, [classes, width]),
});

const given = ({ hidden, weight, target }) => [hidden, weight, target.data];

const storage = (outputs) => ({ hidden: outputs?.hiddenGradient ?? true, weight: outputs?.weightGradient ?? true });

/** The rows and the classes that are looked at: the first, one in the middle, the last; and the first row's own class. */
function lookedAt({ dims: [rows, , classes] }, target) {
  const some = (count) => [...new Set([0, count >> 1, count - 1])];
  return { rows: some(rows), classes: [...new Set([...some(classes), target.data[0]])] };
}

function sampled(values, workload, { target }) {
  const width = workload.dims[1];
  const looked = lookedAt(workload, target);
  const rowsOf = (array, chosen) => chosen.flatMap((k) => [...array.slice(k * width, (k + 1) * width)]);
  const { loss, logSumExp, hiddenGradient, weightGradient } = values;
  return {
    loss,
    ...(logSumExp ? { logSumExp: looked.rows.map((row) => logSumExp[row]) } : {}),
    hiddenGradient: rowsOf(hiddenGradient, looked.rows),
    weightGradient: rowsOf(weightGradient, looked.classes),
  };
}

// The definition in float64. The sums over all classes are taken for the rows that are looked at; for the others, which
// the loss and the gradient of a class need too, they are those of the library.
function exact(workload, tensors) {
  const [rows, width, classes] = workload.dims;
  const [hidden, weight, target] = [tensors.hidden.data, tensors.weight.data, tensors.target.data];
  const looked = lookedAt(workload, tensors.target);
  const logit = (row, c) => {
    let sum = 0;
    for (let k = 0; k < width; k += 1) sum += hidden[row * width + k] * weight[c * width + k];
    return sum;
  };
  const logSumExp = Float64Array.from(arrayOf(native.linearCrossEntropy(...given(tensors)).logSumExp));
  const hiddenGradient = [];
  for (const row of looked.rows) {
    const logits = Float64Array.from({ length: classes }, (_, c) => logit(row, c));
    const max = logits.reduce((most, one) => Math.max(most, one));
    logSumExp[row] = max + Math.log(logits.reduce((sum, one) => sum + Math.exp(one - max), 0));
    const gradient = new Float64Array(width);
    for (let c = 0; c < classes; c += 1) {
      const share = (Math.exp(logits[c] - logSumExp[row]) - (c === target[row] ? 1 : 0)) / rows;
      for (let k = 0; k < width; k += 1) gradient[k] += share * weight[c * width + k];
    }
    hiddenGradient.push(...gradient);
  }
  const weightGradient = [];
  for (const c of looked.classes) {
    const gradient = new Float64Array(width);
    for (let row = 0; row < rows; row += 1) {
      const share = (Math.exp(logit(row, c) - logSumExp[row]) - (c === target[row] ? 1 : 0)) / rows;
      for (let k = 0; k < width; k += 1) gradient[k] += share * hidden[row * width + k];
    }
    weightGradient.push(...gradient);
  }
  let loss = 0;
  for (let row = 0; row < rows; row += 1) loss += (logSumExp[row] - logit(row, target[row])) / rows;
  return { loss: [loss], logSumExp: looked.rows.map((row) => logSumExp[row]), hiddenGradient, weightGradient };
}

const arrayOf = (result) => (typeof result === 'number' ? [result] : (result.data ?? result));

export const operations = {
  linearCrossEntropy: {
    label: ([rows, width, classes]) => `${rows}x${width}->${classes}`,
    shape: ([rows, , classes]) => ({ outer: rows, n: classes, inner: 1 }),
    size: ({ outer, n }) => outer * n,
    inputs,
    outputs,
    given,
    wanted: (_, outputs) => ({ gradient: storage(outputs) }),
    values: ({ loss, logSumExp, hiddenGradient, weightGradient }) => ({
      loss,
      logSumExp,
      hiddenGradient,
      weightGradient,
    }),
    rowLength: ({ dims }) => dims[1],
    exact,
    sampled,
  },
};
