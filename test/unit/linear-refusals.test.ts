// What linearCrossEntropy refuses: class, code, sentence; and nothing is written.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const floats = (...dims: number[]) => ({ data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.5), dims });
const defaults = { hidden: floats(2, 3), weight: floats(5, 3), target: [0, 4] as unknown };
const shared = new Float32Array(100);

type Given = Partial<Record<keyof typeof defaults, unknown>>;

const refusals: [title: string, given: Given, options: object, code: string, message: string][] = [
  [
    'weight without shape',
    { weight: new Float32Array(15) },
    {},
    'ERR_INVALID_ARG_TYPE',
    'The "weight" argument must be an object with data and dims. Received an instance of Float32Array',
  ],
  [
    'weight of another type',
    { weight: { data: new Float64Array(15), dims: [5, 3] } },
    {},
    'ERR_INVALID_ARG_TYPE',
    'The "weight.data" property must be an instance of Float32Array. Received an instance of Float64Array',
  ],
  [
    'weight of another depth',
    { weight: floats(5, 4) },
    {},
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "weight" argument must have shape [classes, 3]. Received shape [5, 4]',
  ],
  [
    'weight with three axes',
    { weight: floats(1, 5, 3) },
    {},
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "weight" argument must have shape [classes, 3]. Received shape [1, 5, 3]',
  ],
  [
    'hidden without axes',
    { hidden: { data: Float32Array.of(1), dims: [] } },
    {},
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "hidden" argument must have at least one axis. Received shape []',
  ],
  [
    'bias of another length',
    {},
    { bias: [1, 2] },
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "options.bias" property must have shape [5], one for each class. Received shape [2]',
  ],
  [
    'a class out of range',
    { target: [0, 5] },
    {},
    'ERR_OUT_OF_RANGE',
    'The value of "target[1]" is out of range. It must be >= 0 and < 5, or -100 (options.ignoreIndex). Received 5',
  ],
  [
    'a class that is no integer',
    { target: [0, 1.5] },
    {},
    'ERR_OUT_OF_RANGE',
    'The value of "target[1]" is out of range. It must be an integer. Received 1.5',
  ],
  [
    'too many targets',
    { target: [0, 1, 2] },
    {},
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "target" argument must have 10 elements to match shape [2, 5]. Received 3',
  ],
  [
    'a gradient that is an array',
    {},
    { gradient: new Float32Array(6) },
    'ERR_INVALID_ARG_TYPE',
    'The "options.gradient" property must be of type boolean, or an object with hidden, weight and bias. Received an instance of Float32Array',
  ],
  [
    'a gradient of no bias',
    {},
    { gradient: { bias: true } },
    'ERR_INVALID_ARG_VALUE',
    "The property 'options.gradient.bias' must not be given without options.bias. Received true",
  ],
  [
    'storage of another size',
    {},
    { gradient: { weight: new Float32Array(14) } },
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    'The "options.gradient.weight" property must have 15 elements to match shape [5, 3]. Received 14',
  ],
  [
    'storage of another type',
    {},
    { gradient: { hidden: new Float64Array(6) } },
    'ERR_INVALID_ARG_TYPE',
    'The "options.gradient.hidden" property must be an instance of Float32Array, or an object with data and dims. Received an instance of Float64Array',
  ],
  [
    'the gradient of weight in its place',
    {},
    { gradient: { weight: defaults.weight } },
    'ERR_SOFTMAX_OVERLAP',
    'The "options.gradient.weight" property must not overlap "weight"',
  ],
  [
    'the gradient of hidden half in its place',
    { hidden: { data: shared.subarray(0, 6), dims: [2, 3] } },
    { gradient: { hidden: shared.subarray(3, 9) } },
    'ERR_SOFTMAX_OVERLAP',
    'The "options.gradient.hidden" property must not overlap "hidden"',
  ],
  [
    'two gradients in one place',
    {},
    { gradient: { hidden: shared.subarray(0, 6), weight: shared.subarray(5, 20) } },
    'ERR_SOFTMAX_OVERLAP',
    'The "options.gradient.weight" property must not overlap "options.gradient.hidden"',
  ],
  ['a mask of another shape', {}, { mask: new Uint8Array(4) }, 'ERR_SOFTMAX_SHAPE_MISMATCH', 'broadcast to'],
  ['weights of classes', {}, { weight: [1, 2] }, 'ERR_SOFTMAX_SHAPE_MISMATCH', '"options.weight"'],
  ['smoothing', {}, { labelSmoothing: 2 }, 'ERR_OUT_OF_RANGE', '"options.labelSmoothing"'],
  ['softcap', {}, { softcap: 0 }, 'ERR_OUT_OF_RANGE', '"options.softcap"'],
  ['two scales', {}, { beta: 1, temperature: 1 }, 'ERR_INVALID_ARG_VALUE', 'temperature'],
];

describe.each(libraries)('%s', (_, { linearCrossEntropy }) => {
  test.each(refusals)('%s', (_title, given, options, code, message) => {
    const { hidden, weight, target } = { ...defaults, ...given };
    shared.fill(0.25);
    const call = linearCrossEntropy as (...args: unknown[]) => unknown;
    const run = () => call(hidden, weight, target, options);
    expect(run).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
    const storage = { hidden: new Float32Array(6).fill(7), weight: new Float32Array(15).fill(7) };
    if (!('gradient' in options)) {
      expect(() => call(hidden, weight, target, { ...options, gradient: storage })).toThrow();
      expect([...storage.hidden, ...storage.weight].every((x) => x === 7)).toBe(true);
    }
    expect(shared.every((x) => x === 0.25)).toBe(true);
  });

  test('detached arrays', () => {
    const weight = floats(5, 3);
    structuredClone(weight.data.buffer, { transfer: [weight.data.buffer as ArrayBuffer] });
    expect(() => linearCrossEntropy(defaults.hidden, weight, [0, 1])).toThrow(
      expect.objectContaining({ code: 'ERR_SOFTMAX_DETACHED' }),
    );
  });

  test('the stack begins at the call', () => {
    try {
      linearCrossEntropy(defaults.hidden, floats(5, 4), [0, 1]);
    } catch (error) {
      const { stack } = error as Error;
      expect(stack?.split('\n')[1]).toContain('linear-refusals.test.ts');
      return;
    }
    throw new Error('not refused');
  });
});
