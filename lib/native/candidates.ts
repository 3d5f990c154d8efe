// How the layers that learn from sampled classes are put to the binary: positions as in native/binding/candidates.cpp.
import type { CandidateCall } from '../candidate-types';
import type { Description } from './invoke';

const Choice = { logistic: 1, withoutHits: 2, own: 4 } as const;

const lossNames = [
  'hidden',
  'losses',
  'hiddenGradient',
  'weight',
  'bias',
  'ids',
  'targets',
  'options.candidates.ids',
  'options.candidates.targetLogExpectedCount',
  'options.candidates.logExpectedCount',
  'logPartition',
  'weightGradient',
  'biasGradient',
  'reports',
];

const lossResults = [2, 11, 12, 13];

export const candidateLoss: Description<CandidateCall> = {
  name: 'candidateLoss',
  describe: (call) => ({
    arrays: [
      call.hidden,
      call.losses,
      call.hiddenGradient,
      call.matrix,
      call.bias,
      call.ids,
      call.targets,
      call.candidates,
      call.targetCorrection,
      call.candidateCorrection,
      call.logPartition,
      call.matrixGradient,
      call.biasGradient,
      call.reports,
    ],
    names: lossNames,
    results: lossResults,
    numbers: [
      call.depth,
      call.classes,
      call.ids.length,
      call.several,
      (call.logistic ? Choice.logistic : 0) +
        (call.withoutHits ? Choice.withoutHits : 0) +
        (call.ownCandidates ? Choice.own : 0),
      call.factor,
    ],
    work: call.outer * (call.n + call.several) * (1 + call.depth / 8),
  }),
};
