// The proposals: their probabilities, draws with and without replacement, exclusion, and what is refused.
import { describe, expect, test } from 'vitest';
import { type Exclusion, type Proposal, proposals, Rng, softmax } from '../../lib/index';
import { thrown } from '../thrown';

const ids = (proposal: Proposal) => Array.from({ length: proposal.classes }, (_, id) => id);
const probabilities = (proposal: Proposal) => Array.from(proposal.logProbability(ids(proposal)), Math.exp);

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, limit = 1e-14): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i += 1) {
    expect(Math.abs((actual[i] as number) - (expected[i] as number))).toBeLessThanOrEqual(limit);
  }
}

/** That counts of draws are what they should be: a sum of squares with `freedom` degrees, exceeded once in a million. */
function expectCounts(counts: readonly number[], due: readonly number[], freedom: number): void {
  let chi = 0;
  for (const [i, value] of due.entries()) {
    if (value === 0) expect(counts[i]).toBe(0);
    else chi += ((counts[i] as number) - value) ** 2 / value;
  }
  expect(chi).toBeLessThan(freedom + 4.9 * Math.sqrt(2 * freedom) + 16);
}

describe('probabilities', () => {
  test('uniform', () => {
    expect(proposals.uniform(7).logProbability(3)).toBe(Math.log(1 / 7));
    expect(proposals.uniform(2 ** 31 - 1).logProbability(2 ** 31 - 2)).toBe(-Math.log(2 ** 31 - 1));
  });

  test('log-uniform', () => {
    const q = Array.from({ length: 50 }, (_, k) => Math.log((k + 2) / (k + 1)) / Math.log(51));
    expectNear(probabilities(proposals.logUniform(50)), q);
  });

  test('unigram', () => {
    const counts = [4, 0, 1, 9];
    expectNear(probabilities(proposals.unigram(counts, { power: 0.5 })), [2 / 6, 0, 1 / 6, 3 / 6]);
    expectNear(probabilities(proposals.unigram(Int32Array.from(counts), { power: 0 })), [1 / 3, 0, 1 / 3, 1 / 3]);
    const weights = counts.map((count) => count ** 0.75);
    const sum = weights.reduce((a, b) => a + b);
    expectNear(
      probabilities(proposals.unigram(counts)),
      weights.map((weight) => weight / sum),
    );
  });

  test('learned', () => {
    const learned = proposals.learned(3);
    expectNear(probabilities(learned), [1 / 3, 1 / 3, 1 / 3]);
    learned.update([0, 0, 2]);
    learned.update(0);
    expectNear(probabilities(learned), [4 / 7, 1 / 7, 2 / 7]);
    expect(learned.expectedCount(0, 2, { unique: true })).toBeCloseTo(
      4 / 7 + (1 / 7) * (4 / 6) + (2 / 7) * (4 / 5),
      13,
    );
    learned.update([1, 1, 1, 2, 2]);
    expect(learned.expectedCount(0, 2, { unique: true })).toBeCloseTo(2 / 3, 13);
  });

  test('softmax', () => {
    const logits = [1, -Infinity, 4, 1000, 999];
    expectNear(probabilities(proposals.softmax(logits)), softmax(logits), 2e-15);
  });

  test('one id gives a number, arrays an array; -Infinity for what is never drawn', () => {
    const proposal = proposals.unigram([1, 0], { power: 1 });
    expect(proposal.logProbability(0)).toBe(0);
    expect(proposal.logProbability(1)).toBe(-Infinity);
    expect(proposal.logProbability(BigInt64Array.of(1n, 0n))).toEqual(Float64Array.of(-Infinity, 0));
    expect(proposal.logProbability([])).toEqual(new Float64Array(0));
    expect(proposal.expectedCount(Int32Array.of(0, 1), 3)).toEqual(Float64Array.of(3, 0));
    expect(proposal.logExpectedCount(1, 3)).toBe(-Infinity);
  });

  test('of the others, where some are excluded', () => {
    const proposal = proposals.unigram([1, 2, 6, 1], { power: 1 });
    const exclude = [2, 2];
    expectNear(Array.from(proposal.logProbability([0, 1, 2, 3], { exclude }), Math.exp), [1 / 4, 1 / 2, 0, 1 / 4]);
    expectNear(proposal.expectedCount([0, 1, 2, 3], 2, { exclude }), [1 / 2, 1, 0, 1 / 2]);
    // 1/4 2/3 first and second, or the other way about.
    const pair = 1 / 4 + (1 / 2) * (1 / 2) + (1 / 4) * (1 / 3);
    expectNear(proposal.expectedCount([0, 1, 2, 3], 2, { exclude, unique: true }), [pair, 2 - 2 * pair, 0, pair]);
  });
});

