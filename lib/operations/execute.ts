// Gives a checked request to a backend.
import { nonFinite } from '../errors';
import { kindOf } from '../intrinsics';
import type { Kernel } from '../types';
import { arrange, fitsFloat32, type Request } from './arrange';

/** A public function, whose frames and all below it are hidden from the stacks of errors. */
export type Entry = (...args: never[]) => unknown;

export function execute(kernel: Kernel, request: Request): void {
  const { logits, out, layout, beta, rule, variant } = request;
  if (isWholeRows(request)) {
    kernel.rows(logits, out, layout.outer, layout.n, beta, rule, variant);
    return;
  }
  const { call, finish } = arrange(request);
  if (layout.outer * layout.inner === 0) return;
  const refused = kernel.run(call);
  if (refused >= 0) throw nonFinite(refused);
  finish();
}

/** Whether nothing has to be said but where the rows are. */
function isWholeRows({ logits, layout, mask, weights, sign, beta, rule }: Request): boolean {
  if (!layout.inPlace || layout.inner !== 1 || layout.outer * layout.n === 0) return false;
  if (mask !== undefined || weights !== undefined || sign !== undefined || rule === 'throw') return false;
  return kindOf(logits) === 'Float64Array' || fitsFloat32(beta);
}
