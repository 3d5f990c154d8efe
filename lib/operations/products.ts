// The way of products with the Jacobians of softmax and log-softmax from arguments to result, for either backend: a point
// and a direction of one shape and kind. Options are read first and lengths last.
import { atCallSite } from '../errors';
import { kindOf } from '../intrinsics';
import { layoutOf, sizeOf } from '../shape';
import type { Canonical, FloatArray, Floats, NonFinite, Operation, Options, ProductCall } from '../types';
import { validateAxes, validateOptions, validateRule, validateScale } from '../validate';
import {
  isFloats,
  measure,
  measureLength,
  measureStorage,
  rankOf,
  readAnyFloats,
  readAnyLike,
  readMask,
  readStorage,
  wrongLength,
} from './arguments';
import { Arrangement, allocateLike, fitsFloat32 } from './arrange';
import type { Entry } from './execute';
import { allocateOf } from './halves';
import { validateApart, validateApartOrSame } from './overlap';
import { tensorOf } from './results';
import { canonical, concluding } from './shared';

/** What the user calls the point and the direction. */
export type Names = readonly [point: string, direction: string];

interface ProductOptions extends Options {
  readonly out?: unknown;
}

const defaults: ProductOptions = {};

/** `entry` is the public function: errors are shown at its caller. */
export function product(
  names: Names,
  operation: Operation<ProductCall>,
  entry: Entry,
  point: unknown,
  direction: unknown,
  options: object = defaults,
): unknown {
  try {
    if (options !== defaults) validateOptions(options);
    const { axis, mask, nonFinite, beta, temperature, base, out } = options as ProductOptions;
    const rule = validateRule(nonFinite);
    const scale = validateScale(beta, temperature, base);
    const whole = axis === undefined && mask === undefined && rule !== 'throw' && fitsFloat32(scale);
    if (whole && isFloats(point) && isLike(direction, point) && (out === undefined || isLike(out, point))) {
      return vector(names, operation, point, direction, out, scale, rule);
    }
    return shaped(names, operation, point, direction, { axis, mask, out }, scale, rule);
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

const isLike = (value: unknown, array: FloatArray): value is FloatArray => kindOf(value) === kindOf(array);

/** One whole vector: no shape, no strides, no allocation but the result. */
function vector(
  [pointName, directionName]: Names,
  operation: Operation<ProductCall>,
  point: FloatArray,
  direction: FloatArray,
  given: FloatArray | undefined,
  beta: number,
  rule: NonFinite,
): unknown {
  const n = measureLength(pointName, point);
  validateLength(directionName, direction, n);
  if (given !== undefined) {
    validateLength('options.out', given, n);
    validateApartOrSame('options.out', given, pointName, point);
    validateApartOrSame('options.out', given, directionName, direction);
  }
  const out = given ?? allocateLike(kindOf(point) as string, n);
  if (n === 0) return out;
  const row = { outer: 1, n, inner: 1, mask: undefined, maskStrides: undefined, beta, rule };
  return operation.perform(productCall(row, point, direction, out), () => out);
}

/** Property by property: V8 takes microseconds to spread an object and to add to it. */
export function productCall(call: Canonical, point: FloatArray, direction: FloatArray, out: FloatArray): ProductCall {
  const { outer, n, inner, mask, maskStrides, beta, rule } = call;
  return { outer, n, inner, mask, maskStrides, beta, rule, point, direction, out };
}

function validateLength(name: string, array: FloatArray, n: number): void {
  const length = measureLength(name, array);
  if (length !== n) throw wrongLength(name, [n], length);
}

/** Any shape, axes, mask and storage. */
function shaped(
  names: Names,
  operation: Operation<ProductCall>,
  givenPoint: unknown,
  givenDirection: unknown,
  options: ProductOptions,
  beta: number,
  rule: NonFinite,
): unknown {
  const point = readAnyFloats(names[0], givenPoint);
  const direction = readAnyLike(names[1], givenDirection, point.kind);
  const mask = options.mask === undefined ? undefined : readMask('options.mask', options.mask);
  const storage = options.out === undefined ? undefined : readStorage<Floats>('options.out', options.out, point.kind);

  const axes = validateAxes(options.axis, rankOf(point), false);
  const dims = measure(point);
  measureStorage(direction, dims);
  const layout = layoutOf(dims, axes);
  if (storage !== undefined) {
    measureStorage(storage, dims);
    for (const input of [point, direction]) {
      validateApartOrSame('options.out', storage.data, input.name, input.data);
    }
    if (mask !== undefined) validateApart('options.out', storage.data, 'options.mask', mask.data);
  }
  const arrangement = new Arrangement(dims, layout, point.kind, beta);
  const call = canonical({ axis: options.axis, mask, rule, beta }, layout, arrangement);
  const out = storage === undefined ? allocateOf(point.kind, sizeOf(dims)) : storage.data;
  const result = (): unknown => {
    if (storage !== undefined) return options.out;
    return point.dims === undefined ? out : tensorOf(out, dims, point.kind);
  };
  if (layout.outer * layout.inner === 0) return result();
  const [x, y] = [arrangement.input(point), arrangement.input(direction)];
  return operation.perform(productCall(call, x, y, arrangement.elements(out)), concluding(arrangement, result, names));
}
