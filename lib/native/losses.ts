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
  return {
    name,
    describe: ({ logits, logSumExp, mask, losses, classes, probabilities, weight, ...call }) => ({
      arrays: [logits, logSumExp, mask, losses, classes, probabilities, weight, call.gradient, call.targetGradient],
      names,
      results: [3, 7, 8],
      numbers: numbersOf(call),
    }),
    afterwards: readTotals,
    instead: ({ outer, n, inner }) => (outer * n * inner === 0 ? referenceBackend[name] : undefined),
  };
}

type Settings = Pick<LossCall, 'reduction' | 'smoothing' | 'overOthers' | 'zLoss' | 'softcap' | 'ignored' | 'totals'>;

const numbersOf = (call: Settings): number[] => [
  codeOfReduction[call.reduction],
  call.smoothing,
  call.overOthers ? 1 : 0,
  call.zLoss,
  call.softcap,
  call.ignored,
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

export const linearLoss: Description<LinearLossCall> = {
  name: 'linearCrossEntropy',
  describe: ({ hidden, logSumExp, mask, losses, classes, probabilities, weight, matrix, bias, ...call }) => ({
    arrays: [
      hidden,
      logSumExp,
      mask,
      losses,
      classes,
      probabilities,
      weight,
      matrix,
      bias,
      call.hiddenGradient,
      call.matrixGradient,
      call.biasGradient,
    ],
    names: linearNames,
    results: [3, 9, 10, 11],
    numbers: [...numbersOf(call), call.depth],
    work: call.outer * call.n * (1 + call.depth / 16),
  }),
  afterwards: readTotals,
  instead: ({ outer, n }) => (outer * n === 0 ? referenceBackend.linearCrossEntropy : undefined),
};

export const divergence: Description<DivergenceCall> = {
  name: 'klDivergence',
  describe: ({ logits, out, mask, otherLogits }) => ({
    arrays: [logits, out, mask, otherLogits],
    names: ['logits', 'options.out', 'options.mask', 'otherLogits'],
  }),
  instead: ({ outer, n, inner }) => (outer * n * inner === 0 ? referenceBackend.klDivergence : undefined),
};