describe.each([
  ['uniform', proposals.uniform(6)],
  ['log-uniform', proposals.logUniform(6)],
  ['unigram', proposals.unigram([100_000, 5, 0, 7, 9, 1], { power: 1 })],
  ['softmax', proposals.softmax([0, 9, -Infinity, 1, 1, 18])],
])('draws: %s', (_, proposal) => {
  const everyId = ids(proposal);
  const draws = 20_000;

  test.each<[Exclusion & { unique?: boolean }, number]>([
    [{}, 1],
    [{ exclude: 0 }, 1],
    [{ unique: true }, 2],
    [{ unique: true, exclude: [0, 5] }, 2],
  ])('%o', (options, k) => {
    const rng = new Rng(17);
    const counts = everyId.map(() => 0);
    for (let i = 0; i < draws; i += 1) {
      const drawn = proposal.sample(k, { ...options, rng });
      if (options.unique) expect(new Set(drawn).size).toBe(k);
      for (const id of drawn) counts[id] = (counts[id] as number) + 1;
    }
    const due = Array.from(proposal.expectedCount(everyId, k, options), (count) => count * draws);
    expectCounts(counts, due, everyId.length - 1);
  });

  test('the order without replacement is that of successive draws', () => {
    const rng = new Rng(18);
    const first = everyId.map(() => 0);
    for (let i = 0; i < draws; i += 1) {
      const id = proposal.sample(3, { unique: true, rng })[0] as number;
      first[id] = (first[id] as number) + 1;
    }
    expectCounts(
      first,
      probabilities(proposal).map((p) => p * draws),
      everyId.length - 1,
    );
  });

  test('the tries are as many as it takes', () => {
    const rng = new Rng(19);
    let tries = 0;
    let squares = 0;
    for (let i = 0; i < draws; i += 1) {
      const taken = proposal.draw(2, { unique: true, rng }).tries;
      tries += taken;
      squares += taken * taken;
    }
    // The first, and for each that it may be the number of draws until another.
    const mean = probabilities(proposal).reduce((sum, p) => sum + (p === 0 ? 0 : p / (1 - p)), 1);
    const error = Math.sqrt((squares / draws - (tries / draws) ** 2) / draws);
    expect(Math.abs(tries / draws - mean)).toBeLessThan(5 * error);
  });
});

test('excluded classes count for no tries', () => {
  const proposal = proposals.unigram([1, 98, 1], { power: 1 });
  const { ids, tries } = proposal.draw(50, { rng: new Rng(3), exclude: 1 });
  expect(tries).toBe(50);
  expect(ids).not.toContain(1);
});

test('all different ones of many, however rare', () => {
  const proposal = proposals.softmax(Array.from({ length: 3000 }, (_, id) => -id / 50));
  const drawn = proposal.sample(3000, { unique: true, rng: new Rng(2) });
  expect([...drawn].sort((a, b) => a - b)).toEqual(ids(proposal));
  expect(proposal.sample(0, { rng: new Rng(1) })).toEqual(new Int32Array(0));
});

