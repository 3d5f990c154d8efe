// A model learnt from all batches that a source gives, one after the other, as they come.

import { aborted, invalidType } from '../errors';
import { iteratorOf, unlessAborted } from '../operations/sources';
import { validateOptions } from '../validate';
import type { PartialFit } from './regression-types';
import { readCallback, readSignal } from './settings';

type Learn = (features: unknown, labels: unknown, options: object) => unknown;

/** Batches are { features, labels, sampleWeight? }. */
export async function learnStream(source: unknown, options: unknown, learn: Learn): Promise<PartialFit | undefined> {
  validateOptions(options);
  const { l2, learningRate, onProgress, signal } = options as Record<string, unknown>;
  const abortion = readSignal(signal);
  const told = readCallback<PartialFit>(onProgress);
  const iterator = iteratorOf(source);
  let last: PartialFit | undefined;
  try {
    for (;;) {
      if (abortion?.aborted) throw aborted(abortion.reason);
      const { done, value } = await unlessAborted(iterator.next(), abortion);
      if (done === true) return last;
      if (typeof value !== 'object' || value === null)
        throw invalidType('batch', 'an object with features and labels', value);
      const { features, labels, sampleWeight } = value as Record<string, unknown>;
      last = (await learn(features, labels, { l2, learningRate, sampleWeight, signal })) as PartialFit;
      told?.(last);
    }
  } catch (error) {
    // The source is told, but not waited for: it may be what does not answer.
    Promise.resolve(iterator.return?.()).catch(() => {});
    throw error;
  }
}
