// What tells log-sum-exp and the smooth maximum apart from the other reductions.
import type { ReductionOperation } from './reduction';

export const logSumExpOperation: ReductionOperation = {
  isIndex: false,
  variant: false,
  isWeighted: true,
  ofOne: (logit, beta) => (beta === 1 ? logit + 0 : undefined),
};

export const smoothMaxOperation: ReductionOperation = {
  isIndex: false,
  variant: true,
  isWeighted: false,
  ofOne: (logit) => logit + 0,
};
