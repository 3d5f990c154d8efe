// The way of the Gumbel-softmax and its derivative from arguments to result, for either backend. All arrays are handed
// over at once, the noise being added where the rest is computed: a promise is one job.
import { atCallSite, invalidType, outOfRange } from '../errors';
import { Float64Array } from '../intrinsics';
import { measure, measureStorage, readLike, readMask, readStorage } from '../operations/arguments';
import { Arrangement, allocateLike, fitsFloat32 } from '../operations/arrange';
import { validateApart, validateApartOrSame } from '../operations/overlap';
import { tensorOf } from '../operations/results';
import { canonical, concluding } from '../operations/shared';
import { own } from '../ownership';
import { drawSeed, validateRng } from '../random/rng';
import { type Layout, layoutOf, sizeOf } from '../shape';
import type { GumbelCall } from '../token-calls';
import type { Backend, FloatArray, NonFinite } from '../types';
import { validateAxes, validateFlag, validateOptions, validateRule } from '../validate';
import { arrayOf, type Floats, readAnyLogits, readSameHalves, withoutHalves } from './halves';
import { gumbelNoise } from './noise';

type Entry = (...args: never[]) => unknown;
type Options = Readonly<Record<string, unknown>>;

/** `entry` is the public function: errors are shown at its caller. */
export function gumbel(backend: Backend, entry: Entry, given: unknown, options: object = {}): unknown {
  try {
    validateOptions(options);
    const rest = readOptions(options);
    return perturbed(backend.gumbelSoftmax, readAnyLogits(given), undefined, rest);
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

/** The derivative at the same sample: the generator must stand where it stood. */
export function gumbelVjp(backend: Backend, entry: Entry, given: unknown, g: unknown, options: object = {}): unknown {
  try {
    validateOptions(options);
    const rest = readOptions(options);
    const logits = readAnyLogits(given);
    const direction = logits.half === undefined ? readLike('g', g, logits.kind) : readSameHalves('g', g, logits);
    return perturbed(backend.gumbelSoftmaxVjp, logits, { ...direction, half: logits.half }, rest);
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

function readOptions(options: object) {
  const { tau, hard, rng, axis, mask, nonFinite, out } = options as Options;
  return {
    beta: 1 / readTau(tau),
    hard: validateFlag('options.hard', hard),
    rng: validateRng('options.rng', rng),
    axis,
    mask: mask === undefined ? undefined : readMask('options.mask', mask),
    rule: validateRule(nonFinite) as NonFinite,
    out,
  };
}

function perturbed(
  operation: Backend['gumbelSoftmax'],
  logits: Floats,
  direction: Floats | undefined,
  { beta, hard, rng, axis, mask, rule, out }: ReturnType<typeof readOptions>,
): unknown {
  const { half } = logits;
  const storage = out === undefined ? undefined : readOut(out, logits);
  const axes = validateAxes(axis, logits.dims === undefined ? 1 : logits.dims.length, hard && direction === undefined);
  const dims = measure(logits);
  if (direction !== undefined) measureStorage(direction, dims);
  const layout = layoutOf(dims, axes);
  if (storage !== undefined) {
    measureStorage(storage, dims);
    validateApartOrSame('options.out', storage.data, 'logits', logits.data);
    if (direction !== undefined) validateApartOrSame('options.out', storage.data, 'g', direction.data);
    if (mask !== undefined) validateApart('options.out', storage.data, 'options.mask', mask.data);
  }
  // Bits stay bits, whatever they are computed in.
  const arrangement = new Arrangement(dims, layout, half === undefined ? logits.kind : 'Uint16Array', half ? 1 : beta);
  const shared = canonical({ axis, mask, rule, beta }, layout, arrangement);
  const size = sizeOf(dims);
  const written = storage?.data ?? (half === undefined ? allocateLike(logits.kind, size) : own(new Uint16Array(size)));
  const result = (): unknown => {
    if (storage !== undefined) return out;
    if (half === undefined) return logits.dims === undefined ? written : tensorOf(written as FloatArray, dims);
    const array = arrayOf(logits, written as Uint16Array);
    return logits.dims === undefined ? array : { data: array, dims, type: half };
  };
  if (layout.outer * layout.inner === 0) return result();
  let seed: readonly [number, number] | undefined;
  const positions = layout.inPlace ? undefined : positionsOf(dims, layout);
  const call: GumbelCall = {
    outer: shared.outer,
    n: shared.n,
    inner: shared.inner,
    mask: shared.mask,
    maskStrides: shared.maskStrides,
    beta,
    rule,
    logits: arrangement.input(logits.data as FloatArray),
    half,
    inFloat64: !fitsFloat32(beta),
    single: half !== undefined || logits.kind === 'Float32Array',
    hard,
    direction: direction && arrangement.input(direction.data as FloatArray),
    out: arrangement.elements(written as FloatArray),
    positions,
    // Drawn when it is asked for: a call whose arguments are only checked leaves the generator where it stands.
    get seed() {
      seed ??= drawSeed(rng);
      return seed;
    },
    noise() {
      const inOrder = gumbelNoise(call.seed, size);
      return positions === undefined ? inOrder : positions.map((position) => inOrder[position] as number);
    },
  };
  const names = direction === undefined ? undefined : ['logits', 'g'];
  return operation.perform(call, concluding(arrangement, result, names));
}

function readOut(out: unknown, logits: Floats): Floats {
  if (logits.half !== undefined) return readSameHalves('options.out', out, logits);
  return withoutHalves(readStorage<FloatArray>('options.out', out, logits.kind));
}

/** Where each element of the canonical layout stands in memory. */
function positionsOf(dims: readonly number[], layout: Layout): Float64Array {
  const places = Float64Array.from({ length: sizeOf(dims) }, (_, i) => i);
  return own(new Arrangement(dims, layout, 'Float64Array', 1).input(places) as Float64Array);
}

function readTau(value: unknown): number {
  if (value === undefined) return 1;
  if (typeof value !== 'number') throw invalidType('options.tau', 'of type number', value);
  if (!(value > 0 && value < Infinity)) throw outOfRange('options.tau', '> 0 and finite', value);
  return value;
}
