// MarkovRandomField against the enumeration of all joint states, on random small fields.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { seed } from '../seed';
import { type Description, enumerate, weightOf } from '../unit/fields/enumeration';

fc.configureGlobal({ seed, numRuns: 150 });

const potential = fc.oneof(
  { weight: 12, arbitrary: fc.double({ min: -4, max: 4, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(-Infinity) },
);

/** Up to six variables of up to four states, and up to eight factors of up to four of them, or of none. */
const field: fc.Arbitrary<Description> = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 })
  .chain((cardinalities) => {
    const variables = fc.shuffledSubarray([...cardinalities.keys()], { maxLength: Math.min(4, cardinalities.length) });
    const factor = variables.chain((chosen) => {
      const size = chosen.reduce((product, v) => product * (cardinalities[v] as number), 1);
      return fc.record({
        variables: fc.constant(chosen),
        logPotentials: fc.array(potential, { minLength: size, maxLength: size }),
      });
    });
    return fc.record({ cardinalities: fc.constant(cardinalities), factors: fc.array(factor, { maxLength: 8 }) });
  });

const tolerance = 1e-10;

function expectNear(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i += 1) {
    if (found[i] !== expected[i]) {
      expect(Math.abs((found[i] as number) - (expected[i] as number))).toBeLessThanOrEqual(tolerance);
    }
  }
}

describe.each(libraries)('%s', (_, { MarkovRandomField, Rng }) => {
  test('log partition, joint, all marginals and those of several variables', () => {
    fc.assert(
      fc.property(field, fc.array(fc.nat(), { maxLength: 4 }), (description, picks) => {
        const made = new MarkovRandomField(description);
        const { logZ, p, marginal } = enumerate(description);
        expectNear([made.logPartition], [logZ]);
        if (logZ === -Infinity) {
          expect(() => made.marginals()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
          expect(() => made.joint()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
          return;
        }
        expectNear(made.joint().data, p);
        made.marginals().forEach((found, v) => {
          expectNear(found, marginal([v]));
          expectNear(made.marginal(v), marginal([v]));
        });
        const some = [...new Set(picks.map((pick) => pick % description.cardinalities.length))];
        const together = made.marginal(some);
        expectNear(together.data, marginal(some));
        expect(together.dims).toEqual(some.map((v) => description.cardinalities[v]));
      }),
    );
  });

  test('the mode has the greatest probability, and log-probabilities are those of the joint', () => {
    fc.assert(
      fc.property(field, (description) => {
        const made = new MarkovRandomField(description);
        const { logZ, states, weights } = enumerate(description);
        if (logZ === -Infinity) {
          expect(() => made.mode()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
          return;
        }
        expectNear([weightOf(description, [...made.mode()])], [Math.max(...weights)]);
        const all = { data: Int32Array.from(states.flat()), dims: [states.length, description.cardinalities.length] };
        expectNear(
          made.energy(all).data,
          weights.map((weight) => 0 - weight),
        );
        expectNear(
          made.logProbability(all).data,
          weights.map((weight) => weight - logZ),
        );
      }),
    );
  });

  test('a conditional is the field among the joint states that the evidence allows', () => {
    fc.assert(
      fc.property(field, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 3 }), (description, picks) => {
        const evidence = Object.fromEntries(
          picks.map(([v, k]) => {
            const variable = v % description.cardinalities.length;
            return [variable, k % (description.cardinalities[variable] as number)];
          }),
        );
        const made = new MarkovRandomField(description).conditional(evidence);
        const { logZ, p, marginal, weights } = enumerate(description, evidence);
        expectNear([made.logPartition], [logZ]);
        if (logZ === -Infinity) {
          expect(() => made.marginals()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
          return;
        }
        expectNear(made.joint().data, p);
        for (const [v, found] of made.marginals().entries()) expectNear(found, marginal([v]));
        const mode = [...made.mode()];
        for (const [v, k] of Object.entries(evidence)) expect(mode[Number(v)]).toBe(k);
        expectNear([weightOf(description, mode)], [Math.max(...weights)]);
        for (const [v, k] of Object.entries(evidence)) expect(made.sample(new Rng(1))[Number(v)]).toBe(k);
      }),
    );
  });

  test('the gradient of the log-likelihood is what is seen less what is expected', () => {
    fc.assert(
      fc.property(field, fc.array(fc.nat(), { minLength: 1, maxLength: 5 }), (description, picks) => {
        const { logZ, states, weights, marginal } = enumerate(description);
        const allowed = states.filter((_state, i) => (weights[i] as number) > -Infinity);
        if (allowed.length === 0) return;
        const seen = picks.map((pick) => allowed[pick % allowed.length] as number[]);
        const samples = { data: Int32Array.from(seen.flat()), dims: [seen.length, description.cardinalities.length] };
        const { logLikelihood, gradients } = new MarkovRandomField(description).logLikelihood(samples);
        const total = seen.reduce((sum, state) => sum + weightOf(description, state) - logZ, 0);
        expect(Math.abs(logLikelihood - total)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(total)));
        description.factors.forEach(({ variables, logPotentials }, f) => {
          const expected = marginal(variables).map((share, place) => {
            if (logPotentials[place] === -Infinity) return 0;
            const count = seen.filter(
              (state) =>
                variables.reduce((at, v) => at * (description.cardinalities[v] as number) + (state[v] as number), 0) ===
                place,
            ).length;
            return count - seen.length * share;
          });
          expectNear(gradients[f]?.data as Float64Array, expected);
        });
      }),
    );
  });
});
