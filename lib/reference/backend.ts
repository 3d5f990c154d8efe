// The reference as a backend: what runs where no binary loads, and `softmax-native/reference`.
import type { Backend, Call, FloatArray, NonFinite, PromptKernel, Verdict } from '../types';
import { argmax, hardmax } from './argmax';
import { diagnose } from './diagnose';
import { logSoftmax } from './log-softmax';
import { logSumExp } from './log-sum-exp';
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

const kernel = (run: (call: Call) => Verdict): PromptKernel => ({
  perform: (call, conclude) => conclude(run(call)),
  rows: (...rows) => void run(rowsCall(...rows)),
});

export const referenceBackend: Backend = {
  softmax: kernel(softmax),
  logSoftmax: kernel(logSoftmax),
  hardmax: kernel(hardmax),
  logSumExp: kernel(logSumExp),
  argmax: kernel(argmax),
  diagnose: { perform: (call, conclude) => conclude(diagnose(call)) },
};
