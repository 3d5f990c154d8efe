// The way of the Gumbel-softmax and its derivative from arguments to result: noise is added to the logits, and softmax and
// its vector-Jacobian product do the rest.
import { atCallSite, invalidType, outOfRange } from '../errors';
import { lengthOf } from '../intrinsics';
import { type Given, measure, readFloats } from '../operations/arguments';
import { allocateLike } from '../operations/arrange';
import { elementwise } from '../operations/elementwise';
import { hardmaxOperation } from '../operations/hardmax';
import { product } from '../operations/products';
import { softmaxOperation } from '../operations/softmax';
import { drawSeed, exampleRng, validateRng } from '../random/rng';
import type { Backend, FloatArray } from '../types';
import { validateFlag, validateOptions } from '../validate';

type Entry = (...args: never[]) => unknown;
type Options = Readonly<Record<string, unknown>>;

/** A Gumbel number from a uniform one in (0, 1): its distribution function is e^(-e^-x). */
export const gumbelOf = (uniform: number): number => -Math.log(-Math.log(uniform));

/** `entry` is the public function: errors are shown at its caller. */
export function gumbel(backend: Backend, entry: Entry, given: unknown, options: object = {}): unknown {
  try {
    const { noisy, hard, shared, out } = perturbed(given, options);
    const [operation, kernel] = hard ? [hardmaxOperation, backend.hardmax] : [softmaxOperation, backend.softmax];
    return elementwise(operation, kernel, entry, noisy, { ...shared, out });
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

/** The derivative at the same sample: the generator must stand where it stood. */
export function gumbelVjp(backend: Backend, entry: Entry, given: unknown, g: unknown, options: object = {}): unknown {
  try {
    const { noisy, shared, out } = perturbed(given, options);
    const finish = (y: unknown): unknown =>
      product(['logits', 'g'], backend.softmaxVjp, entry, y, g, { ...shared, out });
    const sample = elementwise(softmaxOperation, backend.softmax, entry, noisy, shared);
    return sample instanceof Promise ? sample.then(finish) : finish(sample);
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

function perturbed(given: unknown, options: object) {
  validateOptions(options);
  const { tau, hard, rng, axis, mask, nonFinite, out } = options as Options;
  const shared = { axis, mask, nonFinite, temperature: readTau(tau) };
  const isHard = validateFlag('options.hard', hard);
  const generator = validateRng('options.rng', rng);
  const logits = readFloats('logits', given);
  measure(logits);
  const noise = exampleRng(drawSeed(generator), 0);
  return {
    noisy: shapedLike(
      logits,
      withNoise(logits, () => noise.uniform()),
    ),
    hard: isHard,
    shared,
    out,
  };
}

/** Logits with Gumbel noise, in their order in memory, added to each. */
export function withNoise({ data, kind }: Given<FloatArray>, uniform: () => number): FloatArray {
  const length = lengthOf(data);
  const noisy = allocateLike(kind, length);
  for (let i = 0; i < length; i += 1) noisy[i] = (data[i] as number) + gumbelOf(uniform());
  return noisy;
}

const shapedLike = ({ dims }: Given<unknown>, data: FloatArray): unknown =>
  dims === undefined ? data : { data, dims };

function readTau(value: unknown): number {
  if (value === undefined) return 1;
  if (typeof value !== 'number') throw invalidType('options.tau', 'of type number', value);
  if (!(value > 0 && value < Infinity)) throw outOfRange('options.tau', '> 0 and finite', value);
  return value;
}
