// The losses of the binary: calls in canonical form, positions as in native/binding/losses.hpp.
import type { DivergenceCall, LossCall, Operation, Reduction } from '../types';
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
        numbers: [
          codeOfReduction[call.reduction],
          call.smoothing,
          call.overOthers ? 1 : 0,
          call.zLoss,
          call.softcap,
          call.ignored,
        ],
      });
      if (verdict < 0) {
        call.totals.loss = numberOf(0);
        call.totals.totalWeight = numberOf(1);
      }
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
