// The way of klDivergence from arguments to result, for either backend.
import { atCallSite, printShape, shapeMismatch } from '../errors';
import { layoutOf, reducedDims, sizeOf } from '../shape';
import type { DivergenceCall, FloatArray, Operation } from '../types';
import { validateAxes, validateFlag } from '../validate';
import { measure, measureStorage, rankOf, readAnyFloats, readLogits, readStorage } from './arguments';
import { Arrangement, allocateLike } from './arrange';
import type { Entry } from './execute';
import { widenedKind } from './halves';
import { validateApart } from './overlap';
import { tensorOf } from './results';
import { canonical, concluding, readShared } from './shared';

export function divergence(
  backend: Operation<DivergenceCall>,
  entry: Entry,
  given: unknown,
  givenOther: unknown,
  options: object = {},
): unknown {
  try {
    const shared = readShared(options);
    const { keepDims, out } = options as { keepDims?: unknown; out?: unknown };
    const keep = validateFlag('options.keepDims', keepDims);
    const logits = readLogits(given);
    const kind = widenedKind(logits.kind);
    const other = readAnyFloats('otherLogits', givenOther);
    const storage = out === undefined ? undefined : readStorage<FloatArray>('options.out', out, kind);
    const axes = validateAxes(shared.axis, rankOf(logits), false);
    const dims = measure(logits);
    const found = measure(other);
    const layout = layoutOf(dims, axes);
    if (found.length !== dims.length || found.some((dim, axis) => dim !== dims[axis])) {
      throw shapeMismatch(other.name, `have shape ${printShape(dims)}`, `shape ${printShape(found)}`);
    }
    const kept = reducedDims(dims, layout.reduced, keep);
    if (storage !== undefined) {
      measureStorage(storage, kept);
      for (const input of [logits, other, ...(shared.mask === undefined ? [] : [shared.mask])]) {
        validateApart('options.out', storage.data, input.name, input.data);
      }
    }
    const result = storage === undefined ? allocateLike(kind, sizeOf(kept)) : storage.data;
    const arrangement = new Arrangement(dims, layout, logits.kind, shared.beta);
    const { outer, n, inner, mask, maskStrides, beta, rule } = canonical(shared, layout, arrangement);
    const [x, y] = [arrangement.input(logits), arrangement.input(other)];
    const rows = arrangement.rows(result);
    const call = { outer, n, inner, mask, maskStrides, beta, rule, logits: x, otherLogits: y, out: rows };
    return backend.perform(
      call,
      concluding(arrangement, () => {
        if (logits.dims === undefined) return result[0];
        return storage === undefined ? tensorOf(result, kept) : out;
      }),
    );
  } catch (error) {
    throw atCallSite(error, entry);
  }
}
