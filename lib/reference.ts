// The public names of softmax-native/reference: the same functions, options, checks and types, computed by the readable
// float64 formulas of lib/reference. The oracle of every differential test. The documentation is that of the plain names.
import type * as library from './index';
import { argmaxOperation } from './operations/argmax';
import { diagnosis } from './operations/diagnose';
import { divergence } from './operations/divergence';
import { elementwise } from './operations/elementwise';
import { hardmaxOperation } from './operations/hardmax';
import { linearLoss } from './operations/linear-cross-entropy';
import { logSumExpOperation, smoothMaxOperation } from './operations/log-sum-exp';
import { loss } from './operations/loss';
import { reduction } from './operations/reduction';
import { logSoftmaxOperation, softmaxOperation } from './operations/softmax';
import { referenceBackend } from './reference/backend';

/** softmax in float64 TypeScript: see softmax of softmax-native. */
export const softmax: typeof library.softmax = (logits, options) =>
  elementwise(softmaxOperation, referenceBackend.softmax, softmax, logits, options) as never;

/** logSoftmax in float64 TypeScript: see logSoftmax of softmax-native. */
export const logSoftmax: typeof library.logSoftmax = (logits, options) =>
  elementwise(logSoftmaxOperation, referenceBackend.logSoftmax, logSoftmax, logits, options) as never;

/** logSumExp in float64 TypeScript: see logSumExp of softmax-native. */
export const logSumExp: typeof library.logSumExp = (logits: unknown, options?: object) =>
  reduction(logSumExpOperation, referenceBackend.logSumExp, logSumExp, logits, options) as never;

/** smoothMax in float64 TypeScript: see smoothMax of softmax-native. */
export const smoothMax: typeof library.smoothMax = (logits, options) =>
  reduction(smoothMaxOperation, referenceBackend.logSumExp, smoothMax, logits, options) as never;

/** argmax in float64 TypeScript: see argmax of softmax-native. */
export const argmax: typeof library.argmax = (logits, options) =>
  reduction(argmaxOperation, referenceBackend.argmax, argmax, logits, options) as never;

/** hardmax in float64 TypeScript: see hardmax of softmax-native. */
export const hardmax: typeof library.hardmax = (logits, options) =>
  elementwise(hardmaxOperation, referenceBackend.hardmax, hardmax, logits, options) as never;

/** diagnose in float64 TypeScript: see diagnose of softmax-native. */
export const diagnose: typeof library.diagnose = (logits: unknown, options?: object) =>
  diagnosis(referenceBackend.diagnose, diagnose, logits, options) as never;
/** crossEntropy in float64 TypeScript: see crossEntropy of softmax-native. */
export const crossEntropy: typeof library.crossEntropy = (logits, target, options) =>
  loss(
    { input: 'logits', normalizes: true },
    referenceBackend.crossEntropy,
    crossEntropy,
    logits,
    target,
    options,
  ) as never;

/** nllLoss in float64 TypeScript: see nllLoss of softmax-native. */
export const nllLoss: typeof library.nllLoss = (logits, target, options) =>
  loss(
    { input: 'logProbabilities', normalizes: false },
    referenceBackend.nllLoss,
    nllLoss,
    logits,
    target,
    options,
  ) as never;

/** klDivergence in float64 TypeScript: see klDivergence of softmax-native. */
export const klDivergence: typeof library.klDivergence = (logits, otherLogits, options) =>
  divergence(referenceBackend.klDivergence, klDivergence, logits, otherLogits, options) as never;

/** linearCrossEntropy in float64 TypeScript: see linearCrossEntropy of softmax-native. */
export const linearCrossEntropy: typeof library.linearCrossEntropy = (hidden, weight, target, options) =>
  linearLoss(referenceBackend.linearCrossEntropy, linearCrossEntropy, hidden, weight, target, options) as never;
