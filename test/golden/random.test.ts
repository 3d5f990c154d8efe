// Random numbers, draws and estimates against values from elsewhere: known answers of Random123, a program in another
// language (goldens-random.json), and goldens.json, which enumerates all draws.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkUnbiased, importanceSampling, proposals, Rng } from '../../lib/index';
import { AliasTable } from '../../lib/random/alias';
import { philox4x32 } from '../../lib/random/philox';

const read = (name: string) => JSON.parse(readFileSync(join(__dirname, name), 'utf8'));
const random: {
  numbers: { seed: string; stream: string; index: string; bits: number[] }[];
  below6: { seed: string; stream: string; drawn: number[] };
  alias: { weights: number[]; seed: string; thresholds: number[]; aliases: number[]; drawn: number[] };
} = read('goldens-random.json');
const goldens: Record<string, Record<string, string & string[]>> = read('goldens.json');
const golden = (name: string): Record<string, string & string[]> =>
  goldens[Object.keys(goldens).find((key) => key.startsWith(name)) as string] as Record<string, string & string[]>;

describe('Philox', () => {
  const words = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16));

  // kat_vectors of Random123: counter, key, block.
  test.each([
    ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ])('%s, %s', (counter, key, block) => {
    expect([...philox4x32(words(key), words(counter))]).toEqual(words(block));
  });

  test.each(random.numbers)('numbers of seed $seed, stream $stream from block $index on', (given) => {
    const rng = new Rng(BigInt(given.seed), BigInt(given.stream)).advance(4n * BigInt(given.index));
    expect(given.bits.map(() => rng.nextUint53())).toEqual(given.bits);
  });

  test('integers', () => {
    const { seed, stream, drawn } = random.below6;
    const rng = new Rng(BigInt(seed), BigInt(stream));
    expect(drawn.map(() => rng.integer(6))).toEqual(drawn);
  });

  test('alias table', () => {
    const { weights, seed, thresholds, aliases, drawn } = random.alias;
    const table = AliasTable.fromWeights(weights);
    expect([...table.thresholds]).toEqual(thresholds);
    expect([...table.aliases]).toEqual(aliases);
    const rng = new Rng(BigInt(seed));
    expect(drawn.map(() => table.draw(rng))).toEqual(drawn);
  });
});

const z = [1, 2, 4, 0];
const proposal = proposals.unigram([1, 2, 6, 1], { power: 1 });
const q = [0.1, 0.2, 0.6, 0.1];
const classes = [0, 1, 2, 3];

/** All sequences of m draws. */
const sequences = (m: number): number[][] =>
  m === 0 ? [[]] : sequences(m - 1).flatMap((drawn) => classes.map((id) => [...drawn, id]));

const near = (actual: number, expected: string | number, limit = 1e-14) =>
  expect(Math.abs(actual - Number(expected)), `${actual}, not ${expected}`).toBeLessThanOrEqual(limit);

describe('importance sampling', () => {
  const exact = golden('10 exact');

  test.each([1, 2, 3])('%i draws, all of them enumerated', (m) => {
    const wanted = golden(`10 z=[1,2,4,0] q=[.1,.2,.6,.1] m=${m}`);
    let mean = 0;
    let square = 0;
    let meanLog = 0;
    const selfNormalised = [0, 0, 0, 0];
    for (const drawn of sequences(m)) {
      const probability = drawn.reduce((product, id) => product * (q[id] as number), 1);
      const estimate = importanceSampling(
        drawn.map((id) => z[id] as number),
        proposal.logProbability(drawn),
      );
      const value = Math.exp(estimate.logZ);
      mean += probability * value;
      square += probability * value ** 2;
      meanLog += probability * estimate.logZ;
      for (const [i, id] of drawn.entries()) {
        selfNormalised[id] = (selfNormalised[id] as number) + probability * (estimate.weights[i] as number);
      }
    }
    near(mean / Number(exact.Z), 1);
    near(square / mean ** 2 - 1, wanted.rel_var_Zhat as string);
    near(meanLog, wanted.E_log_Zhat as string);
    near(meanLog - Number(exact.logZ), wanted.bias_log_Zhat as string);
    for (const id of classes) {
      near(selfNormalised[id] as number, wanted.E_snis_softmax?.[id] as string);
      near((selfNormalised[id] as number) - Number(exact.p?.[id]), wanted.bias_snis?.[id] as string);
    }
  });

  test('the estimate of Z is found unbiased, that of log Z biased by as much as enumerated', () => {
    const estimate = (rng: Rng) => {
      const drawn = proposal.sample(3, { rng });
      return importanceSampling(
        Array.from(drawn, (id) => z[id] as number),
        proposal.logProbability(drawn),
      ).logZ;
    };
    const options = { draws: 20_000, seed: 5 };
    expect(checkUnbiased((rng) => Math.exp(estimate(rng)), Number(exact.Z), options).unbiased).toBe(true);
    expect(checkUnbiased(estimate, Number(exact.logZ), options).unbiased).toBe(false);
    const wanted = Number(golden('10 z=[1,2,4,0] q=[.1,.2,.6,.1] m=3').E_log_Zhat);
    expect(checkUnbiased(estimate, wanted, options).unbiased).toBe(true);
  });
});

describe('two different classes', () => {
  const wanted = golden('10 without replacement k=2');

  test('true inclusion probabilities', () => {
    const found = proposal.expectedCount(classes, 2, { unique: true });
    for (const id of classes) near(found[id] as number, wanted.inclusion?.[id] as string, 1e-15);
    const logarithms = proposal.logExpectedCount(classes, 2, { unique: true });
    for (const id of classes) near(logarithms[id] as number, Math.log(Number(wanted.inclusion?.[id])));
  });

  test.each([2, 3])("TensorFlow's formula after %i tries", (tries) => {
    const found = proposal.expectedCount(classes, 2, { unique: true, form: 'tensorflow', tries });
    for (const id of classes)
      near(found[id] as number, wanted[`tf_expected_count_tries${tries}`]?.[id] as string, 1e-15);
  });
});
