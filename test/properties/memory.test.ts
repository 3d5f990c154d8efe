// What must hold for any memory, found or refuted by fast-check.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';
import { seed } from '../seed';

fc.configureGlobal({ seed, numRuns: 100 });

const number = fc.double({ min: -3, max: 3, noNaN: true });
const [dim, width] = [3, 2];
const rows = (least: number) =>
  fc.array(
    fc.tuple(
      fc.array(number, { minLength: dim, maxLength: dim }),
      fc.array(number, { minLength: width, maxLength: width }),
    ),
    {
      minLength: least,
      maxLength: 20,
    },
  );
const query = fc.array(number, { minLength: dim, maxLength: dim });
const beta = fc.oneof(fc.double({ min: -4, max: 4, noNaN: true }), fc.constantFrom(0, Infinity));

const matrix = (lines: readonly number[][], columns: number) => ({
  data: Float64Array.from(lines.flat()),
  dims: [lines.length, columns],
});

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i += 1) {
    expect(Math.abs((actual[i] as number) - (expected[i] as number))).toBeLessThanOrEqual(1e-12);
  }
}

describe.each(libraries)('%s', (_, { Memory, SoftmaxState }) => {
  const memoryOf = (of: readonly (readonly [number[], number[]])[]) =>
    new Memory(
      matrix(
        of.map(([key]) => key),
        dim,
      ),
      matrix(
        of.map(([, value]) => value),
        width,
      ),
    );

  test('weights are a distribution, and the read is their mean of the values', () => {
    fc.assert(
      fc.property(rows(1), query, beta, fc.boolean(), (of, q, b, isCosine) => {
        const { weights, output } = memoryOf(of).read(q, { beta: b, similarity: isCosine ? 'cosine' : 'dot' });
        expectNear([Array.from(weights).reduce((a, x) => a + x, 0)], [1]);
        expectNear(
          output,
          [0, 1].map((c) => of.reduce((sum, [, value], i) => sum + (weights[i] as number) * (value[c] as number), 0)),
        );
      }),
    );
  });

  test('topK of all rows is the read of all', () => {
    fc.assert(
      fc.property(rows(1), query, fc.double({ min: -4, max: 4, noNaN: true }), (of, q, b) => {
        const memory = memoryOf(of);
        const [all, best] = [memory.read(q, { beta: b }), memory.read(q, { beta: b, topK: of.length })];
        expectNear(best.output, all.output);
        best.rows.forEach((id, i) => {
          expectNear([best.weights[i] as number], [all.weights[id] as number]);
        });
      }),
    );
  });

  test('rows that came and went leave no trace but the ids', () => {
    fc.assert(
      fc.property(rows(2), rows(0), query, beta, (kept, others, q, b) => {
        const [first, ...rest] = kept;
        const memory = memoryOf([first as (typeof kept)[number], ...others]);
        if (others.length > 0) memory.remove(others.map((_row, i) => i + 1));
        const ids = memory.add(
          matrix(
            rest.map(([key]) => key),
            dim,
          ),
          matrix(
            rest.map(([, value]) => value),
            width,
          ),
        );
        const [found, fresh] = [memory.read(q, { beta: b }), memoryOf(kept).read(q, { beta: b })];
        expect(found.output).toEqual(fresh.output);
        expect(found.weights).toEqual(fresh.weights);
        expect([...found.rows]).toEqual([0, ...ids]);
        expect(Math.min(...ids)).toBe(others.length + 1);
      }),
    );
  });

  // Soft addressing of a memory that is split over places is a merge of states with values.
  test('a read is the value of merged states', () => {
    fc.assert(
      fc.property(rows(2), query, beta, fc.nat(), (of, q, b, place) => {
        const scores = of.map(([key]) => key.reduce((sum, x, i) => sum + x * (q[i] as number), 0));
        const cut = 1 + (place % (of.length - 1));
        const stateOf = (first: number, end: number) =>
          new SoftmaxState({ beta: b, valueSize: width }).push(scores.slice(first, end), {
            values: matrix(
              of.slice(first, end).map(([, value]) => value),
              width,
            ),
          });
        const { output, weights } = memoryOf(of).read(q, { beta: b });
        // Scores that are not as far apart as their rounding may tie here and not there.
        const isTied = b === Infinity && new Set(scores.map((x) => x.toFixed(12))).size < scores.length;
        if (!isTied) expectNear(stateOf(cut, of.length).merge(stateOf(0, cut)).value(), output);
        expect(weights.length).toBe(of.length);
      }),
    );
  });
});
