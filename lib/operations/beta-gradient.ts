// What tells the derivative in beta apart from the other elementwise operations.
import type { ElementwiseOperation } from './elementwise';

export const betaGradientOperation: ElementwiseOperation = { ofOne: 0, compares: false, variant: undefined };
