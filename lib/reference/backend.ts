// The reference as a backend: what runs where no binary loads, and `softmax-native/reference`.
import type { Backend, Call, FloatArray, NonFinite, Operation, PromptKernel, Verdict } from '../types';
import { argmax, hardmax } from './argmax';
import { logSoftmaxJacobian, logSumExpVjp, softmaxBetaGradient, softmaxJacobian } from './derivatives';
import { logSoftmax } from './log-softmax';
import { logSumExp } from './log-sum-exp';
import { logSoftmaxJvp, logSoftmaxVjp, softmaxVjp } from './products';
import { softmax } from './softmax';

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

const now = <Of>(run: (call: Of) => Verdict): Operation<Of> => ({
  perform: (call, conclude) => conclude(run(call)),
});

const kernel = (run: (call: Call) => Verdict): PromptKernel => ({
  ...now(run),
  rows: (...rows) => void run(rowsCall(...rows)),
});

export const referenceBackend: Backend = {
  softmax: kernel(softmax),
  logSoftmax: kernel(logSoftmax),
  hardmax: kernel(hardmax),
  logSumExp: kernel(logSumExp),
  argmax: kernel(argmax),

  softmaxBetaGradient: kernel(softmaxBetaGradient),
  softmaxVjp: now(softmaxVjp),
  logSoftmaxVjp: now(logSoftmaxVjp),
  logSoftmaxJvp: now(logSoftmaxJvp),
  logSumExpVjp: now(logSumExpVjp),
  softmaxJacobian: now(softmaxJacobian),
  logSoftmaxJacobian: now(logSoftmaxJacobian),
};