describe('what is refused', () => {
  const rng = new Rng(1);
  const proposal = proposals.unigram([1, 2, 0, 3]);

  test.each<[string, () => unknown, string, string]>([
    ['no classes', () => proposals.uniform(0), 'ERR_OUT_OF_RANGE', '"classes"'],
    ['too many classes', () => proposals.learned(2 ** 26 + 1), 'ERR_OUT_OF_RANGE', '"classes"'],
    ['half a class', () => proposals.logUniform(2.5), 'ERR_OUT_OF_RANGE', '"classes"'],
    ['no number of classes', () => proposals.learned('3' as never), 'ERR_INVALID_ARG_TYPE', '"classes"'],
    ['an empty vocabulary', () => proposals.unigram([]), 'ERR_INVALID_ARG_VALUE', "'counts'"],
    ['a negative count', () => proposals.unigram([1, -1]), 'ERR_OUT_OF_RANGE', '"counts[1]"'],
    ['a fractional count', () => proposals.unigram([0.5]), 'ERR_OUT_OF_RANGE', '"counts[0]"'],
    ['counts of 0', () => proposals.unigram([0, 0]), 'ERR_INVALID_ARG_VALUE', "'counts'"],
    ['counts of words', () => proposals.unigram(['a'] as never), 'ERR_INVALID_ARG_TYPE', '"counts[0]"'],
    ['no counts', () => proposals.unigram(7 as never), 'ERR_INVALID_ARG_TYPE', '"counts"'],
    ['a power below 0', () => proposals.unigram([1], { power: -1 }), 'ERR_OUT_OF_RANGE', '"options.power"'],
    ['NaN', () => proposals.softmax([1, NaN]), 'ERR_OUT_OF_RANGE', '"logits[1]"'],
    ['Infinity', () => proposals.softmax([Infinity]), 'ERR_OUT_OF_RANGE', '"logits[0]"'],
    ['no logit', () => proposals.softmax([-Infinity]), 'ERR_INVALID_ARG_VALUE', "'logits'"],
    ['no generator', () => proposal.sample(1, {} as never), 'ERR_INVALID_ARG_TYPE', '"options.rng"'],
    ['no options', () => proposal.sample(1, 1 as never), 'ERR_INVALID_ARG_TYPE', '"options"'],
    ['part of a draw', () => proposal.sample(0.5, { rng }), 'ERR_OUT_OF_RANGE', '"k"'],
    ['more than there are', () => proposal.sample(4, { rng, unique: true }), 'ERR_OUT_OF_RANGE', '"k"'],
    ['more counted', () => proposal.expectedCount(0, 4, { unique: true }), 'ERR_OUT_OF_RANGE', '"k"'],
    ['more than are left', () => proposal.draw(3, { rng, unique: true, exclude: 0 }), 'ERR_OUT_OF_RANGE', '"k"'],
    [
      'nothing left',
      () => proposal.sample(1, { rng, exclude: [0, 1, 3] }),
      'ERR_INVALID_ARG_VALUE',
      "'options.exclude'",
    ],
    ['an id beyond', () => proposal.logProbability([0, 4]), 'ERR_OUT_OF_RANGE', '"ids[1]"'],
    ['an id of another kind', () => proposal.logProbability(['0'] as never), 'ERR_INVALID_ARG_TYPE', '"ids[0]"'],
    ['excluded beyond', () => proposal.sample(1, { rng, exclude: -1 }), 'ERR_OUT_OF_RANGE', '"options.exclude"'],
    ['floats', () => proposal.expectedCount(Float32Array.of(1) as never, 1), 'ERR_INVALID_ARG_TYPE', '"ids"'],
    ['a form', () => proposal.expectedCount(0, 1, { form: 'x' as never }), 'ERR_INVALID_ARG_VALUE', "'options.form'"],
    ['tries alone', () => proposal.expectedCount(0, 1, { unique: true, tries: 3 }), 'ERR_INVALID_ARG_VALUE', 'tries'],
    [
      'no tries',
      () => proposal.expectedCount(0, 1, { unique: true, form: 'tensorflow' }),
      'ERR_INVALID_ARG_TYPE',
      'tries',
    ],
    [
      'a form without unique',
      () => proposal.expectedCount(0, 1, { form: 'tensorflow', tries: 3 }),
      'ERR_INVALID_ARG_VALUE',
      'form',
    ],
    ['an unknown id', () => proposals.learned(3).update([0, 3]), 'ERR_OUT_OF_RANGE', '"ids[1]"'],
  ])('%s', (_, call, code, name) => {
    const error = thrown(call);
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(name);
    expect(error.stack?.split('\n')[1]).toContain('proposals.test.ts');
  });

  test('an update that is refused changes nothing', () => {
    const learned = proposals.learned(3);
    thrown(() => learned.update([0, 0, 3]));
    expectNear(probabilities(learned), [1 / 3, 1 / 3, 1 / 3]);
  });
});
