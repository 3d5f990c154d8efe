// The way of the gradient of log-sum-exp from arguments to result, for either backend: one number for each row goes in,
// and the shape of the logits comes out.
import { atCallSite, invalidType, printShape, shapeMismatch } from '../errors';
import { layoutOf, reducedDims, sizeOf } from '../shape';
import type { FloatArray, Floats, Operation, ProductCall } from '../types';
import { validateAxes } from '../validate';
import {
  type Given,
  measure,
  measureStorage,
  rankOf,
  readLike,
  readLogits,
  readStorage,
  wrongLength,
} from './arguments';
import { Arrangement, allocateLike } from './arrange';
import type { Entry } from './execute';
import { allocateOf, widenedKind } from './halves';
import { validateApart, validateApartOrSame } from './overlap';
import { productCall } from './products';
import { tensorOf } from './results';
import { canonical, concluding, readShared } from './shared';

/** `entry` is the public function: errors are shown at its caller. */
export function logSumExpGradient(
  operation: Operation<ProductCall>,
  entry: Entry,
  givenLogits: unknown,
  givenDirection: unknown,
  options: object = {},
): unknown {
  try {
    const shared = readShared(options);
    const { out: givenOut } = options as { out?: unknown };
    const logits = readLogits(givenLogits);
    const direction = readDirection(givenDirection, logits);
    const storage = givenOut === undefined ? undefined : readStorage<Floats>('options.out', givenOut, logits.kind);

    const axes = validateAxes(shared.axis, rankOf(logits), false);
    const dims = measure(logits);
    const layout = layoutOf(dims, axes);
    measureDirection(direction, dims, axes);
    if (storage !== undefined) {
      measureStorage(storage, dims);
      validateApartOrSame('options.out', storage.data, 'logits', logits.data);
      validateApart('options.out', storage.data, 'g', direction.data);
      if (shared.mask !== undefined) validateApart('options.out', storage.data, 'options.mask', shared.mask.data);
    }
    const arrangement = new Arrangement(dims, layout, logits.kind, shared.beta);
    const call = canonical(shared, layout, arrangement);
    const out = storage === undefined ? allocateOf(logits.kind, sizeOf(dims)) : storage.data;
    const result = (): unknown => {
      if (storage !== undefined) return givenOut;
      return logits.dims === undefined ? out : tensorOf(out, dims, logits.kind);
    };
    if (layout.outer * layout.inner === 0) return result();
    const [point, g] = [arrangement.input(logits), arrangement.converted(direction)];
    return operation.perform(
      productCall(call, point, g, arrangement.elements(out)),
      concluding(arrangement, result, ['logits', 'g']),
    );
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

/** A number, for one vector, or one for each row. */
function readDirection(value: unknown, logits: Given<Floats>): Given<FloatArray> {
  const kind = widenedKind(logits.kind);
  if (typeof value !== 'number') return readLike('g', value, kind);
  if (logits.dims !== undefined) throw invalidType('g', `an instance of ${kind} or Array, or a tensor`, value);
  const data = allocateLike(kind, 1);
  data[0] = value;
  return { name: 'g', data, kind, dims: undefined };
}

/** The shape is that of log-sum-exp's result, with the axes left out or kept as 1. */
function measureDirection(direction: Given<FloatArray>, dims: readonly number[], axes: readonly number[]): void {
  const found = measure(direction);
  const rows = reducedDims(dims, axes, false);
  if (direction.dims === undefined) {
    if (found[0] !== sizeOf(rows)) throw wrongLength('g', rows, found[0] as number);
  } else if (![rows, reducedDims(dims, axes, true)].some((shape) => String(shape) === String(found))) {
    throw shapeMismatch('g', `have shape ${printShape(rows)}`, `shape ${printShape(found)}`);
  }
}
