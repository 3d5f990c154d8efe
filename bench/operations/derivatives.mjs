// Derivatives: products with the Jacobian matrix, and the matrix itself, of which each number written counts as an
// element.
import { emptyTensor, logitsOf } from '../inputs.mjs';
import { native } from '../library.mjs';

const derivative = (operation) => (dims, target, more) => ({ operation, dims, target, ...more });
const softmaxVjp = derivative('softmaxVjp');
const softmaxJvp = derivative('softmaxJvp');
const logSoftmaxVjp = derivative('logSoftmaxVjp');
const logSoftmaxJvp = derivative('logSoftmaxJvp');
const logSumExpVjp = derivative('logSumExpVjp');
const softmaxBetaGradient = derivative('softmaxBetaGradient');
const softmaxJacobian = derivative('softmaxJacobian');
const logSoftmaxJacobian = derivative('logSoftmaxJacobian');

export const cases = [
  softmaxJacobian([1, 1000], { one: 90 }),
  softmaxJacobian([64, 100], { one: 60 }),
  logSoftmaxJacobian([64, 100]),

  softmaxVjp([1, 1000]),
  softmaxVjp([1, 128_256]),
  softmaxVjp([10_000, 10]),
  softmaxVjp([4096, 4096], { one: 8500, two: 6000 }),
  softmaxJvp([1, 1000]),
  softmaxJvp([64, 32_000]),
  logSoftmaxVjp([1, 1000]),
  logSoftmaxVjp([64, 32_000]),
  logSoftmaxJvp([64, 32_000]),
  logSumExpVjp([1, 1000]),
  logSumExpVjp([64, 32_000]),
  softmaxBetaGradient([1, 1000]),
  softmaxBetaGradient([64, 32_000]),
  softmaxVjp([64, 32_000], undefined, { type: 'float64' }),
];

const rowLength = ({ shape }) => shape.n;
const likeLogits = ({ type, dims }) => ({ out: emptyTensor(type, dims) });
const another = (workload) => logitsOf(workload, 2);

// The result of the function, and a tensor that its derivative is multiplied with.
const productWith = (result) => ({
  inputs: (workload) => ({ y: native[result](logitsOf(workload)), vector: another(workload) }),
  outputs: likeLogits,
  given: ({ y, vector }) => [y, vector],
  rowLength,
});

const ofLogits = {
  inputs: (workload) => ({ logits: logitsOf(workload) }),
  outputs: likeLogits,
  given: ({ logits }) => [logits],
  rowLength,
};

const jacobian = {
  ...ofLogits,
  size: ({ outer, n }) => outer * n * n,
  outputs: ({ type, shape: { outer, n } }) => ({ out: emptyTensor(type, outer === 1 ? [n, n] : [outer, n, n]) }),
};

export const operations = {
  softmaxVjp: productWith('softmax'),
  softmaxJvp: productWith('softmax'),
  logSoftmaxVjp: productWith('logSoftmax'),
  logSoftmaxJvp: productWith('logSoftmax'),
  logSumExpVjp: {
    ...ofLogits,
    inputs: (workload) => ({
      logits: logitsOf(workload),
      vector: logitsOf({ type: workload.type, dims: [workload.shape.outer] }, 2),
    }),
    // The factor of a single vector is a number.
    given: ({ logits, vector }) => [logits, vector.length === 1 ? vector[0] : vector],
  },
  softmaxBetaGradient: ofLogits,
  softmaxJacobian: jacobian,
  logSoftmaxJacobian: jacobian,
};
