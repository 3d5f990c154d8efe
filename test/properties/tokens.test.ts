// The library draws the tokens that the sort-based reference draws, from the same generator, whatever the options.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as reference from '../../lib/reference';
import { createRandom, seed } from '../seed';

type Options = library.SampleOptions;

const random = createRandom(71);
const below = (n: number): number => Math.floor(random() * n);
const pick = <Value>(...values: Value[]): Value => values[below(values.length)] as Value;
const maybe = <Value>(make: () => Value, odds = 0.4): Value | undefined => (random() < odds ? make() : undefined);

/** Rows as models give them, and such as make trouble: ties, infinities, plateaus. */
function randomRow(n: number): number[] {
  const kind = below(6);
  const scale = pick(0.01, 1, 3, 30);
  return Array.from({ length: n }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    if (kind === 0) return Math.round(normal * scale);
    if (kind === 1) return random() < 0.3 ? -Infinity : normal * scale;
    if (kind === 2) return random() < 0.02 ? Infinity : normal * scale;
    if (kind === 3) return pick(0, 1);
    return normal * scale;
  });
}

function randomOptions(n: number, rng: library.Rng): Options {
  const ids = (most: number): number[] => Array.from({ length: below(most) + 1 }, () => below(n));
  const filters = ['temperature', 'minP', 'topK', 'topP', 'typicalP'] as const;
  const options: Record<string, unknown> = {
    ...pick<object>(
      {},
      {},
      { temperature: pick(0.3, 0.7, 1.7, 5) },
      { beta: pick(-1, 0, 2) },
      { temperature: 0 },
      { base: 2 },
    ),
    topK: maybe(() => pick(1, 2, below(n) + 1, 50)),
    topP: maybe(() => pick(0.5, 0.75, 0.9, 0.95, random() || 1)),
    minP: maybe(() => pick(0, 0.05, 0.5, 1, random())),
    typicalP: maybe(() => pick(0.2, 0.9, random() || 1), 0.2),
    history: maybe(() => ids(3 * n)),
    repetitionPenalty: maybe(() => pick(0.8, 1.1, 1.3)),
    presencePenalty: maybe(() => random()),
    frequencyPenalty: maybe(() => random()),
    logitBias: maybe(() => ids(4).map((id) => [id, pick(-Infinity, -1, 0.5, 3)] as [number, number])),
    deny: maybe(() => ids(3), 0.2),
    allow: maybe(() => ids(2 * n), 0.2),
    ties: pick(undefined, 'lower', 'all'),
    order: maybe(
      () =>
        [
          ...pick(['bias', 'penalties'], ['penalties', 'bias']),
          ...[...filters].sort(() => random() - 0.5),
        ] as Options['order'],
      0.3,
    ),
    count: pick(1, 1, 3),
    replace: pick(undefined, false),
    logprobs: maybe(() => below(n + 1), 0.2),
    rng,
  };
  return options as Options;
}

const numbersOf = (value: unknown): number[] =>
  typeof value === 'number' ? [value] : Array.from(value as ArrayLike<number>);

function expectNear(actual: unknown, expected: unknown, tolerance: number, label: string): void {
  const [ours, theirs] = [numbersOf(actual), numbersOf(expected)];
  expect(ours.length, label).toBe(theirs.length);
  ours.forEach((value, i) => {
    const wanted = theirs[i] as number;
    if (Object.is(value, wanted) || value === wanted) return;
    expect(Math.abs(value - wanted), `${label}[${i}]: ${value} and ${wanted}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(wanted)),
    );
  });
}

function outcome(
  sample: typeof library.sample,
  logits: library.Input,
  options: Options,
): library.SampleResult<Float64Array> | string {
  try {
    return sample(logits, options) as library.SampleResult<Float64Array>;
  } catch (error) {
    return (error as Error).message;
  }
}

function expectSame(logits: Float32Array | Float64Array, options: Options, stream: number, label: string): void {
  const ours = outcome(library.sample, logits, options);
  const theirs = outcome(reference.sample, logits, { ...options, rng: new library.Rng(seed, stream) });
  if (typeof theirs === 'string' || typeof ours === 'string') {
    expect(ours, label).toBe(theirs);
    return;
  }
  expect(ours.ids, label).toEqual(theirs.ids);
  expect(ours.kept, label).toBe(theirs.kept);
  expectNear(ours.logprobs, theirs.logprobs, 1e-13, label);
  expectNear(ours.entropy, theirs.entropy, 1e-12, label);
  const single = logits instanceof Float32Array ? 2e-6 : 1e-13;
  expectNear(ours.rawLogprobs, theirs.rawLogprobs, single, label);
  expectNear(ours.keptMass, theirs.keptMass, single, label);
  expect(ours.top?.ids, label).toEqual(theirs.top?.ids);
  expectNear(ours.top?.logprobs ?? [], theirs.top?.logprobs ?? [], 1e-13, label);
}

describe.each(['Float64Array', 'Float32Array'] as const)('%s: draws what the reference draws', (kind) => {
  test('from short rows', () => {
    for (let i = 0; i < 2500; i += 1) {
      const logits = globalThis[kind].from(randomRow(pick(1, 2, 5, 17, 64, 300)));
      const options = randomOptions(logits.length, new library.Rng(seed, i));
      expectSame(logits, options, i, `case ${i}: ${JSON.stringify(options)} of ${Array.from(logits).join()}`);
    }
  });

  // Of several chunks; lists longer than those that are sorted.
  test('from long rows', () => {
    for (let i = 0; i < 60; i += 1) {
      const logits = globalThis[kind].from(randomRow(pick(4096, 5000, 12345)));
      const options = randomOptions(logits.length, new library.Rng(seed, i));
      const few = {
        ...options,
        logprobs: options.logprobs && 5,
        history: options.history && Array.from(options.history as number[]).slice(0, 400),
      };
      expectSame(logits, few, i, `case ${i}: ${JSON.stringify({ ...few, allow: undefined })}`);
    }
  });
});

test('gumbelSoftmax and gumbelSoftmaxVjp: a common shift changes nothing, and no gradient points along it', () => {
  for (let i = 0; i < 200; i += 1) {
    const z = Array.from({ length: pick(2, 5, 30) }, () => 4 * random() - 2);
    const g = z.map(() => random());
    const given = { tau: 0.3 + random(), rng: new library.Rng(seed, i) };
    const sample = library.gumbelSoftmax(z, given);
    const shifted = library.gumbelSoftmax(
      z.map((logit) => logit + 8),
      { ...given, rng: new library.Rng(seed, i) },
    );
    expectNear(shifted, sample, 1e-13, `case ${i}`);
    const vjp = library.gumbelSoftmaxVjp(z, g, { ...given, rng: new library.Rng(seed, i) });
    expect(Math.abs(vjp.reduce((a, b) => a + b))).toBeLessThan(1e-14);
    expectNear(vjp, reference.gumbelSoftmaxVjp(z, g, { ...given, rng: new library.Rng(seed, i) }), 1e-14, `case ${i}`);
  }
});
