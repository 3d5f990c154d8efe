// The generator: its numbers have the ranges and distributions that are promised, and it can be kept, moved and forked.
import { describe, expect, test } from 'vitest';
import { Rng } from '../../lib/index';
import { drawSeed, exampleRng } from '../../lib/random/rng';
import { thrown } from '../thrown';

const take = (rng: Rng, count: number) => Array.from({ length: count }, () => rng.nextUint32());

describe('numbers', () => {
  test('the same for the same seed and stream, others for another', () => {
    expect(take(new Rng(3, 4), 9)).toEqual(take(new Rng(3n, 4n), 9));
    expect(take(new Rng(3, 4), 9)).not.toEqual(take(new Rng(4, 4), 9));
    expect(take(new Rng(3, 4), 9)).not.toEqual(take(new Rng(3, 3), 9));
    expect(take(new Rng(3), 9)).toEqual(take(new Rng(3, 0), 9));
    expect(take(new Rng(2n ** 64n - 1n, 2n ** 64n - 1n), 9)).toHaveLength(9);
  });

  test('uniform is in the open interval, with the moments of a uniform variable', () => {
    const rng = new Rng(1);
    const count = 200_000;
    let [sum, squares, least, greatest] = [0, 0, 1, 0];
    for (let i = 0; i < count; i += 1) {
      const u = rng.uniform();
      sum += u;
      squares += (u - 0.5) ** 2;
      least = Math.min(least, u);
      greatest = Math.max(greatest, u);
    }
    expect(least).toBeGreaterThan(0);
    expect(greatest).toBeLessThan(1);
    // Five standard errors.
    expect(Math.abs(sum / count - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / count));
    expect(Math.abs(squares / count - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / count));
  });

  test.each([1, 2, 3, 7, 1000])('integers below %i are equally likely', (n) => {
    const rng = new Rng(n);
    const counts = new Float64Array(n);
    const draws = 100_000;
    for (let i = 0; i < draws; i += 1) {
      const drawn = rng.integer(n);
      counts[drawn] = (counts[drawn] as number) + 1;
    }
    const chi = counts.reduce((sum, count) => sum + (count - draws / n) ** 2 / (draws / n), 0);
    expect(chi).toBeLessThan(n - 1 + 6 * Math.sqrt(2 * n));
  });

  test('integers below the greatest safe number', () => {
    const rng = new Rng(1);
    for (let i = 0; i < 100; i += 1) expect(rng.integer(Number.MAX_SAFE_INTEGER)).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });
});

describe('places', () => {
  test.each([0, 1, 2, 3, 4, 5, 11])('advance by %i words', (words) => {
    for (const before of [0, 1, 3]) {
      const walked = new Rng(9, 2);
      take(walked, before + words);
      const jumped = new Rng(9, 2);
      take(jumped, before);
      expect(jumped.advance(words)).toBe(jumped);
      expect(take(jumped, 6)).toEqual(take(walked, 6));
    }
  });

  test('far: over the carry, and round', () => {
    const rng = new Rng(9, 2).advance(2n ** 34n - 2n);
    const here = take(rng, 4);
    expect(take(new Rng(9, 2).advance(2n ** 34n), 2)).toEqual(here.slice(2));
    expect(take(new Rng(9, 2).advance(2n ** 66n + 1n), 3)).toEqual(take(new Rng(9, 2), 4).slice(1));
  });

  test.each([0, 1, 4, 7])('the state after %i words, as JSON', (words) => {
    const rng = new Rng(2n ** 63n + 1n, 5);
    take(rng, words);
    const kept = JSON.parse(JSON.stringify(rng));
    expect(kept).toEqual({ seed: '9223372036854775809', stream: '5', taken: String(words) });
    expect(kept).toEqual(rng.state);
    expect(take(Rng.fromState(kept), 6)).toEqual(take(rng, 6));
  });

  test('fork: another stream, from its start', () => {
    const rng = new Rng(6, 1);
    take(rng, 5);
    expect(take(rng.fork(8), 5)).toEqual(take(new Rng(6, 8), 5));
  });

  test('a call takes two words, and each example has a stream of them', () => {
    const rng = new Rng(6, 1);
    const [low, high] = drawSeed(rng);
    expect([low, high]).toEqual(take(new Rng(6, 1), 2));
    expect(rng.state.taken).toBe('2');
    expect(take(exampleRng([low, high], 7), 5)).toEqual(take(new Rng((BigInt(high) << 32n) | BigInt(low), 7), 5));
  });
});

describe('what is refused', () => {
  test.each<[string, () => unknown, string]>([
    ['a negative seed', () => new Rng(-1), 'ERR_OUT_OF_RANGE'],
    ['a fractional seed', () => new Rng(1.5), 'ERR_OUT_OF_RANGE'],
    ['a seed of 65 bits', () => new Rng(2n ** 64n), 'ERR_OUT_OF_RANGE'],
    ['a seed of another kind', () => new Rng('1' as never), 'ERR_INVALID_ARG_TYPE'],
    ['a stream below 0', () => new Rng(1, -1n), 'ERR_OUT_OF_RANGE'],
    ['an integer below 0', () => new Rng(1).integer(0), 'ERR_OUT_OF_RANGE'],
    ['an integer below a word', () => new Rng(1).integer('6' as never), 'ERR_INVALID_ARG_TYPE'],
    ['a step back', () => new Rng(1).advance(-4), 'ERR_OUT_OF_RANGE'],
    ['no state', () => Rng.fromState(null as never), 'ERR_INVALID_ARG_TYPE'],
    ['a state without a seed', () => Rng.fromState({ stream: '0', taken: '0' } as never), 'ERR_INVALID_ARG_TYPE'],
    [
      'a state beyond',
      () => Rng.fromState({ seed: '99999999999999999999', stream: '0', taken: '0' }),
      'ERR_OUT_OF_RANGE',
    ],
  ])('%s', (_, call, code) => {
    expect(thrown(call)).toMatchObject({ code });
  });

  test('the stack begins at the call', () => {
    const error = thrown(() => new Rng(-1));
    expect(error.stack?.split('\n')[0]).toBe(
      'RangeError [ERR_OUT_OF_RANGE]: The value of "seed" is out of range. It must be a safe integer >= 0. Received -1',
    );
    expect(error.stack?.split('\n')[1]).toContain('rng.test.ts');
  });
});
