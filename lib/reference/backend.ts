// The reference as a backend: what runs where no binary loads, and `softmax-native/reference`.
import type { Backend, Call, FloatArray, NonFinite, Operation, PromptKernel, Verdict } from '../types';
import { adaptive, adaptiveCrossEntropy, adaptiveSample, adaptiveTopK, adaptiveTrain } from './adaptive';
import { argmax, hardmax } from './argmax';
import { attention, attentionVjp } from './attention';
import { candidateLoss } from './candidates';
import { crossEntropy } from './cross-entropy';
import { logSoftmaxJacobian, logSumExpVjp, softmaxBetaGradient, softmaxJacobian } from './derivatives';
import { diagnose } from './diagnose';
import { gumbelSoftmax, gumbelSoftmaxVjp } from './gumbel';
import { klDivergence } from './kl-divergence';
import { linear, linearSample, linearTopK, linearTrain } from './linear';
import { linearCrossEntropy } from './linear-cross-entropy';
import { logSoftmax } from './log-softmax';
import { logSumExp } from './log-sum-exp';
import { nllLoss } from './nll-loss';
import { logSoftmaxJvp, logSoftmaxVjp, softmaxVjp } from './products';
import { sample } from './sample';
import { softmax } from './softmax';
import { softmaxState, stateProbabilities } from './softmax-state';
import { trainOwnCandidates, trainSharedCandidates } from './train-candidates';
import { treeDistribution, treeLoss, treeSample, treeTopK, treeTrain } from './tree';

function rowsCall(
  logits: FloatArray,
  out: FloatArray | Int32Array,
  outer: number,
  n: number,
  beta: number,
  rule: NonFinite,
  variant: boolean,
): Call {
  return {
    logits,
    out,
    sign: undefined,
    outer,
    n,
    inner: 1,
    mask: undefined,
    maskStrides: undefined,
    weights: undefined,
    weightStrides: undefined,
    beta,
    rule,
    variant,
  };
}

function operation<Of>(run: (call: Of) => Verdict): Operation<Of> {
  return { perform: (call, conclude) => conclude(run(call)) };
}

const kernel = (run: (call: Call) => Verdict): PromptKernel => ({
  ...operation(run),
  rows: (...rows) => void run(rowsCall(...rows)),
});

export const referenceBackend: Backend = {
  softmax: kernel(softmax),
  logSoftmax: kernel(logSoftmax),
  hardmax: kernel(hardmax),
  logSumExp: kernel(logSumExp),
  argmax: kernel(argmax),
  diagnose: operation(diagnose),
  crossEntropy: operation(crossEntropy),
  nllLoss: operation(nllLoss),
  klDivergence: operation(klDivergence),
  linearCrossEntropy: operation(linearCrossEntropy),
  attention: operation(attention),
  attentionVjp: operation(attentionVjp),
  candidateLoss: operation(candidateLoss),
  trainSharedCandidates: operation(trainSharedCandidates),
  trainOwnCandidates: operation(trainOwnCandidates),
  linear: operation(linear),
  linearTopK: operation(linearTopK),
  linearSample: operation(linearSample),
  linearTrain: operation(linearTrain),
  adaptive: operation(adaptive),
  adaptiveTopK: operation(adaptiveTopK),
  adaptiveSample: operation(adaptiveSample),
  adaptiveCrossEntropy: operation(adaptiveCrossEntropy),
  adaptiveTrain: operation(adaptiveTrain),
  softmaxState: operation(softmaxState),
  stateProbabilities: operation(stateProbabilities),

  treeLoss: operation(treeLoss),
  treeDistribution: operation(treeDistribution),
  treeTopK: operation(treeTopK),
  treeSample: operation(treeSample),
  treeTrain: operation(treeTrain),

  sample: operation(sample),
  gumbelSoftmax: operation(gumbelSoftmax),
  gumbelSoftmaxVjp: operation(gumbelSoftmaxVjp),

  softmaxBetaGradient: kernel(softmaxBetaGradient),
  softmaxVjp: operation(softmaxVjp),
  logSoftmaxVjp: operation(logSoftmaxVjp),
  logSoftmaxJvp: operation(logSoftmaxJvp),
  logSumExpVjp: operation(logSumExpVjp),
  softmaxJacobian: operation(softmaxJacobian),
  logSoftmaxJacobian: operation(logSoftmaxJacobian),
};
