// Each row of the error table that the basic forms can meet: class, code, sentence, the caller's stack, and an `out`
// that is as it was.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import { libraries, type Name, names, untyped } from '../libraries';
import { refusedArrays } from './refusals/arrays';
import { refusedLogits } from './refusals/logits';
import { refusedOptions } from './refusals/options';
import { elementwise, vector } from './refusals/refusal';

const refusals = [...refusedLogits, ...refusedOptions, ...refusedArrays];
const overlap = { kind: RangeError, code: 'ERR_SOFTMAX_OVERLAP' };

/** Storage of the element type that the result has; of one of these sizes it would do for logits of [3] or [2, 3]. */
const sizes = [1, 2, 3, 6];

function storageFor(name: Name, logits: unknown, size: number): Float32Array | Float64Array | Int32Array {
  const data = (logits as { data?: unknown } | undefined | null)?.data ?? logits;
  const isFloat64 = data instanceof Float64Array || Array.isArray(data);
  const Elements = name === 'argmax' ? Int32Array : isFloat64 ? Float64Array : Float32Array;
  return new Elements(size).fill(7);
}

function refusalOf(call: () => unknown): Error & { code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('The call was not refused');
}

describe.each(libraries)('%s', (_, functions) => {
  describe.each(names)('%s', (name) => {
    const call = untyped(functions, name);
    const own = refusals.filter(({ of = names }) => of.includes(name));

    test.each(own.map((refusal) => [refusal.title, refusal] as const))('%s', (_title, { logits, options, error }) => {
      const refusal = refusalOf(() => call(logits(), options()));
      expect(refusal.message).toBe(error.message);
      expect(refusal.code).toBe(error.code);
      expect(refusal).toBeInstanceOf(error.kind);
      expect(refusal.name).toBe(error.kind.name);
    });

    test.each(own.map((refusal) => [refusal.title, refusal] as const))('%s: out is as it was', (_title, refusal) => {
      const given = refusal.options();
      if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) return;
      for (const size of sizes) {
        const logits = refusal.logits();
        const options = { out: storageFor(name, logits, size), ...given };
        const { out } = options;
        const written = 'data' in out ? (out.data as Float32Array) : out;
        const before = [...written];
        refusalOf(() => call(logits, options));
        expect([...written]).toEqual(before);
      }
    });

    test('the stack begins at the caller', () => {
      const error = refusalOf(function caller() {
        return call(5);
      });
      const [head, first] = (error.stack as string).split('\n');
      expect(head).toBe(`TypeError [ERR_INVALID_ARG_TYPE]: ${error.message}`);
      expect(first).toContain('caller');
      expect(error.stack).not.toMatch(/lib\/(operations|validate|index|reference)/);
      expect(Object.keys(error)).toEqual(['code']);
    });

    test('errors of user code pass through as they are', () => {
      const own = new Error('mine');
      const options = {
        get beta(): number {
          throw own;
        },
      };
      expect(refusalOf(() => call(vector(), options))).toBe(own);
    });
  });

  test.each(elementwise)('%s: out that overlaps an input in part is refused', (name) => {
    const call = untyped(functions, name);
    const buffer = new Float32Array(8).fill(7);
    const message =
      'The "options.out" property must not overlap "logits" in part: give the same region, or another one';
    for (const [start, end] of [
      [1, 4],
      [2, 5],
    ] as const) {
      const error = refusalOf(() => call(buffer.subarray(0, 3), { out: buffer.subarray(start, end) }));
      expect(error).toMatchObject({ ...{ code: overlap.code }, message });
      expect(error).toBeInstanceOf(overlap.kind);
    }
    const shaped = { data: buffer.subarray(0, 6), dims: [2, 3] };
    expect(refusalOf(() => call(shaped, { out: buffer.subarray(2, 8), axis: 0 }))).toMatchObject({
      code: overlap.code,
    });
    const mask = new Uint8Array(buffer.buffer, 12, 3);
    expect(refusalOf(() => call(buffer.subarray(0, 3), { out: buffer.subarray(3, 6), mask })).message).toBe(
      'The "options.out" property must not overlap "options.mask": give another region',
    );
    expect([...buffer]).toEqual(Array(8).fill(7));
  });

  test('sums: out that overlaps an input is refused', () => {
    const buffer = new Float64Array(8).fill(7);
    const logits = { data: buffer.subarray(0, 6), dims: [2, 3] };
    const calls = [
      () => functions.logSumExp(logits, { out: buffer.subarray(5, 7) }),
      () => functions.logSumExp(logits, { out: buffer.subarray(6, 8), weights: buffer.subarray(5, 8) }),
      () => functions.argmax(logits, { out: new Int32Array(buffer.buffer, 0, 2) }),
    ];
    for (const call of calls) expect(refusalOf(call)).toMatchObject({ code: overlap.code });
    expect([...buffer]).toEqual(Array(8).fill(7));
  });
});

test('setThreads takes a count', () => {
  expect(refusalOf(() => library.setThreads('2' as never))).toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
    message: `The "threads" argument must be of type number. Received type string ('2')`,
  });
  for (const threads of [-1, 1.5, NaN, Infinity]) {
    expect(refusalOf(() => library.setThreads(threads))).toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
      message: `The value of "threads" is out of range. It must be an integer >= 0. Received ${threads}`,
    });
  }
});
