// The way of attention from arguments to result, for either backend.

import type { AttentionCall } from '../attention-calls';
import { atCallSite } from '../errors';
import { sizeOf } from '../shape';
import type { Floats, Operation } from '../types';
import { validateFlag } from '../validate';
import { measureStorage, readStorage } from './arguments';
import { allocateLike } from './arrange';
import { arrange, readAsked } from './attention-arguments';
import { measureShapes } from './attention-shapes';
import type { Entry } from './execute';
import { allocateOf, widenedKind } from './halves';
import { validateApart } from './overlap';
import { tensorOf } from './results';
import { concluding } from './shared';

interface AttentionOptions {
  readonly returnLogSumExp?: unknown;
  readonly returnWeights?: unknown;
  readonly out?: unknown;
}

/** Without what was not asked for. */
interface AttentionResult {
  output: unknown;
  logSumExp?: unknown;
  weights?: unknown;
}

export const attentionNames = ['query', 'key'];

/** `entry` is the public function: errors are shown at its caller. */
export function attend(
  operation: Operation<AttentionCall>,
  entry: Entry,
  query: unknown,
  key: unknown,
  value: unknown,
  options: object = {},
): unknown {
  try {
    const asked = readAsked(query, key, value, options);
    const { returnLogSumExp, returnWeights, out } = options as AttentionOptions;
    const wantsLogSumExp = validateFlag('options.returnLogSumExp', returnLogSumExp);
    const wantsWeights = validateFlag('options.returnWeights', returnWeights);
    const { kind } = asked.query;
    const storage = out === undefined ? undefined : readStorage<Floats>('options.out', out, kind);
    const shapes = measureShapes(asked.query, asked.key, asked.value);
    if (storage !== undefined) {
      measureStorage(storage, shapes.output);
      for (const input of [asked.query, asked.key, asked.value, asked.mask, asked.bias]) {
        if (input !== undefined) validateApart('options.out', storage.data, input.name, input.data);
      }
    }
    const { scores, arrangement } = arrange(asked, shapes);
    const output = storage === undefined ? allocateOf(kind, sizeOf(shapes.output)) : storage.data;
    const logSumExp = wantsLogSumExp ? allocateLike(widenedKind(kind), sizeOf(shapes.rows)) : undefined;
    const weights = wantsWeights ? allocateOf(kind, sizeOf(shapes.scores)) : undefined;
    // A row that is refused is found while others are written already.
    const place = scores.rule === 'throw' ? arrangement.apart(output) : arrangement.rows(output);
    const call: AttentionCall = {
      outer: scores.outer,
      n: scores.n,
      inner: 1,
      mask: scores.mask,
      maskStrides: undefined,
      beta: scores.beta,
      rule: scores.rule,
      scores,
      out: place,
      logSumExp: logSumExp && arrangement.rows(logSumExp),
      weights: weights && arrangement.rows(weights),
    };
    const result = (): AttentionResult => {
      const found: AttentionResult = { output: storage === undefined ? tensorOf(output, shapes.output, kind) : out };
      if (logSumExp !== undefined) found.logSumExp = tensorOf(logSumExp, shapes.rows);
      if (weights !== undefined) found.weights = tensorOf(weights, shapes.scores, kind);
      return found;
    };
    return operation.perform(call, concluding(arrangement, result, attentionNames));
  } catch (error) {
    throw atCallSite(error, entry);
  }
}
