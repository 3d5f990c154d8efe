// The losses of the binary: calls in canonical form, positions as in native/binding/losses.hpp.
import type { DivergenceCall, LinearLossCall, LossCall, Operation, Reduction } from '../types';
import type { AddonOperation } from './addon';
import { invoke, numberOf } from './invoke';

const codeOfReduction: Readonly<Record<Reduction, number>> = { mean: 0, sum: 1, none: 2 };

/** `ofNothing` computes what has no elements. */
export function nativeLoss(
  operation: AddonOperation,
  input: string,
  ofNothing: Operation<LossCall>,
): Operation<LossCall> {
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
    run(call) {
      if (call.logits.length === 0) return ofNothing.run(call);
      const { logits, logSumExp, mask, losses, classes, probabilities, weight, gradient, targetGradient } = call;
      const verdict = invoke(operation, call, {
        arrays: [logits, logSumExp, mask, losses, classes, probabilities, weight, gradient, targetGradient],
        names,
        numbers: numbersOf(call),
      });
      if (verdict < 0) readTotals(call);
      return verdict;
    },
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

export function nativeLinearLoss(
  operation: AddonOperation,
  ofNothing: Operation<LinearLossCall>,
): Operation<LinearLossCall> {
  const names = [
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
  return {
    run(call) {
      if (call.outer * call.n === 0) return ofNothing.run(call);
      const { hidden, logSumExp, mask, losses, classes, probabilities, weight, matrix, bias } = call;
      const gradients = [call.hiddenGradient, call.matrixGradient, call.biasGradient];
      const verdict = invoke(operation, call, {
        arrays: [hidden, logSumExp, mask, losses, classes, probabilities, weight, matrix, bias, ...gradients],
        names,
        numbers: [...numbersOf(call), call.depth],
      });
      if (verdict < 0) readTotals(call);
      return verdict;
    },
  };
}

export function nativeDivergence(
  operation: AddonOperation,
  ofNothing: Operation<DivergenceCall>,
): Operation<DivergenceCall> {
  const names = ['logits', 'options.out', 'options.mask', 'otherLogits'];
  return {
    run(call) {
      if (call.logits.length === 0) return ofNothing.run(call);
      return invoke(operation, call, { arrays: [call.logits, call.out, call.mask, call.otherLogits], names });
    },
  };
}
