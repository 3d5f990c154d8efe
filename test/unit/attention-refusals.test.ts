// What attention and attentionVjp refuse: class, code, sentence; and nothing is written.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const floats = (...dims: number[]) => ({ data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.5), dims });
const defaults = { query: floats(2, 4, 3, 8), key: floats(2, 2, 5, 8), value: floats(2, 2, 5, 6) };
const shared = new Float32Array(1000);

type Given = Partial<Record<keyof typeof defaults, unknown>>;
type Refusal = [title: string, given: Given, options: object, code: string, message: string];

const typed = (name: string, expected: string, received: string) =>
  `The "${name}" ${name.includes('.') ? 'property' : 'argument'} must be ${expected}. Received ${received}`;
const type = 'ERR_INVALID_ARG_TYPE';
const shape = 'ERR_SOFTMAX_SHAPE_MISMATCH';
const value = 'ERR_INVALID_ARG_VALUE';
const range = 'ERR_OUT_OF_RANGE';

const refusals: Refusal[] = [
  [
    'a query without shape',
    { query: new Float32Array(8) },
    {},
    type,
    typed('query', 'an object with data and dims', 'an instance of Float32Array'),
  ],
  [
    'a key without shape',
    { key: new Float32Array(8) },
    {},
    type,
    typed('key', 'an object with data and dims', 'an instance of Float32Array'),
  ],
  [
    'a value of another type',
    { value: { data: new Float64Array(120), dims: [2, 2, 5, 6] } },
    {},
    type,
    typed('value.data', 'an instance of Float32Array', 'an instance of Float64Array'),
  ],
  [
    'one axis',
    { query: floats(3) },
    {},
    shape,
    'The "query" argument must have shape [..., heads, length, d] or [length, d]. Received shape [3]',
  ],
  [
    'a key of another d',
    { key: floats(2, 2, 5, 7) },
    {},
    shape,
    'The "key" argument must have shape [2, heads, any, 8] with heads dividing 4 to match "query". Received shape [2, 2, 5, 7]',
  ],
  [
    'key heads that do not divide',
    { key: floats(2, 3, 5, 8) },
    {},
    shape,
    'The "key" argument must have shape [2, heads, any, 8] with heads dividing 4 to match "query". Received shape [2, 3, 5, 8]',
  ],
  [
    'a key of another batch',
    { key: floats(1, 2, 5, 8) },
    {},
    shape,
    'The "key" argument must have shape [2, heads, any, 8] with heads dividing 4 to match "query". Received shape [1, 2, 5, 8]',
  ],
  [
    'a key of fewer axes',
    { query: floats(3, 8), key: floats(2, 5, 8) },
    {},
    shape,
    'The "key" argument must have shape [any, 8] to match "query". Received shape [2, 5, 8]',
  ],
  [
    'a value of another length',
    { value: floats(2, 2, 4, 6) },
    {},
    shape,
    'The "value" argument must have shape [2, 2, 5, any] to match "key". Received shape [2, 2, 4, 6]',
  ],
  [
    'a mask of floats',
    {},
    { mask: new Float32Array(5) },
    type,
    typed('options.mask', 'an instance of Uint8Array, or an object with data and dims', 'an instance of Float32Array'),
  ],
  [
    'a mask of booleans',
    {},
    { mask: [true, false] },
    type,
    typed('options.mask', 'an instance of Uint8Array, or an object with data and dims', 'an instance of Array'),
  ],
  [
    'a mask that does not fit',
    {},
    { mask: { data: new Uint8Array(4), dims: [4] } },
    shape,
    'The "options.mask" property must broadcast to shape [2, 4, 3, 5]. Received shape [4]',
  ],
  [
    'a bias of another type',
    {},
    { bias: new Float64Array(5) },
    type,
    typed(
      'options.bias',
      'an instance of Float32Array or Array, or an object with data and dims',
      'an instance of Float64Array',
    ),
  ],
  [
    'a bias that does not fit',
    {},
    { bias: floats(2, 2, 1, 5) },
    shape,
    'The "options.bias" property must broadcast to shape [2, 4, 3, 5]. Received shape [2, 2, 1, 5]',
  ],
  [
    'an unknown causal',
    {},
    { causal: 'left' },
    value,
    "The property 'options.causal' must be one of: true, false, 'topLeft', 'bottomRight'. Received 'left'",
  ],
  [
    'a negative window',
    {},
    { window: -1 },
    range,
    'The value of "options.window" is out of range. It must be an integer >= 0 or Infinity. Received -1',
  ],
  [
    'a window of one',
    {},
    { window: [1] },
    value,
    "The property 'options.window' must have two elements, [left, right]. Received [ 1 ]",
  ],
  [
    'a window of words',
    {},
    { window: [1, '2'] },
    type,
    typed('options.window[1]', 'of type number', "type string ('2')"),
  ],
  [
    'a broken window',
    {},
    { window: [1.5, 2] },
    range,
    'The value of "options.window[0]" is out of range. It must be an integer >= 0 or Infinity. Received 1.5',
  ],
  [
    'a scale of NaN',
    {},
    { scale: NaN },
    range,
    'The value of "options.scale" is out of range. It must be finite. Received NaN',
  ],
  ['a scale in words', {}, { scale: '1' }, type, typed('options.scale', 'of type number', "type string ('1')")],
  [
    'a cap of 0',
    {},
    { softcap: 0 },
    range,
    'The value of "options.softcap" is out of range. It must be finite and > 0. Received 0',
  ],
  ['a beta of NaN', {}, { beta: NaN }, value, "The property 'options.beta' must not be NaN. Received NaN"],
  [
    'an unknown rule',
    {},
    { nonFinite: 'skip' },
    value,
    "The property 'options.nonFinite' must be one of: 'limit', 'ieee', 'throw'. Received 'skip'",
  ],
  ['options that are none', {}, [] as object, type, typed('options', 'of type object', 'an instance of Array')],
];

