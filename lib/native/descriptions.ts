// How each operation is put to the binary: which array stands at which position of its binding row, its numbers and flags.
import { lengthOf } from '../intrinsics';
import type { Call, DiagnoseCall, FloatArray, OperationName, ProductCall } from '../types';
import { attention, attentionVjp } from './attention';
import { candidateLoss, trainOwnCandidates, trainSharedCandidates } from './candidates';
import { Flag } from './frame';
import type { Description } from './invoke';
import { divergence, linearLoss, loss } from './losses';
import { gumbelSoftmax, gumbelSoftmaxVjp, sample } from './tokens';
import { treeDistribution, treeLoss, treeSample, treeTopK, treeTrain } from './trees';

const names = ['logits', 'options.out', 'options.mask', 'options.weights', 'sign'];

/** `variantFlag` is what Call.variant means to the binary. */
function familyMember(name: OperationName, variantFlag = 0): Description<Call> {
  return {
    name,
    describe: ({ logits, out, mask, weights, sign, weightStrides, variant }) => ({
      arrays: [logits, out, mask, weights, weights && sign],
      names,
      results: [4],
      flags: variant ? variantFlag : 0,
      weightStrides,
    }),
    afterwards: ({ out, sign, weights }) => {
      if (sign !== undefined && weights === undefined) writeSigns(out, sign);
    },
  };
}

/** Without weights a sum of exponentials is positive, or nothing at all. */
function writeSigns(values: FloatArray | Int32Array, sign: FloatArray): void {
  const rows = lengthOf(sign);
  for (let row = 0; row < rows; row += 1) {
    const value = values[row] as number;
    sign[row] = value === -Infinity ? 0 : value === value ? 1 : NaN;
  }
}

const diagnosis: Description<DiagnoseCall> = {
  name: 'diagnose',
  describe: ({ logits, out, mask, inFloat64, outer, n, inner }) => ({
    arrays: [logits, out, mask],
    names,
    numbers: [inFloat64 ? 1 : 0],
    // Some eight times as long as the others.
    work: 8 * outer * n * inner,
  }),
};
/** `point` and `direction` are what the user calls them. */
function product(name: OperationName, point: string, direction: string): Description<ProductCall> {
  const productNames = [point, 'options.out', 'options.mask', direction];
  return {
    name,
    describe: (call) => ({ arrays: [call.point, call.out, call.mask, call.direction], names: productNames }),
  };
}

/** A matrix for each row. */
function matrices(name: OperationName): Description<Call> {
  return {
    name,
    describe: ({ logits, out, mask, outer, n, inner }) => ({
      arrays: [logits, out, mask],
      names,
      work: outer * n * n * inner,
    }),
  };
}

export const descriptions = {
  softmax: familyMember('softmax'),
  logSoftmax: familyMember('logSoftmax'),
  hardmax: familyMember('hardmax', Flag.splitTies),
  logSumExp: familyMember('logSumExp', Flag.overBeta),
  argmax: familyMember('argmax'),
  diagnose: diagnosis,
  crossEntropy: loss('crossEntropy', 'logits'),
  nllLoss: loss('nllLoss', 'logProbabilities'),
  klDivergence: divergence,
  linearCrossEntropy: linearLoss,
  attention,
  attentionVjp,
  candidateLoss,
  trainSharedCandidates,
  trainOwnCandidates,

  treeLoss,
  treeDistribution,
  treeTopK,
  treeSample,
  treeTrain,

  sample,
  gumbelSoftmax,
  gumbelSoftmaxVjp,

  softmaxBetaGradient: familyMember('softmaxBetaGradient'),
  softmaxVjp: product('softmaxVjp', 'p', 'g'),
  logSoftmaxVjp: product('logSoftmaxVjp', 'logP', 'g'),
  logSoftmaxJvp: product('logSoftmaxJvp', 'logP', 't'),
  logSumExpVjp: product('logSumExpVjp', 'logits', 'g'),
  softmaxJacobian: matrices('softmaxJacobian'),
  logSoftmaxJacobian: matrices('logSoftmaxJacobian'),
};
