// Every function of floats on floats of 16 bits: what it gives for the widened ones, rounded once where it has the shape of
// the input, float32 where there is one number for each row.
import { describe, expect, test } from 'vitest';
import { ofKind } from '../../../lib/operations/halves';
import * as promises from '../../../lib/promises';
import { type Library, libraries } from '../../libraries';
import { createRandom } from '../../seed';
import { halfTypes, nearest } from './elements';

type Type = 'float16' | 'bfloat16' | 'float32';
type Tensor = { data: ArrayLike<number>; dims: number[]; type: Type };
type Make = (...dims: number[]) => Tensor;
type Functions = Readonly<Record<string, (...args: unknown[]) => unknown>>;

const everyLibrary = [...libraries, ['softmax-native/promises', promises]] as [string, unknown][];

/** Each with its arguments, made anew from the same values in the type wanted. */
const cases: [title: string, call: (library: Functions, make: Make) => unknown][] = [
  ...['softmax', 'logSoftmax', 'hardmax', 'softmaxBetaGradient'].flatMap((name): typeof cases => [
    [name, (library, make) => library[name]?.(make(3, 7))],
    [
      `${name} along two axes`,
      (library, make) => library[name]?.(make(3, 4, 5), name === 'hardmax' ? { axis: 1 } : { axis: [0, 2] }),
    ],
    [
      `${name}, masked and scaled`,
      (library, make) => library[name]?.(make(2, 5), { beta: -1e30, mask: Uint8Array.of(1, 0, 1, 1, 1) }),
    ],
  ]),
  ...['logSumExp', 'smoothMax', 'argmax', 'diagnose'].flatMap((name): typeof cases => [
    [name, (library, make) => library[name]?.(make(3, 7))],
    [`${name} along axis 0`, (library, make) => library[name]?.(make(3, 7), { axis: 0 })],
  ]),
  ['logSumExp, weighted', (library, make) => library.logSumExp?.(make(3, 4), { weights: make(4), returnSign: true })],
  ...['softmaxJacobian', 'logSoftmaxJacobian'].map((name): (typeof cases)[number] => [
    name,
    (library, make) => library[name]?.(make(2, 6)),
  ]),
  ...['softmaxVjp', 'softmaxJvp', 'logSoftmaxVjp', 'logSoftmaxJvp'].flatMap((name): typeof cases => [
    [name, (library, make) => library[name]?.(make(3, 7), make(3, 7), { beta: 2 })],
    [`${name} along two axes`, (library, make) => library[name]?.(make(3, 4, 5), make(3, 4, 5), { axis: [0, 2] })],
  ]),
  ['logSumExpVjp', (library, make) => library.logSumExpVjp?.(make(2, 5), Float32Array.of(0.3, -2))],
  [
    'crossEntropy',
    (library, make) =>
      library.crossEntropy?.(make(3, 6), [1, -100, 5], { gradient: true, weight: [1, 2, 1, 1, 0.5, 3] }),
  ],
  [
    'crossEntropy of probabilities',
    (library, make) =>
      library.crossEntropy?.(make(2, 4), make(2, 4), {
        gradient: true,
        targetGradient: true,
        reduction: 'none',
        labelSmoothing: 0.1,
      }),
  ],
  ['nllLoss', (library, make) => library.nllLoss?.(make(3, 6), [1, 2, 5], { gradient: true, reduction: 'sum' })],
  ['klDivergence', (library, make) => library.klDivergence?.(make(3, 6), make(3, 6))],
  [
    'linearCrossEntropy',
    (library, make) =>
      library.linearCrossEntropy?.(make(3, 4), make(5, 4), [1, 2, 4], { gradient: true, bias: make(5) }),
  ],
  [
    'attention',
    (library, make) =>
      library.attention?.(make(4, 3, 8), make(2, 5, 8), make(2, 5, 6), {
        returnLogSumExp: true,
        returnWeights: true,
        bias: make(3, 5),
      }),
  ],
  [
    'attentionVjp',
    (library, make) =>
      library.attentionVjp?.(make(2, 3, 4), make(2, 5, 4), make(2, 5, 4), make(2, 3, 4), {
        bias: make(3, 5),
        biasGradient: true,
      }),
  ],
];

/** Tensors of values that float16 and bfloat16 hold exactly, the same in every type. */
function maker(type: Type): Make {
  const random = createRandom(7);
  return (...dims) => {
    const size = dims.reduce((a, b) => a * b, 1);
    const values = Array.from({ length: size }, () => Math.floor(random() * 128) / 32);
    if (type === 'float32') return { data: Float32Array.from(values), dims, type };
    const half = halfTypes.find((one) => one.type === type) as (typeof halfTypes)[number];
    return { data: Uint16Array.from(values, (value) => nearest(value, half)), dims, type };
  };
}

