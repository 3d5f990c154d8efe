// The values of goldens.json for states that merge, computed at 60 digits by another program.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const goldens = JSON.parse(readFileSync(join(__dirname, 'goldens.json'), 'utf8'));
const golden = goldens['5 mergeable state shards [1,2] | [4]'];
/** The distance from |x| to the next float64. */
const ulpOf = (x: number): number => 2 ** (Math.floor(Math.log2(Math.abs(x))) - 52);

const numbers = (digits: readonly string[]): number[] => digits.map(Number);

describe.each(libraries)('%s', (_, { SoftmaxState }) => {
  test('states of [1, 2] and of [4]', () => {
    const a = new SoftmaxState().push([1, 2]);
    const b = new SoftmaxState().push([4], { offset: 2 });
    const sumOf = ({ max, logSumExp }: { max: number; logSumExp: number }) => [max, Math.exp(logSumExp - max)];
    for (const [state, expected] of [
      [a, numbers(golden.stateA)],
      [b, numbers(golden.stateB)],
      [a.clone().merge(b), numbers(golden.merged)],
    ] as const) {
      const [max, sum] = sumOf(state);
      expect(max).toBe(expected[0]);
      expect(Math.abs((sum as number) - (expected[1] as number))).toBeLessThanOrEqual(8 * ulpOf(1));
    }
    expect(a.merge(b).logSumExp).toBe(Number(golden.lse));
  });

  test.each([
    [1, [0.042010066134066051, 0.114195199384594479, 0.84379473448133947], 4.169846019556285649],
    [0.5, [0.140244383166088485, 0.231223897622149067, 0.628531719211762448], 2.464368784107944842],
    [-1, [0.705384512698241158, 0.259496460342419117, 0.035119026959339724], -0.650987783231813615],
    [0, [1 / 3, 1 / 3, 1 / 3], 1.098612288668109691],
  ])('beta %f, in three pushes', (beta, p, logZ) => {
    const state = new SoftmaxState({ beta, target: 1 });
    for (const z of [1, 2, 4]) state.push([z]);
    expect(Math.abs(state.logSumExp - logZ)).toBeLessThanOrEqual(2 * ulpOf(logZ));
    state.probabilities([1, 2, 4]).forEach((x, i) => {
      expect(Math.abs(x - (p[i] as number))).toBeLessThanOrEqual(4 * ulpOf(p[i] as number));
    });
    expect(state.targetLogProbability).toBeCloseTo(Math.log(p[1] as number), 14);
    const entropy = -p.reduce((sum, x) => sum + x * Math.log(x), 0);
    expect(state.entropy).toBeCloseTo(entropy, 14);
  });

  test('a probability next to 1 keeps its logarithm', () => {
    const expected = Number('4.248354255291588986e-18');
    const whole = new SoftmaxState({ target: 0 }).push([0, -40]);
    const merged = new SoftmaxState({ target: 0 }).push([-40], { offset: 1 });
    merged.merge(new SoftmaxState({ target: 0 }).push([0], { offset: 0 }));
    for (const state of [whole, merged]) {
      expect(state.logSumExp).toBe(expected);
      expect(state.targetLogProbability).toBe(-expected);
    }
  });
});
