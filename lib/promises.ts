// The public names of softmax-native/promises: the same functions, options and checks, each giving a promise. What takes
// longer than handing it over runs on threads of the library, and the event loop is free meanwhile. The documentation is
// that of the plain names.
import type * as library from './index';
import { jobBackend } from './native/backend';
import { promised } from './native/promised';
import { argmaxOperation } from './operations/argmax';
import { elementwise } from './operations/elementwise';
import { hardmaxOperation } from './operations/hardmax';
import { logSumExpOperation, smoothMaxOperation } from './operations/log-sum-exp';
import { reduction } from './operations/reduction';
import { logSoftmaxOperation, softmaxOperation } from './operations/softmax';

/** Options that every function here has besides its own. */
export interface PromiseOptions {
  /** Gives the call up: at most 50 ms later the promise is rejected with an AbortError, and `out` is as it was. */
  signal?: AbortSignal | undefined;
  /**
   * Moves the arrays to the library instead of copying them, and gives them back at the end: the promise is then of
   * { result, transferred }, the arrays in the order in which they stand in the call; an error has `transferred` too. Shared and
   * resizable memory cannot be moved and is copied.
   */
  transfer?: boolean | undefined;
}

/** A promise of the result, and of the arrays that were given away. */
export interface Transferred<Result> {
  readonly result: Result;
  readonly transferred: readonly unknown[];
}

/** softmax off the event loop: see softmax of softmax-native. */
export const softmax = promised(1, (logits: unknown, options?: object) =>
  elementwise(softmaxOperation, jobBackend.softmax, softmax, logits, options),
);

/** logSoftmax off the event loop: see logSoftmax of softmax-native. */
export const logSoftmax = promised(1, (logits: unknown, options?: object) =>
  elementwise(logSoftmaxOperation, jobBackend.logSoftmax, logSoftmax, logits, options),
);

/** logSumExp off the event loop: see logSumExp of softmax-native. */
export const logSumExp = promised(1, (logits: unknown, options?: object) =>
  reduction(logSumExpOperation, jobBackend.logSumExp, logSumExp, logits, options),
);

/** smoothMax off the event loop: see smoothMax of softmax-native. */
export const smoothMax = promised(1, (logits: unknown, options?: object) =>
  reduction(smoothMaxOperation, jobBackend.logSumExp, smoothMax, logits, options),
);

/** argmax off the event loop: see argmax of softmax-native. */
export const argmax = promised(1, (logits: unknown, options?: object) =>
  reduction(argmaxOperation, jobBackend.argmax, argmax, logits, options),
);

/** hardmax off the event loop: see hardmax of softmax-native. */
export const hardmax = promised(1, (logits: unknown, options?: object) =>
  elementwise(hardmaxOperation, jobBackend.hardmax, hardmax, logits, options),
);
