// What the derivatives refuse, in which words, with `out` as it was.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

type Call = (out: Float32Array) => unknown;

function refusalOf(call: () => unknown): Error & { code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('The call was not refused');
}

const p = Float32Array.of(0.25, 0.25, 0.5);
const matrix = () => ({ data: Float32Array.of(1, 2, 3, 4, 5, 6), dims: [2, 3] });
const kinds = 'an instance of Float32Array, Float64Array, Float16Array or Array, or an object with data and dims';
const like = (name: string) =>
  `The "${name}" argument must be an instance of Float32Array or Array, or an object with data and dims.`;

describe.each(libraries)('%s', (_, library) => {
  const { softmaxVjp, softmaxJvp, logSoftmaxVjp, logSoftmaxJvp, logSumExpVjp, softmaxBetaGradient } = library;
  const untyped = library as unknown as Record<string, (...args: unknown[]) => unknown>;

  const refusals: [title: string, code: string, message: string, call: Call][] = [
    [
      'no p',
      'ERR_INVALID_ARG_TYPE',
      `The "p" argument must be ${kinds}. Received undefined`,
      (out) => untyped.softmaxVjp?.(undefined, p, { out }),
    ],
    [
      'no t',
      'ERR_INVALID_ARG_TYPE',
      `${like('t')} Received undefined`,
      (out) => untyped.softmaxJvp?.(p, undefined, { out }),
    ],
    [
      'two kinds',
      'ERR_INVALID_ARG_TYPE',
      `${like('g')} Received an instance of Float64Array`,
      (out) => untyped.softmaxVjp?.(p, new Float64Array(3), { out }),
    ],
    [
      'a logP of integers',
      'ERR_INVALID_ARG_TYPE',
      `The "logP" argument must be ${kinds}. Received an instance of Int32Array`,
      (out) => untyped.logSoftmaxVjp?.(new Int32Array(3), p, { out }),
    ],
    [
      'a g that is no number',
      'ERR_INVALID_ARG_TYPE',
      `The "g[1]" argument must be of type number. Received type string ('1')`,
      (out) => untyped.logSoftmaxVjp?.(p, [0, '1', 2], { out }),
    ],
    [
      'a t of another length',
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      'The "t" argument must have 3 elements to match shape [3]. Received 2',
      (out) => logSoftmaxJvp(p, p.subarray(1), { out }),
    ],
    [
      'numbers of another length',
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      'The "g" argument must have 3 elements to match shape [3]. Received 2',
      (out) => softmaxVjp(p, [1, 2], { out }),
    ],
    [
      'a g of another shape',
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      'The "g" argument must have shape [2, 3]. Received shape [3, 2]',
      () => softmaxVjp(matrix(), { data: new Float32Array(6), dims: [3, 2] }),
    ],
    [
      'out of another length',
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      'The "options.out" property must have 2 elements to match shape [2]. Received 3',
      (out) => softmaxVjp(p.subarray(1), p.subarray(1), { out }),
    ],
    [
      'one number for several rows',
      'ERR_INVALID_ARG_TYPE',
      'The "g" argument must be an instance of Float32Array or Array, or a tensor. Received type number (1)',
      () => logSumExpVjp(matrix(), 1),
    ],
    [
      'numbers for other rows',
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      'The "g" argument must have 2 elements to match shape [2]. Received 3',
      () => logSumExpVjp(matrix(), [1, 2, 3]),
    ],
    [
      'a g of the shape of the columns',
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      'The "g" argument must have shape [2]. Received shape [1, 2]',
      () => logSumExpVjp(matrix(), { data: new Float32Array(2), dims: [1, 2] }),
    ],
    [
      'a Jacobian along two axes',
      'ERR_INVALID_ARG_TYPE',
      'The "options.axis" property must be of type number. Received an instance of Array',
      () => untyped.softmaxJacobian?.(matrix(), { axis: [0, 1] }),
    ],
    [
      'out too small for the matrix',
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      'The "options.out" property must have 9 elements to match shape [3, 3]. Received 3',
      (out) => library.softmaxJacobian(p, { out }),
    ],
    [
      'out of another shape',
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      'The "options.out" property must have shape [2, 3, 3]. Received shape [2, 9]',
      () => library.logSoftmaxJacobian(matrix(), { out: { data: new Float32Array(18), dims: [2, 9] } }),
    ],
    [
      'an unknown axis',
      'ERR_OUT_OF_RANGE',
      'The value of "options.axis" is out of range. It must be >= -1 and <= 0. Received 1',
      (out) => softmaxVjp(p, p, { axis: 1, out }),
    ],
    [
      'two scales',
      'ERR_INVALID_ARG_VALUE',
      "The argument 'options' must have at most one of beta, temperature and base. Received { beta: 1, temperature: 1, base: undefined }",
      (out) => logSumExpVjp(p, 1, { beta: 1, temperature: 1, out }),
    ],
    [
      'NaN, strictly',
      'ERR_SOFTMAX_NON_FINITE',
      `Row 0 of "p" and "g" must be finite and have an element that takes part, as options.nonFinite is 'throw'`,
      (out) => softmaxVjp(p, [1, NaN, 2], { nonFinite: 'throw', out }),
    ],
    [
      'an infinite t, strictly',
      'ERR_SOFTMAX_NON_FINITE',
      `Row 1 of "p" and "t" must be finite and have an element that takes part, as options.nonFinite is 'throw'`,
      () => softmaxJvp(matrix(), [1, 2, 3, 4, 5, Infinity], { nonFinite: 'throw' }),
    ],
    [
      'nothing that takes part, strictly',
      'ERR_SOFTMAX_NON_FINITE',
      `Row 0 of "logP" and "g" must be finite and have an element that takes part, as options.nonFinite is 'throw'`,
      (out) =>
        logSoftmaxVjp(
          p.map(() => -Infinity),
          p,
          { nonFinite: 'throw', out },
        ),
    ],
    [
      'an infinite g of a row, strictly',
      'ERR_SOFTMAX_NON_FINITE',
      `Row 1 of "logits" and "g" must be finite and have an element that takes part, as options.nonFinite is 'throw'`,
      () => logSumExpVjp(matrix(), [1, Infinity], { nonFinite: 'throw' }),
    ],
    [
      'an infinite logit, strictly',
      'ERR_SOFTMAX_NON_FINITE',
      `Row 0 of "logits" must be finite and have an element that takes part, as options.nonFinite is 'throw'`,
      (out) => softmaxBetaGradient(Float32Array.of(1, Infinity, 2), { nonFinite: 'throw', out }),
    ],
  ];

  test.each(refusals)('%s', (_title, code, message, call) => {
    const out = Float32Array.of(7, 7, 7);
    const error = refusalOf(() => call(out));
    expect(error).toMatchObject({ code, message });
    expect([...out]).toEqual([7, 7, 7]);
    expect(error.stack).not.toMatch(/lib\/(operations|validate|derivatives|reference)/);
  });

  test('at probability 0, strictly: nothing is refused', () => {
    const options = { nonFinite: 'throw' } as const;
    expect([...softmaxVjp([0, 1], [NaN, 1], options)]).toEqual([0, 0]);
    expect([...logSoftmaxVjp([-Infinity, 0], [NaN, 1], options)]).toEqual([0, 0]);
    expect([...softmaxVjp([NaN, 1], [1, 1], { ...options, mask: Uint8Array.of(0, 1) })]).toEqual([0, 0]);
  });

  test('out that overlaps an input in part', () => {
    const buffer = new Float32Array(30).fill(7);
    const at = (start: number, n = 3) => buffer.subarray(start, start + n);
    const inPart = ' in part: give the same region, or another one';
    const atAll = ': give another region';
    const mask = new Uint8Array(buffer.buffer, 0, 3);
    const calls: [string, string, () => unknown][] = [
      ['p', inPart, () => softmaxVjp(at(0), at(8), { out: at(1) })],
      ['g', inPart, () => softmaxVjp(at(0), at(8), { out: at(9) })],
      ['t', inPart, () => logSoftmaxJvp({ data: at(0), dims: [3] }, at(8), { out: at(10) })],
      ['g', atAll, () => logSumExpVjp({ data: at(0, 4), dims: [2, 2] }, at(8, 2), { out: at(9, 4) })],
      ['logits', inPart, () => softmaxBetaGradient(at(0), { out: at(2) })],
      ['logits', atAll, () => library.softmaxJacobian(at(5), { out: at(0, 9) })],
      ['options.mask', atAll, () => softmaxVjp(at(8), at(8), { out: at(0), mask })],
    ];
    for (const [name, end, call] of calls) {
      const message = `The "options.out" property must not overlap "${name}"${end}`;
      expect(refusalOf(call)).toMatchObject({ code: 'ERR_SOFTMAX_OVERLAP', message });
    }
    expect(buffer.every((x) => x === 7)).toBe(true);
  });

  test('a detached input', () => {
    const gone = new Float32Array(3);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    const codes = [
      () => softmaxVjp(gone, p),
      () => softmaxVjp(p, gone),
      () => logSumExpVjp({ data: gone, dims: [1, 3] }, [1]),
    ];
    for (const call of codes) expect(refusalOf(call)).toMatchObject({ code: 'ERR_SOFTMAX_DETACHED' });
  });
});
