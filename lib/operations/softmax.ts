// What tells softmax and its logarithm apart from the other elementwise operations.
import type { ElementwiseOperation } from './elementwise';

export const softmaxOperation: ElementwiseOperation = { ofOne: 1, compares: false, variant: undefined };

export const logSoftmaxOperation: ElementwiseOperation = { ofOne: 0, compares: false, variant: undefined };
