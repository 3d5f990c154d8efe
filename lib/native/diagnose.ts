// The diagnosis by the binary.
import type { DiagnoseCall, Operation } from '../types';
import type { AddonOperation } from './addon';
import { invoke } from './invoke';

const names = ['logits', 'out', 'options.mask'];

export function diagnoseOperation(operation: AddonOperation): Operation<DiagnoseCall> {
  return {
    run: (call) =>
      invoke(operation, call, {
        arrays: [call.logits, call.out, call.mask],
        names,
        numbers: [call.inFloat64 ? 1 : 0],
      }),
  };
}
