// Losses, with the gradient of the logits unless the case says otherwise; and what tells of a row how it stands.
import { classIndices, emptyTensor, logitsOf } from '../inputs.mjs';
import { native } from '../library.mjs';

const crossEntropy = (dims, target, more) => ({ operation: 'crossEntropy', dims, target, ...more });
const probabilities = { probabilities: true, words: ['probabilities'] };
const forward = { forward: true, words: ['forward only'] };

export const cases = [
  crossEntropy([1, 1000]),
  crossEntropy([10_000, 10]),
  crossEntropy([1024, 10_000], { one: 8500, two: 4800 }),
  crossEntropy([64, 128_256], { one: 6500, two: 3600 }),
  crossEntropy([1024, 10_000], undefined, forward),
  crossEntropy([256, 10_000], undefined, probabilities),
  crossEntropy([1024, 10_000], undefined, { options: { labelSmoothing: 0.1 } }),
  crossEntropy([64, 32_000], undefined, { type: 'float64' }),
  { operation: 'nllLoss', dims: [1024, 10_000] },
  { operation: 'klDivergence', dims: [64, 32_000] },
  { operation: 'diagnose', dims: [1, 128_256] },
  { operation: 'diagnose', dims: [64, 32_000] },
];

const rowLength = ({ shape }) => shape.n;
// Probabilities are passed as the logits are; indices as an array of one a row, and as a number for a single vector.
function asTarget(target) {
  if (target instanceof Int32Array) return target[0];
  return target.type === 'int32' ? target.data : target;
}

const loss = (logits) => ({
  inputs: (workload) => ({
    logits: logits(workload),
    target: workload.probabilities
      ? native.softmax(logitsOf(workload, 2))
      : classIndices(workload.shape.outer, workload.shape.n),
  }),
  outputs: ({ type, dims, forward }) => ({
    loss: emptyTensor('float64', []),
    ...(forward ? {} : { gradient: emptyTensor(type, dims) }),
  }),
  given: ({ logits, target }) => [logits, asTarget(target)],
  wanted: ({ forward }, outputs) => (forward ? {} : { gradient: outputs ? outputs.gradient : true }),
  values: ({ loss, gradient }) => (gradient === undefined ? { loss } : { loss, gradient }),
  rowLength,
});

export const operations = {
  crossEntropy: loss(logitsOf),
  nllLoss: loss((workload) => native.logSoftmax(logitsOf(workload))),
  klDivergence: {
    inputs: (workload) => ({ logits: logitsOf(workload), others: logitsOf(workload, 2) }),
    outputs: ({ type, shape: { outer } }) => ({ out: emptyTensor(type, [outer]) }),
    given: ({ logits, others }) => [logits, others],
  },
  // It has many results and takes no storage: those that others have, too, are compared.
  diagnose: {
    inputs: (workload) => ({ logits: logitsOf(workload) }),
    outputs: ({ type, shape: { outer } }) => ({
      max: emptyTensor(type, [outer]),
      gap: emptyTensor(type, [outer]),
      pMax: emptyTensor(type, [outer]),
      entropy: emptyTensor(type, [outer]),
      jacobianTrace: emptyTensor(type, [outer]),
    }),
    given: ({ logits }) => [logits],
    wanted: () => ({}),
    allocates: true,
    values: ({ max, gap, pMax, entropy, jacobianTrace }) => ({ max, gap, pMax, entropy, jacobianTrace }),
  },
};
