// The reference as a backend: what runs where no binary loads, and `softmax-native/reference`.
import type { Backend, Call, FloatArray, Kernel, NonFinite, Verdict } from '../types';
import { argmax, hardmax } from './argmax';
import { crossEntropy } from './cross-entropy';
import { diagnose } from './diagnose';
import { klDivergence } from './kl-divergence';
import { linearCrossEntropy } from './linear-cross-entropy';
import { logSoftmax } from './log-softmax';
import { logSumExp } from './log-sum-exp';
import { nllLoss } from './nll-loss';
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
  diagnose: { run: diagnose },
  crossEntropy: { run: crossEntropy },
  nllLoss: { run: nllLoss },
  klDivergence: { run: klDivergence },
  linearCrossEntropy: { run: linearCrossEntropy },
};
