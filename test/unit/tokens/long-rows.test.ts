// Rows as long as vocabularies are, from peaked to flat: what filters keep of many tokens is what the reference keeps,
// with any number of threads, and of a batch what each row gives alone.
import { afterAll, describe, expect, test } from 'vitest';
import { Rng, type SampleOptions, sample, setThreads } from '../../../lib/index';
import * as reference from '../../../lib/reference';
import { createRandom, seed } from '../../seed';

const n = 16_000;
const random = createRandom(128);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const row = (of: (i: number) => number): Float32Array => Float32Array.from({ length: n }, (_, i) => of(i));

const rows: [string, Float32Array][] = [
  ['peaked', row((i) => (i % 1999 === 7 ? 14 - i / 4000 : 2 * normal()))],
  ['of deviation 8', row(() => 8 * normal())],
  ['of deviation 3', row(() => 3 * normal())],
  ['of deviation 1', row(normal)],
  ['of deviation 0.2', row(() => 0.2 * normal())],
  ['of few values', row(() => Math.round(4 * normal()) / 4)],
  ['of one value', row(() => 1.5)],
  ['half of it masked', row((i) => (i % 2 === 0 ? -1e9 : normal()))],
  ['with a period', row((i) => (i % 19) / 7)],
  ['rising', row((i) => i / n)],
  ['two heaps', row((i) => (i % 3 === 0 ? 6 : -6) + 0.1 * normal())],
];

const filters: SampleOptions[] = [
  { topP: 0.95 },
  { topP: 0.3, ties: 'all' },
  { topP: 0.9999 },
  { typicalP: 0.9 },
  { typicalP: 0.2, ties: 'all' },
  { minP: 0.01, topP: 0.9 },
  { topK: n / 2 },
  { topK: 3000, typicalP: 0.7 },
  { topK: 9000, topP: 0.5, order: ['topP', 'topK', 'temperature'], temperature: 0.7 },
  { topP: 0.9, logprobs: 3, count: 3, replace: false },
  { typicalP: 0.5, minP: 0.001, order: ['typicalP', 'minP'] },
  { typicalP: 0.6, topK: 900, order: ['typicalP', 'topK'] },
];

describe.each(rows)('a row %s', (_, logits) => {
  test.each(filters.map((options) => [JSON.stringify(options), options] as const))(
    '%s',
    (_name, options) => {
      const history = Int32Array.from({ length: 300 }, (_id, i) => (i * 131) % n);
      const changed = { history, repetitionPenalty: 1.3, frequencyPenalty: 0.2, allow: undefined };
      for (const more of [{}, { ...changed, order: options.order && ['penalties', ...options.order] }]) {
        const given = { ...options, ...more } as SampleOptions;
        const ours = sample(logits, { ...given, rng: new Rng(seed) });
        const theirs = reference.sample(logits, { ...given, rng: new Rng(seed) });
        expect(ours.ids).toEqual(theirs.ids);
        expect(ours.kept).toBe(theirs.kept);
        expect(ours.entropy).toBeCloseTo(theirs.entropy, 10);
        expect(ours.keptMass).toBeCloseTo(theirs.keptMass, 5);
        ours.logprobs.forEach((value, i) => {
          expect(value).toBeCloseTo(theirs.logprobs[i] as number, 11);
        });
        expect(ours.top?.ids).toEqual(theirs.top?.ids);
      }
    },
    60_000,
  );
});

describe('a batch of 64', () => {
  afterAll(() => setThreads(0));
  const batch = new Float32Array(64 * 5000).map(() => 2 * normal());
  const rngs = () => Array.from({ length: 64 }, (_, r) => new Rng(seed, r));

  test.each([1, 2, 4])('with %i threads gives each row what it gives alone', (threads) => {
    for (const options of [{ topK: 50, topP: 0.95 }, { topP: 0.9 }, { typicalP: 0.8, logprobs: 2 }, {}]) {
      setThreads(threads);
      const { ids, logprobs, entropy } = sample(
        { data: batch, dims: [64, 5000] },
        { ...options, count: 2, rng: rngs() },
      );
      setThreads(1);
      for (const [r, rng] of rngs().entries()) {
        const alone = sample(batch.subarray(r * 5000, (r + 1) * 5000), { ...options, count: 2, rng });
        expect(ids.data.subarray(2 * r, 2 * r + 2)).toEqual(alone.ids);
        expect(logprobs.data.subarray(2 * r, 2 * r + 2)).toEqual(alone.logprobs);
        expect(entropy.data[r]).toBe(alone.entropy);
      }
    }
  });
});
