// How the losses are put to the binary: positions as in native/binding/losses.hpp.
import { referenceBackend } from '../reference/backend';
import type { DivergenceCall, LinearLossCall, LossCall, Reduction } from '../types';
import { type Description, numberOf } from './invoke';

const codeOfReduction: Readonly<Record<Reduction, number>> = { mean: 0, sum: 1, none: 2 };

/** `input` is what the function calls its first argument. */
export function loss(name: 'crossEntropy' | 'nllLoss', input: string): Description<LossCall> {
  const names = [
    input,
    'logSumExp',
    'options.mask',
    'loss',
    'target',
    'target',
    'options.weight',
    'options.gradient',
    'options.targetGradient',
  ];
  const results = [3, 7, 8];
  return {
    name,
    describe: (call) => ({
      arrays: [
        call.logits,
        call.logSumExp,
        call.mask,
        call.losses,
        call.classes,
        call.probabilities,
        call.weight,
        call.gradient,
        call.targetGradient,
      ],
      names,
      results,
      numbers: numbersOf(call),
    }),
    afterwards: readTotals,
    instead: ({ outer, n, inner }) => (outer * n * inner === 0 ? referenceBackend[name] : undefined),
  };
}

type Settings = Pick<LossCall, 'reduction' | 'smoothing' | 'overOthers' | 'zLoss' | 'softcap' | 'ignored' | 'totals'>;

/** `depth` is the linear layer's. */
const numbersOf = (call: Settings, depth = 0): number[] => [
  codeOfReduction[call.reduction],
  call.smoothing,
  call.overOthers ? 1 : 0,
  call.zLoss,
  call.softcap,
  call.ignored,
  depth,
];

function readTotals({ totals }: Settings): void {
  totals.loss = numberOf(0);
  totals.totalWeight = numberOf(1);
}

const linearNames = [
  'hidden',
  'logSumExp',
  'options.mask',
  'loss',
  'target',
  'target',
  'options.weight',
  'weight',
  'options.bias',
  'options.gradient.hidden',
  'options.gradient.weight',
  'options.gradient.bias',
];

const linearResults = [3, 9, 10, 11];

export const linearLoss: Description<LinearLossCall> = {
  name: 'linearCrossEntropy',
  describe: (call) => ({
    arrays: [
      call.hidden,
      call.logSumExp,
      call.mask,
      call.losses,
      call.classes,
      call.probabilities,
      call.weight,
      call.matrix,
      call.bias,
      call.hiddenGradient,
      call.matrixGradient,
      call.biasGradient,
    ],
    names: linearNames,
    results: linearResults,
    numbers: numbersOf(call, call.depth),
    work: call.outer * call.n * (1 + call.depth / 16),
  }),
  afterwards: readTotals,
  instead: ({ outer, n }) => (outer * n === 0 ? referenceBackend.linearCrossEntropy : undefined),
};

const divergenceNames = ['logits', 'options.out', 'options.mask', 'otherLogits'];

export const divergence: Description<DivergenceCall> = {
  name: 'klDivergence',
  describe: ({ logits, out, mask, otherLogits }) => ({
    arrays: [logits, out, mask, otherLogits],
    names: divergenceNames,
  }),
  instead: ({ outer, n, inner }) => (outer * n * inner === 0 ? referenceBackend.klDivergence : undefined),
};
