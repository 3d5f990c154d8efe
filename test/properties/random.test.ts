// What must hold for any generator, proposal and estimate, found or refuted by fast-check.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkUnbiased, importanceSampling, logSumExp, proposals, Rng } from '../../lib/index';
import { seed } from '../seed';

fc.configureGlobal({ seed, numRuns: 200 });

const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const counts = fc
  .array(fc.oneof(fc.nat(9), fc.nat()), { minLength: 1, maxLength: 40 })
  .filter((values) => values.some((value) => value > 0));
const logits = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 40 });
const sumOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
const places = (values: readonly unknown[]) => [...values.keys()];

test('a generator goes on from its state, and to any place', () => {
  fc.assert(
    fc.property(word, word, fc.bigInt({ min: 0n, max: 2n ** 66n }), fc.nat(9), (key, stream, words, more) => {
      const rng = new Rng(key, stream).advance(words);
      const jumped = new Rng(key, stream).advance(words + BigInt(more));
      for (let i = 0; i < more; i += 1) rng.nextUint32();
      expect(rng.state).toEqual(jumped.state);
      expect(Rng.fromState(rng.state).nextUint32()).toBe(jumped.nextUint32());
    }),
  );
});

test('integers are below n', () => {
  fc.assert(
    fc.property(word, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (key, n) => {
      const drawn = new Rng(key).integer(n);
      expect(drawn).toBeGreaterThanOrEqual(0);
      expect(drawn).toBeLessThan(n);
      expect(Number.isInteger(drawn)).toBe(true);
    }),
  );
});

test('probabilities add up to 1, and expected counts to k', () => {
  fc.assert(
    fc.property(counts, fc.nat(), (given, number) => {
      const proposal = proposals.unigram(given);
      const ids = places(given);
      const support = given.filter((count) => count > 0).length;
      const k = number % (support + 1);
      expect(sumOf(proposal.logProbability(ids).map(Math.exp))).toBeCloseTo(1, 12);
      expect(sumOf(proposal.expectedCount(ids, k))).toBeCloseTo(k, 10);
      const unique = proposal.expectedCount(ids, k, { unique: true });
      expect(Math.abs(sumOf(unique) - k)).toBeLessThan(1e-11 * (k + 1));
      // A class with more mass is drawn more often, none more than once.
      for (const [i, count] of given.entries()) {
        expect(unique[i]).toBeLessThanOrEqual(1 + 1e-12);
        for (const [j, other] of given.entries()) {
          if (count > other) expect(unique[i]).toBeGreaterThanOrEqual((unique[j] as number) - 1e-12);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('what is drawn is allowed, and different where that is asked for', () => {
  fc.assert(
    fc.property(counts, word, fc.nat(), fc.array(fc.nat(39), { maxLength: 9 }), (given, key, number, left) => {
      const exclude = left.filter((id) => id < given.length);
      const allowed = places(given).filter((id) => (given[id] as number) > 0 && !exclude.includes(id));
      fc.pre(allowed.length > 0);
      const k = 1 + (number % allowed.length);
      const proposal = proposals.unigram(given, { power: 1 });
      const drawn = proposal.sample(k, { rng: new Rng(key), unique: true, exclude });
      expect(new Set(drawn).size).toBe(k);
      const again = proposal.sample(3 * k, { rng: new Rng(key), exclude });
      for (const id of [...drawn, ...again]) expect(allowed).toContain(id);
      expect(proposal.sample(k, { rng: new Rng(key), unique: true, exclude })).toEqual(drawn);
    }),
  );
});

test('an estimate from all classes, each drawn once of a uniform proposal, is exact', () => {
  fc.assert(
    fc.property(logits, (z) => {
      const { logZ, weights, ess } = importanceSampling(z, proposals.uniform(z.length).logProbability(places(z)));
      expect(Math.abs(logZ - logSumExp(z))).toBeLessThan(1e-12 * (1 + Math.abs(logZ)));
      expect(sumOf(weights)).toBeCloseTo(1, 12);
      expect(ess).toBeGreaterThan(1 - 1e-12);
      expect(ess).toBeLessThan(z.length * (1 + 1e-12));
    }),
  );
});

test('a proposal in proportion to e^z has one weight, whatever is drawn', () => {
  fc.assert(
    fc.property(logits, word, (z, key) => {
      const proposal = proposals.softmax(z);
      // Where each class has more than a thousand million of the 2^53 numbers, its share is right to 1e-9.
      fc.pre(Math.min(...z) > logSumExp(z) - 15);
      const drawn = proposal.sample(20, { rng: new Rng(key) });
      const picked = Array.from(drawn, (id) => z[id] as number);
      const { logZ, logZStandardError } = importanceSampling(picked, proposal.logProbability(drawn));
      expect(Math.abs(logZ - logSumExp(z))).toBeLessThan(1e-9);
      expect(logZStandardError).toBeLessThan(1e-9);
    }),
  );
});

test('checkUnbiased: means and errors move with the estimates', () => {
  fc.assert(
    fc.property(fc.double({ min: -9, max: 9, noNaN: true }), fc.integer({ min: 2, max: 30 }), (shift, draws) => {
      const plain = checkUnbiased((rng) => rng.uniform(), 0.5, { draws, seed }).components[0];
      const moved = checkUnbiased((rng) => rng.uniform() + shift, 0.5 + shift, { draws, seed }).components[0];
      expect(moved?.mean).toBeCloseTo((plain?.mean as number) + shift, 12);
      expect(moved?.standardError).toBeCloseTo(plain?.standardError as number, 12);
    }),
  );
});
