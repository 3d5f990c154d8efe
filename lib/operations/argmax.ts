// What tells arg max apart from the other reductions.
import type { ReductionOperation } from './reduction';

export const argmaxOperation: ReductionOperation = {
  isIndex: true,
  variant: false,
  isWeighted: false,
  ofOne: () => 0,
};
