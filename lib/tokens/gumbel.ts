// The way of the Gumbel-softmax and its derivative from arguments to result, for either backend. All arrays are handed
// over at once, the noise being added where the rest is computed: a promise is one job.
import { atCallSite, invalidType, outOfRange } from '../errors';
import { Float64Array } from '../intrinsics';
import {
  type Given,
  measure,
  measureStorage,
  rankOf,
  readAnyLike,
  readLogits,
  readMask,
  readStorage,
} from '../operations/arguments';
import { Arrangement, fitsFloat32 } from '../operations/arrange';
import { allocateOf } from '../operations/halves';
import { validateApart, validateApartOrSame } from '../operations/overlap';
import { tensorOf } from '../operations/results';
import { canonical, concluding } from '../operations/shared';
import { own } from '../ownership';
import { drawSeed, validateRng } from '../random/rng';
import { type Layout, layoutOf, sizeOf } from '../shape';
import type { GumbelCall } from '../token-calls';
import type { Backend, Floats, NonFinite } from '../types';
import { validateAxes, validateFlag, validateOptions, validateRule } from '../validate';
import { bitsOf, halfOf } from './halves';
import { gumbelNoise } from './noise';

type Entry = (...args: never[]) => unknown;
type Options = Readonly<Record<string, unknown>>;

/** `entry` is the public function: errors are shown at its caller. */
export function gumbel(backend: Backend, entry: Entry, given: unknown, options: object = {}): unknown {
  try {
    validateOptions(options);
    const rest = readOptions(options);
    return perturbed(backend.gumbelSoftmax, readLogits(given), undefined, rest);
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

/** The derivative at the same sample: the generator must stand where it stood. */
export function gumbelVjp(backend: Backend, entry: Entry, given: unknown, g: unknown, options: object = {}): unknown {
  try {
    validateOptions(options);
    const rest = readOptions(options);
    const logits = readLogits(given);
    return perturbed(backend.gumbelSoftmaxVjp, logits, readAnyLike('g', g, logits.kind), rest);
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
  logits: Given<Floats>,
  direction: Given<Floats> | undefined,
  { beta, hard, rng, axis, mask, rule, out }: ReturnType<typeof readOptions>,
): unknown {
  const { kind } = logits;
  const storage = out === undefined ? undefined : readStorage<Floats>('options.out', out, kind);
  const axes = validateAxes(axis, rankOf(logits), hard && direction === undefined);
  const dims = measure(logits);
  if (direction !== undefined) measureStorage(direction, dims);
  const layout = layoutOf(dims, axes);
  if (storage !== undefined) {
    measureStorage(storage, dims);
    validateApartOrSame('options.out', storage.data, 'logits', logits.data);
    if (direction !== undefined) validateApartOrSame('options.out', storage.data, 'g', direction.data);
    if (mask !== undefined) validateApart('options.out', storage.data, 'options.mask', mask.data);
  }
  const arrangement = new Arrangement(dims, layout, kind, beta);
  const shared = canonical({ axis, mask, rule, beta }, layout, arrangement);
  const size = sizeOf(dims);
  const written = storage?.data ?? allocateOf(kind, size);
  const result = (): unknown => {
    if (storage !== undefined) return out;
    return logits.dims === undefined ? written : tensorOf(written, dims, kind);
  };
  if (layout.outer * layout.inner === 0) return result();
  // Where something must be moved or computed in float64 first, halves are widened here.
  const isAsItStands = layout.inPlace && fitsFloat32(beta) && (direction === undefined || direction.kind === kind);
  const half = isAsItStands ? halfOf(kind) : undefined;
  const input = (given: Given<Floats>) => (half === undefined ? arrangement.input(given) : bitsOf(given.data));
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
    logits: input(logits),
    half,
    single: kind !== 'Float64Array',
    hard,
    direction: direction && input(direction),
    out: half === undefined ? arrangement.elements(written) : bitsOf(written),
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

/** Where each element of the canonical layout stands in memory. */
function positionsOf(dims: readonly number[], layout: Layout): Float64Array {
  const places = Float64Array.from({ length: sizeOf(dims) }, (_, i) => i);
  return own(
    new Arrangement(dims, layout, 'Float64Array', 1).input({ data: places, kind: 'Float64Array' }) as Float64Array,
  );
}

function readTau(value: unknown): number {
  if (value === undefined) return 1;
  if (typeof value !== 'number') throw invalidType('options.tau', 'of type number', value);
  if (!(value > 0 && value < Infinity)) throw outOfRange('options.tau', '> 0 and finite', value);
  return value;
}