/** The result for float32 with everything of the input's kind rounded to it. */
function roundedLike(found: unknown, wide: unknown, type: Type): unknown {
  if (typeof found !== 'object' || found === null) return wide;
  const { data, dims, type: given } = wide as Partial<Tensor>;
  if (data === undefined) {
    const fields = Object.entries(wide as object);
    return Object.fromEntries(fields.map(([key, value]) => [key, roundedLike((found as never)[key], value, type)]));
  }
  if ((found as Tensor).type === given) return wide;
  return { data: ofKind(type, data as Float32Array), dims, type };
}

describe.each(everyLibrary)('%s', (_, library) => {
  describe.each(['float16', 'bfloat16'] as const)('%s', (type) => {
    test.each(cases)('%s', async (_title, call) => {
      const found = await call(library as Functions, maker(type));
      const wide = await call(library as Functions, maker('float32'));
      expect(found).toEqual(roundedLike(found, wide, type));
    });
  });
});

describe.each(libraries as [string, Library][])('%s', (_, { softmax, logSumExp, crossEntropy }) => {
  const half = halfTypes[0] as (typeof halfTypes)[number];
  const bits = Uint16Array.from([1, 2, 4, -3], (value) => nearest(value, half));
  const logits = { data: bits, dims: [2, 2], type: 'float16' };

  test('results have the type of the input, and numbers of rows are float32', () => {
    expect(softmax(logits).type).toBe('float16');
    expect(logSumExp(logits).data).toBeInstanceOf(Float32Array);
    expect(crossEntropy(logits, [0, 1], { gradient: true }).gradient.type).toBe('float16');
  });

  test('into storage, and in place', () => {
    const expected = softmax(logits).data;
    const out = new Uint16Array(4);
    expect(softmax(logits, { out })).toBe(out);
    expect(out).toEqual(expected);
    const copy = { data: bits.slice(), dims: [2, 2], type: 'float16' };
    expect(softmax(copy, { out: copy })).toBe(copy);
    expect(copy.data).toEqual(expected);
  });

  test('what a Uint16Array holds must be said, and storage must hold the same', () => {
    const untyped: (...args: unknown[]) => unknown = softmax as never;
    const data = Uint16Array.of(0, 0);
    expect(() => untyped(data)).toThrow(
      'The "logits" argument must be an instance of Float32Array, Float64Array, Float16Array or Array, or an object with ' +
        'data and dims. Received an instance of Uint16Array',
    );
    expect(() => untyped({ data, dims: [2] })).toThrow(
      "The property 'logits.type' must be 'float16' or 'bfloat16' for data in a Uint16Array. Received undefined",
    );
    expect(() => untyped({ data, dims: [2], type: 'uint16' })).toThrow("Received 'uint16'");
    expect(() => untyped({ data, dims: [2], type: 'float16' }, { out: { data, dims: [2], type: 'bfloat16' } })).toThrow(
      "The property 'options.out.type' must be 'float16' for data in a Uint16Array. Received 'bfloat16'",
    );
    expect(() => untyped({ data, dims: [2], type: 'float16' }, { out: new Float32Array(2) })).toThrow(
      'The "options.out" property must be an instance of Uint16Array, or an object with data and dims',
    );
    structuredClone(data.buffer, { transfer: [data.buffer] });
    expect(() => untyped({ data, dims: [0], type: 'float16' })).toThrow('detached');
  });
});

test('arrays of 16 bits can be given away to promises', async () => {
  const data = Uint16Array.from({ length: 100_000 }, (_, i) => 0x3c00 + (i % 7));
  const logits = { data, dims: [1000, 100], type: 'float16' };
  const expected = libraries[0]?.[1].softmax({ data: data.slice(), dims: [1000, 100], type: 'float16' }).data;
  const { result, transferred } = await promises.softmax(logits, { out: logits, transfer: true });
  expect(data.length).toBe(0);
  expect((result as unknown as Tensor).data).toEqual(expected);
  expect(transferred).toHaveLength(2);
});

// Node 24 has it. What it is made of is tested above, through Uint16Array.
describe.runIf('Float16Array' in globalThis)('Float16Array', () => {
  type Float16 = ArrayLike<number> & { readonly [Symbol.toStringTag]: 'Float16Array'; [index: number]: number };
  const { Float16Array } = globalThis as unknown as { Float16Array: { from(values: Iterable<number>): Float16 } };

  test.each(libraries as [string, Library][])('%s gives one back', (_, { softmax, logSumExp, crossEntropy }) => {
    const logits = Float16Array.from([1, 2, 4, -3]);
    const wide = Float32Array.of(1, 2, 4, -3);
    const expected = Float16Array.from(softmax(wide));
    const found = softmax(logits);
    expect(found[Symbol.toStringTag]).toBe('Float16Array');
    expect([...(found as never as number[])]).toEqual([...(expected as never as number[])]);
    expect(logSumExp(logits)).toBe(logSumExp(wide));
    expect(crossEntropy({ data: logits, dims: [1, 4] }, [2], { gradient: true }).gradient.type).toBe('float16');
    expect(softmax(logits, { out: logits })).toBe(logits);
    expect([...(logits as never as number[])]).toEqual([...(expected as never as number[])]);
  });
});
