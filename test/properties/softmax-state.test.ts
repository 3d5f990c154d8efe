// However logits are split, and in whatever order states are merged: the same count, max, argmax and top to the bit, and
// the same logSumExp to one ulp; that one within 3 ulp of the truth, which big integers know.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Library, libraries } from '../libraries';
import { exactRow, ulpErrorAt } from '../oracle';
import { seed } from '../seed';

fc.configureGlobal({ seed, numRuns: 200 });

const moderate = fc.double({ min: -60, max: 60, noNaN: true }).map((x) => (Math.abs(x) < 1e-30 ? 0 : x));
// Many ties, near ties, and a maximum of 0 above small ones: there every bit of the sum shows in the logarithm.
const logit = fc.oneof(moderate, fc.integer({ min: -3, max: 0 }), fc.constantFrom(0, -40, -38.5, -45, -1e-9, 1e-9));
const beta = fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.constantFrom(-1, 0.5, 2.7, 0, Infinity, -Infinity));
const floats = fc.constantFrom(Float64Array, Float32Array as unknown as Float64ArrayConstructor);

/** The distance from |x| to the next float64. */
const ulpOf = (x: number): number => 2 ** Math.max(-1074, Math.floor(Math.log2(Math.abs(x) || Number.MIN_VALUE)) - 52);

interface Split {
  readonly logits: Float64Array;
  /** Chunks as [first, end). */
  readonly chunks: [number, number][];
  /** Pairs of states that are merged, the second into the first. */
  readonly order: number[];
}

const split: fc.Arbitrary<Split> = fc
  .tuple(fc.array(logit, { minLength: 1, maxLength: 200 }), fc.infiniteStream(fc.nat()), floats)
  .map(([values, stream, Elements]) => {
    const logits = new Elements(values);
    const take = (): number => stream.next().value as number;
    const chunks: [number, number][] = [];
    for (let at = 0; at < logits.length; ) {
      const end = Math.min(logits.length, at + 1 + (take() % 40));
      chunks.push([at, end]);
      at = end;
    }
    return { logits, chunks, order: chunks.map(take) };
  });

type State = InstanceType<Library['SoftmaxState']>;

function merged({ SoftmaxState }: Library, { logits, chunks, order }: Split, options: object): State {
  const states = chunks.map(([first, end]) =>
    new SoftmaxState(options).push(logits.subarray(first, end), { offset: first }),
  );
  for (const number of order.slice(1)) {
    const [into] = states.splice(number % states.length, 1) as [State];
    const at = (number >> 8) % states.length;
    states[at] = number % 3 === 0 ? into.merge(states[at] as State) : (states[at] as State).merge(into);
  }
  return states[0] as State;
}

describe.each(libraries)('%s', (_, library) => {
  const { SoftmaxState } = library;

  test('any split and any order give the same', () => {
    fc.assert(
      fc.property(split, beta, (given, b) => {
        const options = { beta: b, topK: 7, target: 3 };
        const whole = new SoftmaxState(options).push(given.logits);
        const parts = merged(library, given, options);
        expect(parts.count).toBe(whole.count);
        expect(parts.max).toBe(whole.max);
        expect(parts.argmax).toBe(whole.argmax);
        expect(parts.top().ids).toEqual(whole.top().ids);
        expect(parts.top().logits).toEqual(whole.top().logits);
        const size = Math.max(Math.abs(whole.logSumExp), Math.abs(b * whole.max) || 0);
        if (whole.logSumExp !== parts.logSumExp) {
          expect(Math.abs(whole.logSumExp - parts.logSumExp)).toBeLessThanOrEqual(ulpOf(size));
        }
        expect(parts.entropy).toBeCloseTo(whole.entropy, 12);
        if (Number.isFinite(whole.targetLogProbability)) {
          expect(parts.targetLogProbability).toBeCloseTo(whole.targetLogProbability as number, 12);
        }
      }),
    );
  });

  test('logSumExp is that of big integers', () => {
    let worst = 0;
    fc.assert(
      fc.property(split, fc.constantFrom(1, -1, 0.5, 2.7), (given, b) => {
        const { logSumExp, max } = merged(library, given, { beta: b });
        const size = Math.max(Math.abs(logSumExp), Math.abs(b * max));
        const error = ulpErrorAt(size, logSumExp, exactRow(given.logits, b).logSumExp, 'float64');
        worst = Math.max(worst, error);
        expect(error).toBeLessThanOrEqual(3);
      }),
      { numRuns: 25 },
    );
    console.info(`worst error of logSumExp: ${worst.toFixed(2)} ulp`);
  });

  test('top is that of a sort', () => {
    fc.assert(
      fc.property(split, fc.integer({ min: 1, max: 30 }), fc.boolean(), (given, topK, isLeast) => {
        const sign = isLeast ? -1 : 1;
        const { ids, logits, probabilities } = merged(library, given, { topK, beta: sign }).top();
        const order = Array.from(given.logits.keys()).sort(
          (a, b) => sign * ((given.logits[b] as number) - (given.logits[a] as number)) || a - b,
        );
        const expected = order.slice(0, topK);
        expect([...ids]).toEqual(expected);
        expect([...logits]).toEqual(expected.map((id) => given.logits[id]));
        const total = order.reduce((sum, id) => sum + Math.exp(sign * (given.logits[id] as number)), 0);
        probabilities.forEach((p, i) => {
          expect(p / (Math.exp(sign * (logits[i] as number)) / total)).toBeCloseTo(1, 12);
        });
      }),
    );
  });

  test('values have their mean, however they are split', () => {
    fc.assert(
      fc.property(split, beta, fc.integer({ min: 1, max: 5 }), (given, b, valueSize) => {
        const n = given.logits.length;
        const Elements = given.logits.constructor as Float64ArrayConstructor;
        const values = new Elements(n * valueSize).map((_, i) => Math.sin(i * 12.9898) * 4);
        const state = new SoftmaxState({ beta: b, valueSize });
        for (const [first, end] of given.chunks) {
          const part = new SoftmaxState({ beta: b, valueSize });
          const rows = values.subarray(first * valueSize, end * valueSize);
          part.push(given.logits.subarray(first, end), { values: { data: rows, dims: [end - first, valueSize] } });
          state.merge(part);
        }
        const p = library.softmax(Float64Array.from(given.logits), { beta: b });
        for (let c = 0; c < valueSize; c += 1) {
          const expected = p.reduce((sum, x, j) => sum + x * (values[j * valueSize + c] as number), 0);
          expect(Math.abs((state.value()[c] as number) - expected)).toBeLessThanOrEqual(1e-13 * 8);
        }
      }),
    );
  });

  test('hundreds of thousands of merges lose nothing', () => {
    const n = 200_000;
    const logits = Float64Array.from({ length: n }, (_, i) => -45 + 8 * Math.sin(i * 78.233) + i * 4e-5);
    logits[n - 1] = 0;
    const state = new SoftmaxState();
    const chunk = 1;
    for (let i = 0; i < n; i += chunk) state.merge(new SoftmaxState().push(logits.subarray(i, i + chunk)));
    const { logSumExp } = new SoftmaxState().push(logits);
    expect(Math.abs(state.logSumExp - logSumExp)).toBeLessThanOrEqual(ulpOf(logSumExp));
  }, 60_000);
});
