// Masks, weights and storage that are refused, and rows under nonFinite 'throw'.
import {
  doesNotFit,
  elementwise,
  indices,
  isNonFinite,
  isOutOfRange,
  matrix,
  mustBe,
  ofLogits,
  ofOptions,
  type Refusal,
  sums,
} from './refusal';

const ofData = (name: string, kind: string, received: string) =>
  mustBe(`options.${name}`, `an instance of ${kind}, or an object with data and dims`, received);
const broadcast = (name: string, shape: string, received: string) =>
  doesNotFit(`options.${name}`, `broadcast to shape ${shape}`, `shape ${received}`);
const mask = (data: ArrayLike<number>, ...dims: number[]) => ({ mask: { data, dims } });

const masks: Refusal[] = [
  ofOptions('a mask of booleans', () => ({ mask: [true] }), ofData('mask', 'Uint8Array', 'an instance of Array')),
  ofOptions(
    'a mask of floats',
    () => mask(new Float32Array(3), 3),
    mustBe('options.mask.data', 'an instance of Uint8Array', 'an instance of Float32Array'),
  ),
  ofOptions('a mask of another length', () => ({ mask: new Uint8Array(2) }), broadcast('mask', '[3]', '[2]')),
  ofOptions(
    'a mask that does not broadcast',
    () => mask(new Uint8Array(2), 1, 2),
    broadcast('mask', '[2, 3]', '[1, 2]'),
    undefined,
    matrix,
  ),
  ofOptions('a mask of more axes', () => mask(new Uint8Array(3), 1, 3), broadcast('mask', '[3]', '[1, 3]')),
  ofOptions(
    'a mask whose dims do not fit its data',
    () => mask(new Uint8Array(2), 3),
    doesNotFit('options.mask.data', 'have 3 elements to match shape [3]', '2'),
  ),
];

const weights: Refusal[] = [
  ofOptions(
    'weights that are strings',
    () => ({ weights: ['a'] }),
    {
      ...mustBe('', '', ''),
      message: `The "options.weights[0]" property must be of type number. Received type string ('a')`,
    },
    ['logSumExp'],
  ),
  ofOptions('weights of another length', () => ({ weights: [1, 2] }), broadcast('weights', '[3]', '[2]'), [
    'logSumExp',
  ]),
];

const storage: Refusal[] = [
  ofOptions(
    'out of another element type',
    () => ({ out: new Float64Array(3) }),
    ofData('out', 'Float32Array', 'an instance of Float64Array'),
    [...elementwise, ...sums],
  ),
  ofOptions(
    'out of floats for indices',
    () => ({ out: new Float32Array(1) }),
    ofData('out', 'Int32Array', 'an instance of Float32Array'),
    indices,
  ),
  ofOptions('out of numbers', () => ({ out: [0, 0, 0] }), ofData('out', 'Float32Array', 'an instance of Array'), [
    ...elementwise,
    ...sums,
  ]),
  ...[{}, { mask: new Uint8Array(3) }].map((more) =>
    ofOptions(
      `out of another length, ${Object.keys(more).length} more options`,
      () => ({ out: new Float32Array(4), ...more }),
      doesNotFit('options.out', 'have 3 elements to match shape [3]', '4'),
      elementwise,
    ),
  ),
  ofOptions(
    'out of another shape',
    () => ({ out: { data: new Float32Array(6), dims: [3, 2] } }),
    doesNotFit('options.out', 'have shape [2, 3]', 'shape [3, 2]'),
    elementwise,
    matrix,
  ),
  ofOptions(
    'out of another length for sums',
    () => ({ out: new Float32Array(3) }),
    doesNotFit('options.out', 'have 2 elements to match shape [2]', '3'),
    sums,
    matrix,
  ),
  ofOptions(
    'out of two elements for one sum',
    () => ({ out: new Float32Array(2) }),
    doesNotFit('options.out', 'have 1 element to match shape []', '2'),
    sums,
  ),
];

const strictly = { nonFinite: 'throw' };
const columns = () => ({ data: Float64Array.of(1, 2, 3, 4, 5, -Infinity), dims: [2, 3] });

const rows: Refusal[] = [
  ofOptions(
    'NaN, strictly',
    () => strictly,
    isNonFinite(1),
    undefined,
    () => ({
      data: Float32Array.of(1, 2, 3, NaN, 5, NaN),
      dims: [3, 2],
    }),
  ),
  ofOptions(
    'Infinity, strictly',
    () => strictly,
    isNonFinite(0),
    undefined,
    () => [1, Infinity],
  ),
  ofOptions('-Infinity in a column, strictly', () => ({ ...strictly, axis: 0 }), isNonFinite(2), undefined, columns),
  ofOptions(
    'a row all masked, strictly',
    () => ({ ...strictly, ...mask(Uint8Array.of(1, 1, 1, 0, 0, 0), 2, 3) }),
    isNonFinite(1),
    undefined,
    matrix,
  ),
  ofOptions(
    'no logits, strictly',
    () => strictly,
    isNonFinite(0),
    [...elementwise, ...sums],
    () => [],
  ),
];

const nothing = (name: string) => isOutOfRange(name, '>= 1', '0');

export const refusedArrays: Refusal[] = [
  ...masks,
  ...weights,
  ...storage,
  ...rows,
  {
    ...ofLogits('nothing to choose from', () => new Float32Array(0), nothing('logits.length')),
    of: indices,
  },
  {
    ...ofLogits('rows of nothing', () => ({ data: new Float32Array(0), dims: [3, 0] }), nothing('logits.dims[1]')),
    of: indices,
  },
];
