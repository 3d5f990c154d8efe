// The reference as a backend: what runs where no binary loads, and `softmax-native/reference`.
import type { Backend, Call, FloatArray, Kernel, NonFinite, Verdict } from '../types';
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

const kernel = (run: (call: Call) => Verdict): Kernel => ({ run, rows: (...rows) => void run(rowsCall(...rows)) });

export const referenceBackend: Backend = {
  softmax: kernel(softmax),
  logSoftmax: kernel(logSoftmax),
  hardmax: kernel(hardmax),
  logSumExp: kernel(logSumExp),
  argmax: kernel(argmax),

  softmaxBetaGradient: kernel(softmaxBetaGradient),
  softmaxVjp: { run: softmaxVjp },
  logSoftmaxVjp: { run: logSoftmaxVjp },
  logSoftmaxJvp: { run: logSoftmaxJvp },
  logSumExpVjp: { run: logSumExpVjp },
  softmaxJacobian: { run: softmaxJacobian },
  logSoftmaxJacobian: { run: logSoftmaxJacobian },
};