const ofAttention: Refusal[] = [
  [
    'a flag that is none',
    {},
    { returnWeights: 1 },
    type,
    typed('options.returnWeights', 'of type boolean', 'type number (1)'),
  ],
  [
    'another flag',
    {},
    { returnLogSumExp: 'yes' },
    type,
    typed('options.returnLogSumExp', 'of type boolean', "type string ('yes')"),
  ],
  [
    'storage of another type',
    {},
    { out: new Float64Array(144) },
    type,
    typed('options.out', 'an instance of Float32Array, or an object with data and dims', 'an instance of Float64Array'),
  ],
  [
    'storage of another size',
    {},
    { out: new Float32Array(143) },
    shape,
    'The "options.out" property must have 144 elements to match shape [2, 4, 3, 6]. Received 143',
  ],
  [
    'storage of another shape',
    {},
    { out: floats(4, 2, 3, 6) },
    shape,
    'The "options.out" property must have shape [2, 4, 3, 6]. Received shape [4, 2, 3, 6]',
  ],
  [
    'storage over the value',
    { value: { data: shared.subarray(0, 120), dims: [2, 2, 5, 6] } },
    { out: shared.subarray(100, 244) },
    'ERR_SOFTMAX_OVERLAP',
    'The "options.out" property must not overlap "value": give another region',
  ],
];

const direction = floats(2, 4, 3, 6);
const ofVjp: Refusal[] = [
  [
    'a gradient of a bias that is not there',
    {},
    { biasGradient: true },
    value,
    "The property 'options.biasGradient' must not be given without options.bias. Received true",
  ],
  [
    'an output of another shape',
    {},
    { output: floats(2, 4, 3, 5) },
    shape,
    'The "options.output" property must have shape [2, 4, 3, 6]. Received shape [2, 4, 3, 5]',
  ],
  [
    'log-sum-exps of another shape',
    {},
    { logSumExp: floats(2, 4, 3, 6) },
    shape,
    'The "options.logSumExp" property must have shape [2, 4, 3]. Received shape [2, 4, 3, 6]',
  ],
];

describe.each(libraries)('%s', (_, { attention, attentionVjp }) => {
  const throwing = (call: () => unknown): { code?: string; message?: string } => {
    try {
      call();
      return {};
    } catch (error) {
      return error as { code: string; message: string };
    }
  };

  test.each([...refusals, ...ofAttention])('attention: %s', (_title, given, options, code, message) => {
    const { query, key, value } = { ...defaults, ...given };
    const error = throwing(() => attention(query as never, key as never, value as never, options as never));
    expect(error.message).toBe(message);
    expect(error.code).toBe(code);
  });

  test.each([...refusals, ...ofVjp])('attentionVjp: %s', (_title, given, options, code, message) => {
    const { query, key, value } = { ...defaults, ...given };
    const error = throwing(() =>
      attentionVjp(query as never, key as never, value as never, direction as never, options as never),
    );
    expect(error.message).toBe(message);
    expect(error.code).toBe(code);
  });

  test('attentionVjp: a gradient of another shape or type', () => {
    const { query, key, value } = defaults;
    const call = (gradient: unknown) => throwing(() => attentionVjp(query, key, value, gradient as never));
    expect(call(floats(2, 4, 3, 8)).message).toBe(
      'The "outputGradient" argument must have shape [2, 4, 3, 6]. Received shape [2, 4, 3, 8]',
    );
    expect(call(new Float64Array(144)).message).toBe(
      typed(
        'outputGradient',
        'an instance of Float32Array, or an object with data and dims',
        'an instance of Float64Array',
      ),
    );
  });

  test('arrays that are gone', () => {
    const query = { data: new Float32Array(24), dims: [3, 8] };
    structuredClone(query.data.buffer, { transfer: [query.data.buffer] });
    const error = throwing(() => attention(query, floats(5, 8), floats(5, 6)));
    expect(error.code).toBe('ERR_SOFTMAX_DETACHED');
  });
});
