// The way of `sample` from arguments to result, for either backend.
import { atCallSite, outOfRange, shapeMismatch } from '../errors';
import { Float64Array, Int32Array } from '../intrinsics';
import { measure, readLogits } from '../operations/arguments';
import { Arrangement, fitsFloat32 } from '../operations/arrange';
import { tensorOf } from '../operations/results';
import { concluding } from '../operations/shared';
import { own } from '../ownership';
import { layoutOf, sizeOf } from '../shape';
import type { SampleCall } from '../token-calls';
import type { Operation } from '../types';
import { validateOptions, validateRule, validateScale } from '../validate';
import { readFilters, stagesOf } from './filters';
import { bitsOf, halfOf } from './halves';
import { drawUniforms, missingRng, noChance, readRng } from './uniforms';
import { readAllowed, readBiases, readHistory } from './vocabulary';

type Entry = (...args: never[]) => unknown;
type Options = Readonly<Record<string, unknown>>;

/** `entry` is the public function: errors are shown at its caller. */
export function sampling(
  operation: Operation<SampleCall>,
  entry: Entry,
  given: unknown,
  options: object = {},
): unknown {
  try {
    validateOptions(options);
    const { beta: inverse, temperature, base, nonFinite, rng, allow, deny, history, logitBias } = options as Options;
    const rule = validateRule(nonFinite);
    const beta = validateScale(inverse, temperature, base);
    const filters = readFilters(options);
    const { count, top } = filters;
    const logits = readLogits(given);
    const dims = measure(logits);
    const n = dims[dims.length - 1];
    if (n === undefined) throw shapeMismatch('logits', 'have an axis of the vocabulary', 'shape []');
    const outer = sizeOf(dims.slice(0, -1));
    if (top > n) throw outOfRange('options.logprobs', `<= ${n} (the vocabulary)`, top);
    const { history: past, offsets } = readHistory(history, outer, n);
    const { biasIds, biases } = readBiases(logitBias, n);
    const allowed = readAllowed(allow, deny, outer, n);
    const stages = stagesOf(filters, beta, biasIds !== undefined, past !== undefined);
    const isCertain = Math.abs(beta) === Infinity && !filters.keepsTies;
    if (rng === undefined && !isCertain) throw missingRng();
    const rngs = rng === undefined ? undefined : readRng(rng, outer);
    const arrangement = new Arrangement(dims, layoutOf(dims, [dims.length - 1]), logits.kind, beta);
    const half = fitsFloat32(beta) ? halfOf(logits.kind) : undefined;
    let uniforms: Float64Array | undefined;
    const call: SampleCall = {
      outer,
      n,
      inner: 1,
      mask: undefined,
      maskStrides: undefined,
      beta,
      rule,
      logits: half === undefined ? arrangement.input(logits) : bitsOf(logits.data),
      half,
      allowed,
      history: past,
      offsets,
      biasIds,
      biases,
      repetition: filters.repetition,
      presence: filters.presence,
      frequency: filters.frequency,
      stages,
      topK: Math.min(filters.topK, n),
      topP: filters.topP,
      leastLog: filters.leastLog,
      typicalP: filters.typicalP,
      keepsTies: filters.keepsTies,
      count,
      replace: filters.replace,
      // Drawn when they are asked for: a call whose arguments are only checked leaves the generator where it stands.
      get uniforms() {
        uniforms ??= rngs === undefined ? noChance(outer, count) : drawUniforms(rngs, outer, count);
        return uniforms;
      },
      top,
      ids: own(new Int32Array(outer * (count + top))),
      values: own(new Float64Array(outer * (2 * (count + top) + 3))),
    };
    const result = (): unknown => resultOf(call, dims, logits.dims === undefined);
    if (outer === 0) return result();
    return operation.perform(call, concluding(arrangement, result));
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

/** The columns of what was written for each row. */
function resultOf(call: SampleCall, dims: readonly number[], isVector: boolean): object {
  const { outer, n, count, top, replace, ids, values } = call;
  const width = count + top;
  const line = 2 * width + 3;
  for (let r = 0; r < outer; r += 1) if (ids[r * width] === -2) throw exhausted(r, n, count, replace);
  const shape = dims.slice(0, -1);
  const columns = <Column extends Int32Array | Float64Array>(
    from: Column,
    column: Column,
    stride: number,
    first: number,
    length: number,
  ): unknown => {
    for (let r = 0; r < outer; r += 1) {
      for (let i = 0; i < length; i += 1) column[r * length + i] = from[r * stride + first + i] as number;
    }
    return isVector ? column : tensorOf(column, [...shape, length]);
  };
  const indices = (first: number, length: number): unknown =>
    columns(ids, new Int32Array(outer * length), width, first, length);
  const reals = (first: number, length: number): unknown =>
    columns(values, new Float64Array(outer * length), line, first, length);
  const number = (i: number): unknown => {
    if (isVector) return values[2 * width + i];
    const column = i === 0 ? new Int32Array(outer) : new Float64Array(outer);
    for (let r = 0; r < outer; r += 1) column[r] = values[r * line + 2 * width + i] as number;
    return tensorOf(column, shape);
  };
  return {
    ids: indices(0, count),
    logprobs: reals(0, count),
    rawLogprobs: reals(width, count),
    top:
      top === 0
        ? undefined
        : { ids: indices(count, top), logprobs: reals(count, top), rawLogprobs: reals(width + count, top) },
    kept: number(0),
    keptMass: number(1),
    entropy: number(2),
  };
}

function exhausted(row: number, n: number, count: number, replace: boolean): Error {
  if (replace || n === 0) return outOfRange('logits', `such that row ${row} has a token to draw`, 'none');
  const wanted = `at most the tokens that row ${row} has left to draw, as options.replace is false`;
  return outOfRange('options.count', wanted, count);
}
