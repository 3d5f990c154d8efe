// What Categorical refuses, and what it says.
import { expect, test } from 'vitest';
import { Categorical, Rng } from '../../../lib/index';
import { thrown } from '../../thrown';

const p = new Categorical([1, 2, 4]);
const batch = new Categorical({ data: new Float32Array(6), dims: [2, 3] });

test.each<[string, () => unknown, string, RegExp]>([
  ['no parameters', () => new Categorical(undefined as never), 'ERR_INVALID_ARG_TYPE', /"parameters"/],
  [
    'a NaN',
    () => new Categorical([0, NaN]),
    'ERR_OUT_OF_RANGE',
    /"parameters\[1\]".*a number < Infinity. Received NaN/,
  ],
  ['an infinite logit', () => new Categorical([0, Infinity]), 'ERR_OUT_OF_RANGE', /"parameters\[1\]".*< Infinity/],
  [
    'an infinite energy of the wrong sign',
    () => new Categorical({ energies: [0, -Infinity] }),
    'ERR_OUT_OF_RANGE',
    /"parameters.energies\[1\]".*a number > -Infinity. Received -Infinity/,
  ],
  [
    'the same of a negative temperature',
    () => new Categorical({ energies: [0, Infinity], temperature: -1 }),
    'ERR_OUT_OF_RANGE',
    /"parameters.energies\[1\]".*a number < Infinity. Received Infinity/,
  ],
  [
    'a row without a class',
    () => new Categorical({ data: Float64Array.of(0, 0, -Infinity, -Infinity), dims: [2, 2] }),
    'ERR_OUT_OF_RANGE',
    /"parameters.data\[2\] to \[3\]"/,
  ],
  ['no classes', () => new Categorical([]), 'ERR_SOFTMAX_SHAPE_MISMATCH', /one class or more/],
  [
    'a temperature that is none',
    () => new Categorical({ energies: [1], temperature: 'hot' as never }),
    'ERR_INVALID_ARG_TYPE',
    /"parameters.temperature"/,
  ],
  [
    'a temperature of NaN',
    () => new Categorical({ energies: [1], temperature: NaN }),
    'ERR_INVALID_ARG_VALUE',
    /must not be NaN/,
  ],
  [
    'data that do not fit dims',
    () => new Categorical({ data: new Float64Array(5), dims: [2, 3] }),
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    /6 elements/,
  ],
  ['another that is none', () => p.klDivergence([1, 2, 4] as never), 'ERR_INVALID_ARG_TYPE', /instance of Categorical/],
  [
    'another of another type',
    () => p.crossEntropy(new Categorical(new Float32Array(3))),
    'ERR_INVALID_ARG_TYPE',
    /Float64Array/,
  ],
  [
    'another of another shape',
    () => p.klDivergence(new Categorical([1, 2])),
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    /\[3\].*\[2\]/,
  ],
  ['a direction of the wrong length', () => p.fisher([1]), 'ERR_SOFTMAX_SHAPE_MISMATCH', /\[3\] or \[2\]/],
  ['a bare direction for a batch', () => batch.fisher(new Array(6).fill(0)), 'ERR_SOFTMAX_SHAPE_MISMATCH', /\[2, 3\]/],
  ['a direction of another type', () => p.fisher(new Float32Array(3) as never), 'ERR_INVALID_ARG_TYPE', /Float64Array/],
  ['an id out of range', () => p.logProbability([0, 3]), 'ERR_OUT_OF_RANGE', /"ids\[1\]".*< 3/],
  ['too few ids', () => batch.logProbability([0]), 'ERR_SOFTMAX_SHAPE_MISMATCH', /2 elements/],
  ['a beta of NaN', () => p.temper(NaN), 'ERR_INVALID_ARG_VALUE', /'beta'/],
  ['a beta that is none', () => p.temper('1' as never), 'ERR_INVALID_ARG_TYPE', /"beta"/],
  ['a negative power of 0', () => new Categorical([0, -Infinity]).temper(-1), 'ERR_OUT_OF_RANGE', /"beta".*>= 0/],
  ['no generator', () => p.sample({} as never), 'ERR_INVALID_ARG_TYPE', /"rng"/],
  ['draws beyond all memory', () => batch.sample(new Rng(1), 2 ** 31), 'ERR_OUT_OF_RANGE', /"count".*<= 1073741823/],
  ['a negative count', () => p.sample(new Rng(1), -1), 'ERR_OUT_OF_RANGE', /"count"/],
])('%s', (_, call, code, message) => {
  const error = thrown(call);
  expect(error).toMatchObject({ code });
  expect(error.message).toMatch(message);
  expect(error.stack?.split('\n')[1]).toContain('refusals.test.ts');
});
