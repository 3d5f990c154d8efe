// The way of dense Jacobians from arguments to result, for either backend: a matrix for each row.
import { atCallSite } from '../errors';
import { layoutOf, reducedDims, sizeOf } from '../shape';
import type { Call, Floats, Operation } from '../types';
import { validateAxes } from '../validate';
import { measure, measureStorage, rankOf, readLogits, readStorage } from './arguments';
import { Arrangement } from './arrange';
import type { Entry } from './execute';
import { allocateOf } from './halves';
import { validateApart } from './overlap';
import { tensorOf } from './results';
import { canonical, concluding, readShared } from './shared';

/** `entry` is the public function: errors are shown at its caller. */
export function jacobian(operation: Operation<Call>, entry: Entry, given: unknown, options: object = {}): unknown {
  try {
    const shared = readShared(options);
    const { out: givenOut } = options as { out?: unknown };
    const logits = readLogits(given);
    const storage = givenOut === undefined ? undefined : readStorage<Floats>('options.out', givenOut, logits.kind);

    const axes = validateAxes(shared.axis, rankOf(logits), true);
    const dims = measure(logits);
    const layout = layoutOf(dims, axes);
    const resultDims = [...reducedDims(dims, axes, false), layout.n, layout.n];
    if (storage !== undefined) {
      measureStorage(storage, resultDims);
      validateApart('options.out', storage.data, 'logits', logits.data);
      if (shared.mask !== undefined) validateApart('options.out', storage.data, 'options.mask', shared.mask.data);
    }
    const arrangement = new Arrangement(dims, layout, logits.kind, shared.beta);
    const { outer, n, inner, mask, maskStrides, beta, rule } = canonical(shared, layout, arrangement);
    const out = storage === undefined ? allocateOf(logits.kind, sizeOf(resultDims)) : storage.data;
    const result = (): unknown => (storage === undefined ? tensorOf(out, resultDims, logits.kind) : givenOut);
    if (outer * inner === 0) return result();
    const request: Call = {
      outer,
      n,
      inner,
      mask,
      maskStrides,
      beta,
      rule,
      logits: arrangement.input(logits),
      out: arrangement.rows(out),
      sign: undefined,
      weights: undefined,
      weightStrides: undefined,
      variant: false,
    };
    return operation.perform(request, concluding(arrangement, result));
  } catch (error) {
    throw atCallSite(error, entry);
  }
}
