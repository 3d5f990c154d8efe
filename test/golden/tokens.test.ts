// The values of goldens.json for filters, penalties and the Gumbel-softmax, computed at 60 digits by another program.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gumbelOf } from '../../lib/tokens/noise';
import { libraries } from '../libraries';

const goldens: Record<string, Record<string, string[]>> = JSON.parse(
  readFileSync(join(__dirname, 'goldens.json'), 'utf8'),
);
const values = (name: string, key: string): number[] =>
  [(goldens[name] as Record<string, string[]>)[key]].flat().map(Number);

const z = [2, 1, 0, -1, -3];
const filters = '13 logits [2,1,0,-1,-3]';
const penalties = '13 penalties: history [0,0,3], repetition 1.2';

function expectAllNear(actual: ArrayLike<number>, expected: readonly number[], tolerance = 2e-15): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((actual[i] as number) - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)));
  });
}

describe.each(libraries)('%s', (_, { sample, softmax, logSoftmax, gumbelSoftmax, Rng }) => {
  /** The distribution that is drawn from, by id. */
  function distribution(options: object): number[] {
    const { top } = sample(z, { ...options, logprobs: z.length, rng: new Rng(1) });
    const p = new Array<number>(z.length).fill(0);
    top?.ids.forEach((id, i) => {
      p[id] = Math.exp(top.logprobs[i] as number);
    });
    return p;
  }

  test('probabilities and entropy without filters', () => {
    expectAllNear(distribution({}), values(filters, 'p'));
    expectAllNear([sample(z, { rng: new Rng(1) }).entropy], values(filters, 'entropy'));
  });

  test('topP 0.9 keeps three, with their mass', () => {
    const { kept, keptMass } = sample(z, { topP: 0.9, rng: new Rng(1) });
    expect(kept).toBe(values(filters, 'top_p_0_9_keeps')[0]);
    expectAllNear([keptMass], [values(filters, 'cumulative')[2] as number]);
  });

  test('minP 0.1 keeps three, by the threshold on logits', () => {
    expect(sample(z, { minP: 0.1, rng: new Rng(1) }).kept).toBe(values(filters, 'min_p_0_1_keeps')[0]);
    const [least] = values(filters, 'min_p_0_1_threshold_logit') as [number];
    expect(z.filter((logit) => logit >= least)).toHaveLength(3);
  });

  test('topK 2 shares the mass anew', () => {
    expectAllNear(distribution({ topK: 2 }), [...values(filters, 'top_k_2_renormalised'), 0, 0, 0]);
  });

  test('typicalP takes what is nearest to the entropy first', () => {
    // Its order is 1, 0, 2, 3, 4.
    expect(distribution({ typicalP: 0.2 }).map((p) => p > 0)).toEqual([false, true, false, false, false]);
    expect(distribution({ typicalP: 0.5 }).map((p) => p > 0)).toEqual([true, true, false, false, false]);
  });

  test('penalties', () => {
    const history = [0, 0, 3];
    expectAllNear(
      distribution({ history, repetitionPenalty: 1.2 }),
      Array.from(softmax(values(penalties, 'repetition'))),
    );
    expectAllNear(
      distribution({ history, presencePenalty: 0.5, frequencyPenalty: 0.1 }),
      Array.from(softmax(values(penalties, 'presence_0_5_frequency_0_1'))),
    );
  });

  test('rawLogprobs are log-softmax of the logits as given', () => {
    const { rawLogprobs, ids } = sample(z, { temperature: 0.1, topK: 1, logitBias: [[0, -9]], rng: new Rng(1) });
    expect(ids).toEqual(Int32Array.of(1));
    expectAllNear(rawLogprobs, [logSoftmax(z)[1] as number]);
  });

  test('Gumbel noise, and the sample made with it', () => {
    const uniforms = [0.3, 0.6, 0.1];
    expectAllNear(uniforms.map(gumbelOf), values('7 Gumbel-max z=[1,2,4] U=[.3,.6,.1]', 'gumbel'));
    const noisy = Float64Array.of(1, 2, 4).map((logit, i) => logit + gumbelOf(uniforms[i] as number));
    expectAllNear(noisy, values('7 Gumbel-max z=[1,2,4] U=[.3,.6,.1]', 'perturbed'));
    expectAllNear(softmax(noisy, { temperature: 0.5 }), values('7 Gumbel-softmax tau=0.5 same U', 'y'));
    expect(gumbelSoftmax([1, 2, 4], { hard: true, rng: new Rng(3) }).reduce((a, b) => a + b)).toBe(1);
  });
});
