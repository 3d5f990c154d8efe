// The way of attentionVjp from arguments to result, for either backend.

import type { AttentionScores, AttentionVjpCall } from '../attention-calls';
import { atCallSite, invalidValue } from '../errors';
import { broadcastStrides, sizeOf } from '../shape';
import type { FloatArray, Floats, Operation } from '../types';
import { validateFlag } from '../validate';
import { type Given, measureStorage, readStorage } from './arguments';
import { type Arrangement, allocateLike } from './arrange';
import { attentionNames } from './attention';
import { type Asked, arrange, readAsked } from './attention-arguments';
import { measureShapes } from './attention-shapes';
import type { Entry } from './execute';
import { allocateOf, ofKind, widenedKind } from './halves';
import { tensorOf } from './results';
import { shapeOnScores } from './score-arrays';
import { concluding } from './shared';

interface AttentionVjpOptions {
  readonly output?: unknown;
  readonly logSumExp?: unknown;
  readonly biasGradient?: unknown;
}

/** Without what was not asked for. */
interface AttentionGradients {
  queryGradient: unknown;
  keyGradient: unknown;
  valueGradient: unknown;
  biasGradient?: unknown;
}

export function attendVjp(
  operation: Operation<AttentionVjpCall>,
  entry: Entry,
  query: unknown,
  key: unknown,
  value: unknown,
  outputGradient: unknown,
  options: object = {},
): unknown {
  try {
    const asked = readAsked(query, key, value, options);
    const { kind } = asked.query;
    const { output, logSumExp, biasGradient } = options as AttentionVjpOptions;
    const wantsBias = validateFlag('options.biasGradient', biasGradient);
    if (wantsBias && asked.bias === undefined) {
      throw invalidValue('options.biasGradient', 'must not be given without options.bias', biasGradient);
    }
    const direction = readStorage<Floats>('outputGradient', outputGradient, kind);
    const knownOutput = readKnown('options.output', output, kind);
    const knownLogSumExp = readKnown('options.logSumExp', logSumExp, widenedKind(kind));
    const shapes = measureShapes(asked.query, asked.key, asked.value);
    measureStorage(direction, shapes.output);
    if (knownOutput !== undefined) measureStorage(knownOutput, shapes.output);
    if (knownLogSumExp !== undefined) measureStorage(knownLogSumExp, shapes.rows);
    const { scores, arrangement } = arrange(asked, shapes);
    const [queryGradient, keyGradient, valueGradient] = [shapes.query, shapes.key, shapes.value].map((dims) =>
      allocateOf(kind, sizeOf(dims)),
    ) as [Floats, Floats, Floats];
    const bias = wantsBias ? biasResult(asked, scores, shapes.scores) : undefined;
    const call: AttentionVjpCall = {
      outer: scores.outer,
      n: scores.n,
      inner: 1,
      mask: scores.mask,
      maskStrides: undefined,
      beta: scores.beta,
      rule: scores.rule,
      scores,
      direction: arrangement.converted(direction),
      out: convertKnown(knownOutput, arrangement),
      logSumExp: convertKnown(knownLogSumExp, arrangement),
      queryGradient: arrangement.rows(queryGradient),
      keyGradient: arrangement.rows(keyGradient),
      valueGradient: arrangement.rows(valueGradient),
      biasGradient: bias && arrangement.rows(bias.gradient),
    };
    const result = (): AttentionGradients => {
      const found: AttentionGradients = {
        queryGradient: tensorOf(queryGradient, shapes.query, kind),
        keyGradient: tensorOf(keyGradient, shapes.key, kind),
        valueGradient: tensorOf(valueGradient, shapes.value, kind),
      };
      if (bias !== undefined) found.biasGradient = bias.result();
      return found;
    };
    return operation.perform(call, concluding(arrangement, result, attentionNames));
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

const readKnown = (name: string, value: unknown, kind: string): Given<Floats> | undefined =>
  value === undefined ? undefined : readStorage<Floats>(name, value, kind);

const convertKnown = (given: Given<Floats> | undefined, arrangement: Arrangement): FloatArray | undefined =>
  given && arrangement.converted(given);

/** Storage for the gradient of the bias as the backend sees it, and that in the shape of the bias. */
function biasResult(asked: Asked, scores: AttentionScores, dims: readonly number[]) {
  const bias = asked.bias as Given<Floats>;
  const { kind } = asked.query;
  const shape = shapeOnScores(bias, dims);
  const size = sizeOf(shape);
  const placed = scores.bias as FloatArray;
  const gradient = allocateLike(widenedKind(kind), placed.length);
  const result = (): unknown => {
    const own = ofKind(kind, gradient.length === size ? gradient : summed(gradient, dims, shape));
    return bias.dims === undefined ? own : tensorOf(own, bias.dims, kind);
  };
  return { gradient, result };
}

/** An array of the scores' shape, added up over the axes along which `shape` is broadcast to it. */
function summed(whole: FloatArray, dims: readonly number[], shape: readonly number[]): FloatArray {
  const sums = new Float64Array(sizeOf(shape));
  const strides = broadcastStrides(shape, dims) as number[];
  for (let i = 0; i < whole.length; i += 1) {
    let rest = i;
    let place = 0;
    for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
      const dim = dims[axis] as number;
      place += (rest % dim) * (strides[axis] as number);
      rest = Math.floor(rest / dim);
    }
    sums[place] = (sums[place] as number) + (whole[i] as number);
  }
  const own = whole instanceof Float64Array ? sums : new Float32Array(sums);
  return own;
}
