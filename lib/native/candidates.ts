// How the layers that learn from sampled classes are put to the binary: positions as in native/binding/candidates.cpp.
import type { CandidateCall, CandidateTraining, OwnTrainingCall, SharedTrainingCall } from '../candidate-calls';
import { type Description, numberOf } from './invoke';

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

const trainingNames = [
  'examples.table',
  '',
  '',
  'weight',
  'bias',
  'examples.rows',
  'examples.offsets',
  'targets',
  'logPartition',
  'options.contexts',
  'candidates',
  'candidates',
  'candidates',
];

const trained = [0, 3, 4, 8];

const TrainingChoice = { logistic: 1, withoutHits: 2, window: 4, correctsByCount: 8, correctsByOthers: 16 } as const;

const parametersOf = (call: CandidateTraining): unknown[] => [
  call.table,
  undefined,
  undefined,
  call.matrix,
  call.bias,
  call.rows,
  call.offsets,
  call.targets,
  call.logPartition,
  call.contexts,
];

const numbersOf = (call: CandidateTraining, choices: number): number[] => [
  call.depth,
  call.learningRate,
  call.tableLearningRate,
  call.batchSize,
  call.tableRows,
  call.rows.length,
  call.classes,
  call.logPartition === undefined ? 0 : call.logPartition.length,
  call.fixedLogPartition,
  choices + (call.logistic ? TrainingChoice.logistic : 0) + (call.withoutHits ? TrainingChoice.withoutHits : 0),
  call.threads,
];

function readLoss({ totals }: CandidateTraining): void {
  totals.loss = numberOf(0);
}

const workOf = ({ outer, n, depth }: CandidateTraining): number => outer * (n + 1) * (1 + depth / 8);

export const trainSharedCandidates: Description<SharedTrainingCall> = {
  name: 'trainSharedCandidates',
  describe: (call) => ({
    arrays: [...parametersOf(call), call.candidates, call.candidateCorrection, call.targetCorrection],
    names: trainingNames,
    updates: trained,
    numbers: [...numbersOf(call, 0), call.scoreGradientLimit],
    work: workOf(call),
  }),
  afterwards: readLoss,
};

export const trainOwnCandidates: Description<OwnTrainingCall> = {
  name: 'trainOwnCandidates',
  describe: (call) => ({
    arrays: [...parametersOf(call), call.thresholds, call.aliases, call.logCounts],
    names: trainingNames,
    updates: trained,
    numbers: [
      ...numbersOf(
        call,
        (call.window ? TrainingChoice.window : 0) +
          (call.corrects === 'count' ? TrainingChoice.correctsByCount : 0) +
          (call.corrects === 'negatives' ? TrainingChoice.correctsByOthers : 0),
      ),
      ...call.seed,
      call.thresholds.length,
    ],
    work: workOf(call),
  }),
  afterwards: readLoss,
};
