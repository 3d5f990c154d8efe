// Numbers, names and flags that are refused.
import {
  elementwise,
  indices,
  isOutOfRange,
  isUnusable,
  matrix,
  mustBe,
  ofOptions,
  type Refusal,
  sums,
  vector,
} from './refusal';

const object = (received: string) => mustBe('options', 'of type object', received);
const atMostOne = (received: string) =>
  isUnusable('options', 'must have at most one of beta, temperature and base', received);
const number = (name: string, received: string) => mustBe(`options.${name}`, 'of type number', received);
const notNaN = (name: string) => isUnusable(`options.${name}`, 'must not be NaN', 'NaN');
const axisRange = (received: string) => isOutOfRange('options.axis', '>= -2 and <= 1', received);
const severalAxes = [...elementwise.slice(0, 2), ...sums];

const scales: Refusal[] = [
  ofOptions('beta that is no number', () => ({ beta: '1' }), number('beta', "type string ('1')")),
  ofOptions('temperature that is no number', () => ({ temperature: 1n }), number('temperature', 'type bigint (1n)')),
  ofOptions('base that is no number', () => ({ base: null }), number('base', 'null')),
  ofOptions('beta NaN', () => ({ beta: NaN }), notNaN('beta')),
  ofOptions('temperature NaN', () => ({ temperature: NaN }), notNaN('temperature')),
  ofOptions('base NaN', () => ({ base: NaN }), notNaN('base')),
  ofOptions('base 0', () => ({ base: 0 }), isOutOfRange('options.base', '> 0', '0')),
  ofOptions('a negative base', () => ({ base: -2 }), isOutOfRange('options.base', '> 0', '-2')),
  ofOptions(
    'beta and temperature',
    () => ({ beta: 1, temperature: 1 }),
    atMostOne('{ beta: 1, temperature: 1, base: undefined }'),
  ),
  ofOptions(
    'temperature and base',
    () => ({ temperature: 1, base: 2 }),
    atMostOne('{ beta: undefined, temperature: 1, base: 2 }'),
  ),
  ofOptions('beta and base', () => ({ beta: 1, base: 2 }), atMostOne('{ beta: 1, temperature: undefined, base: 2 }')),
];

const names: Refusal[] = [
  ofOptions(
    'an unknown rule',
    () => ({ nonFinite: 'ignore' }),
    isUnusable('options.nonFinite', "must be one of: 'limit', 'ieee', 'throw'", "'ignore'"),
  ),
  ofOptions(
    'unknown ties',
    () => ({ ties: 'last' }),
    isUnusable('options.ties', "must be one of: 'first', 'split'", "'last'"),
    ['hardmax'],
  ),
  ofOptions(
    'keepDims that is no boolean',
    () => ({ keepDims: 1 }),
    mustBe('options.keepDims', 'of type boolean', 'type number (1)'),
    [...sums, ...indices],
  ),
  ofOptions(
    'returnSign that is no boolean',
    () => ({ returnSign: 'yes' }),
    mustBe('options.returnSign', 'of type boolean', "type string ('yes')"),
    ['logSumExp'],
  ),
];

const axes: Refusal[] = [
  ofOptions(
    'an axis that is no number',
    () => ({ axis: '0' }),
    mustBe('options.axis', 'of type number or an instance of Array', "type string ('0')"),
    severalAxes,
  ),
  ofOptions(
    'several axes where there is one choice',
    () => ({ axis: [0, 1] }),
    mustBe('options.axis', 'of type number', 'an instance of Array'),
    ['argmax', 'hardmax'],
    matrix,
  ),
  ofOptions('an axis beyond the last', () => ({ axis: 2 }), axisRange('2'), undefined, matrix),
  ofOptions('an axis before the first', () => ({ axis: -3 }), axisRange('-3'), undefined, matrix),
  ofOptions('half an axis', () => ({ axis: 0.5 }), isOutOfRange('options.axis', 'an integer', '0.5')),
  ofOptions('axis NaN', () => ({ axis: NaN }), isOutOfRange('options.axis', 'an integer', 'NaN')),
  ofOptions(
    'no axis at all',
    () => ({ axis: [] }),
    isUnusable('options.axis', 'must name at least one axis', '[]'),
    severalAxes,
  ),
  ofOptions(
    'an axis twice',
    () => ({ axis: [1, -1] }),
    isUnusable('options.axis', 'must name each axis once', '[ 1, -1 ]'),
    severalAxes,
    matrix,
  ),
  ofOptions(
    'one of several axes out of range',
    () => ({ axis: [0, 7] }),
    isOutOfRange('options.axis[1]', '>= -2 and <= 1', '7'),
    severalAxes,
    matrix,
  ),
];

export const refusedOptions: Refusal[] = [
  ofOptions('options that are no object', () => 5, object('type number (5)')),
  ofOptions('null as options', () => null, object('null')),
  ofOptions('an array as options', () => [], object('an instance of Array')),
  ofOptions('an array of floats as options', vector, object('an instance of Float32Array')),
  ...scales,
  ...names,
  ...axes,
];
