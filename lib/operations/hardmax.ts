// What tells hardmax apart from the other elementwise operations.
import { validateTies } from '../validate';
import type { ElementwiseOperation } from './elementwise';

export const hardmaxOperation: ElementwiseOperation = {
  ofOne: 1,
  compares: true,
  variant: (options) => validateTies((options as { ties?: unknown }).ties),
};
