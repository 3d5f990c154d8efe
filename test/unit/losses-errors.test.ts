// What the losses refuse, in what words, with nothing written.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const batch = () => ({ data: new Float32Array(8).fill(1), dims: [2, 4] });

type Refused = [title: string, target: unknown, options: object, code: string, message: string];

const range = (name: string, wanted: string, received: string): [string, string] => [
  'ERR_OUT_OF_RANGE',
  `The value of "${name}" is out of range. It must be ${wanted}. Received ${received}`,
];
const index = (name: string, received: string) => range(name, '>= 0 and < 4, or -100 (options.ignoreIndex)', received);

const refused: Refused[] = [
  ['a class that is not', [0, 4], {}, ...index('target[1]', '4')],
  ['a negative class', Int32Array.of(-1, 0), {}, ...index('target[0]', '-1')],
  ['a great class', BigInt64Array.of(0n, 2n ** 40n), {}, ...index('target[1]', '1099511627776n')],
  ['NaN', [NaN, 0], {}, ...index('target[0]', 'NaN')],
  ['a fraction', [0, 0.5], {}, ...range('target[1]', 'an integer', '0.5')],
  ['in a tensor', { data: Int32Array.of(0, 9), dims: [2] }, {}, ...index('target.data[1]', '9')],
  [
    'another ignoreIndex',
    [-1, -100],
    { ignoreIndex: -1 },
    ...range('target[1]', '>= 0 and < 4, or -1 (options.ignoreIndex)', '-100'),
  ],
  [
    'too few',
    Int32Array.of(0),
    {},
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "target" argument must have 2 elements to match shape [2]. Received 1',
  ],
  [
    'a number for two rows',
    0,
    {},
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "target" argument must have 2 elements to match shape [2]. Received 1',
  ],
  [
    'too few probabilities',
    new Float32Array(7),
    {},
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "target" argument must have 8 elements to match shape [2, 4]. Received 7',
  ],
  [
    'probabilities of another shape',
    { data: new Float32Array(8), dims: [4, 2] },
    {},
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "target" argument must have shape [2, 4]. Received shape [4, 2]',
  ],
  [
    'another kind of target',
    'cat',
    {},
    'ERR_INVALID_ARG_TYPE',
    `The "target" argument must be of type number, an instance of Int32Array, BigInt64Array, Float32Array, Float64Array or Array, or an object with data and dims. Received type string ('cat')`,
  ],
  ['a negative weight', [0, 1], { weight: [1, 1, -1, 1] }, ...range('options.weight[2]', 'finite and >= 0', '-1')],
  [
    'too few weights',
    [0, 1],
    { weight: [1, 1] },
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "options.weight" property must have 4 elements, one for each class. Received 2',
  ],
  ['smoothing beyond 1', [0, 1], { labelSmoothing: 1.5 }, ...range('options.labelSmoothing', '>= 0 and <= 1', '1.5')],
  [
    'smoothing over what',
    [0, 1],
    { labelSmoothing: { epsilon: 0.1, over: 'none' } },
    'ERR_INVALID_ARG_VALUE',
    `The property 'options.labelSmoothing.over' must be one of: 'all', 'others'. Received 'none'`,
  ],
  [
    'smoothing of a kind',
    [0, 1],
    { labelSmoothing: 'a' },
    'ERR_INVALID_ARG_TYPE',
    `The "options.labelSmoothing" property must be of type number, or an object with epsilon. Received type string ('a')`,
  ],
  ['a negative z-loss', [0, 1], { zLoss: -1 }, ...range('options.zLoss', 'finite and >= 0', '-1')],
  ['no cap', [0, 1], { softcap: 0 }, ...range('options.softcap', 'finite and > 0', '0')],
  [
    'an unknown reduction',
    [0, 1],
    { reduction: 'all' },
    'ERR_INVALID_ARG_VALUE',
    `The property 'options.reduction' must be one of: 'mean', 'sum', 'none'. Received 'all'`,
  ],
  ['an ignoreIndex that is none', [0, 1], { ignoreIndex: 0.5 }, ...range('options.ignoreIndex', 'an integer', '0.5')],
  [
    'an ignoreIndex of a kind',
    [0, 1],
    { ignoreIndex: '1' },
    'ERR_INVALID_ARG_TYPE',
    `The "options.ignoreIndex" property must be of type number. Received type string ('1')`,
  ],
  [
    'the derivative in an index',
    [0, 1],
    { targetGradient: true },
    'ERR_INVALID_ARG_VALUE',
    `The property 'options.targetGradient' must not be given with class indices. Received true`,
  ],
  [
    'a gradient of another kind',
    [0, 1],
    { gradient: new Float64Array(8) },
    'ERR_INVALID_ARG_TYPE',
    'The "options.gradient" property must be an instance of Float32Array, or an object with data and dims. Received an instance of Float64Array',
  ],
];

describe.each(libraries)('%s', (_, { crossEntropy, nllLoss, klDivergence }) => {
  const call = crossEntropy as unknown as (logits: unknown, target: unknown, options: object) => unknown;

  test.each(refused)('%s', (_title, target, options, code, message) => {
    const gradient = new Float32Array(8).fill(7);
    const given = { gradient, ...options };
    let error: (Error & { code?: string }) | undefined;
    try {
      call(batch(), target, given);
    } catch (thrown) {
      error = thrown as Error;
    }
    expect(error?.message).toBe(message);
    expect(error?.code).toBe(code);
    expect(error?.stack).toContain('losses-errors.test.ts');
    expect(error?.stack).not.toMatch(/\/lib\/(operations|losses|reference)/);
    expect(gradient.every((value) => value === 7)).toBe(true);
  });

  test('what overlaps', () => {
    const memory = new Float32Array(17);
    const z = { data: memory.subarray(0, 8), dims: [2, 4] };
    const overlaps = (run: () => unknown, name: string) =>
      expect(run).toThrow(
        expect.objectContaining({ code: 'ERR_SOFTMAX_OVERLAP', message: expect.stringContaining(name) }),
      );
    overlaps(() => crossEntropy(z, [0, 1], { gradient: memory.subarray(1, 9) }), '"options.gradient"');
    overlaps(() => crossEntropy(z, memory.subarray(8, 16), { gradient: memory.subarray(9, 17) }), '"target"');
    overlaps(() => crossEntropy(z, new Float32Array(8), { targetGradient: memory.subarray(0, 8) }), '"logits"');
    const out = new Float32Array(8);
    overlaps(() => crossEntropy(z, new Float32Array(8), { gradient: out, targetGradient: out }), '"options.gradient"');
    overlaps(() => klDivergence(z, z, { out: memory.subarray(0, 2) }), '"logits"');
  });

  test('the others refuse by their own names', () => {
    expect(() => nllLoss('a' as never, 0)).toThrow('The "logProbabilities" argument must be');
    expect(() => nllLoss([0, 0], 2)).toThrow('The value of "target" is out of range');
    expect(() => klDivergence([1, 2], [1, 2, 3])).toThrow(
      'The "otherLogits" argument must have shape [2]. Received shape [3]',
    );
    expect(() => klDivergence([1, NaN], [1, 2], { nonFinite: 'throw' })).toThrow(/^Row 0 of/);
  });
});
