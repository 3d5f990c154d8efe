// The public names of softmax-native/promises: the same functions, options and checks, each giving a promise. What takes
// longer than handing it over runs on threads of the library, and the event loop is free meanwhile. The documentation is
// that of the plain names.
import { jobBackend } from './native/backend';
import { promised } from './native/promised';
import { argmaxOperation } from './operations/argmax';
import { diagnosis } from './operations/diagnose';
import { elementwise } from './operations/elementwise';
import { hardmaxOperation } from './operations/hardmax';
import { logSumExpOperation, smoothMaxOperation } from './operations/log-sum-exp';
import { reduction } from './operations/reduction';
import { logSoftmaxOperation, softmaxOperation } from './operations/softmax';
import type {
  ArgmaxPromise,
  DiagnosePromise,
  ElementwisePromise,
  HardmaxPromise,
  LogSumExpPromise,
  ReductionPromise,
} from './promise-types';

export type { PromiseOptions, Transferred } from './promise-types';

/** softmax off the event loop: see softmax of softmax-native. */
export const softmax: ElementwisePromise = promised(1, (logits: unknown, options?: object) =>
  elementwise(softmaxOperation, jobBackend.softmax, softmax, logits, options),
);

/** logSoftmax off the event loop: see logSoftmax of softmax-native. */
export const logSoftmax: ElementwisePromise = promised(1, (logits: unknown, options?: object) =>
  elementwise(logSoftmaxOperation, jobBackend.logSoftmax, logSoftmax, logits, options),
);

/** logSumExp off the event loop: see logSumExp of softmax-native. */
export const logSumExp: LogSumExpPromise = promised(1, (logits: unknown, options?: object) =>
  reduction(logSumExpOperation, jobBackend.logSumExp, logSumExp, logits, options),
);

/** smoothMax off the event loop: see smoothMax of softmax-native. */
export const smoothMax: ReductionPromise = promised(1, (logits: unknown, options?: object) =>
  reduction(smoothMaxOperation, jobBackend.logSumExp, smoothMax, logits, options),
);

/** argmax off the event loop: see argmax of softmax-native. */
export const argmax: ArgmaxPromise = promised(1, (logits: unknown, options?: object) =>
  reduction(argmaxOperation, jobBackend.argmax, argmax, logits, options),
);

/** hardmax off the event loop: see hardmax of softmax-native. */
export const hardmax: HardmaxPromise = promised(1, (logits: unknown, options?: object) =>
  elementwise(hardmaxOperation, jobBackend.hardmax, hardmax, logits, options),
);

/** diagnose off the event loop: see diagnose of softmax-native. */
export const diagnose: DiagnosePromise = promised(1, (logits: unknown, options?: object) =>
  diagnosis(jobBackend.diagnose, diagnose, logits, options),
);
