// What MarkovRandomField refuses, and what it says.
import { expect, test } from 'vitest';
import { MarkovRandomField, Rng } from '../../../lib/index';
import { thrown } from '../../thrown';

const made = (factors: unknown, cardinalities: unknown = [2, 3]) =>
  new MarkovRandomField({ cardinalities, factors } as never);
const field = made([{ variables: [0, 1], logPotentials: [1, 2, 3, 4, 5, 6] }]);
const half = made([{ variables: [0], logPotentials: [0, -Infinity] }]);
const machine = (weights: unknown, biases: unknown = [0, 0], beta: unknown = undefined) =>
  MarkovRandomField.boltzmannMachine({ weights, biases, beta } as never);

/** Every unit is joined to every other one. */
function dense(n: number) {
  const weights = new Float64Array(n * n).fill(0.1);
  for (let i = 0; i < n; i += 1) weights[i * (n + 1)] = 0;
  return MarkovRandomField.boltzmannMachine({ weights, biases: new Float64Array(n) });
}

test.each<[string, () => unknown, string, RegExp]>([
  ['nothing', () => new MarkovRandomField(undefined as never), 'ERR_INVALID_ARG_TYPE', /"description"/],
  ['no cardinalities', () => made([], null), 'ERR_INVALID_ARG_TYPE', /"description.cardinalities"/],
  ['a cardinality of 0', () => made([], [2, 0]), 'ERR_OUT_OF_RANGE', /cardinalities\[1\]".*>= 1/],
  ['a fractional one', () => made([], [1.5]), 'ERR_OUT_OF_RANGE', /cardinalities\[0\]"/],
  ['one that is none', () => made([], ['2']), 'ERR_INVALID_ARG_TYPE', /cardinalities\[0\]"/],
  ['no factors', () => made(undefined), 'ERR_INVALID_ARG_TYPE', /"description.factors"/],
  ['a factor that is none', () => made([null]), 'ERR_INVALID_ARG_TYPE', /"description.factors\[0\]"/],
  [
    'a factor of the wrong size',
    () =>
      made([
        { variables: [0], logPotentials: [1, 2] },
        { variables: [0, 1], logPotentials: [1, 2, 3] },
      ]),
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    /"description.factors\[1\].logPotentials".*6 elements for the cardinalities \[2, 3\]. Received 3/,
  ],
  [
    'a table of other cardinalities',
    () => made([{ variables: [0, 1], logPotentials: { data: new Float64Array(6), dims: [3, 2] } }]),
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    /\[2, 3\]. Received shape \[3, 2\]/,
  ],
  [
    'a variable twice in a factor',
    () => made([{ variables: [1, 1], logPotentials: new Float64Array(9) }]),
    'ERR_INVALID_ARG_VALUE',
    /'description.factors\[0\].variables' must name each variable once/,
  ],
  [
    'a variable out of range',
    () => made([{ variables: [0, 2], logPotentials: [] }]),
    'ERR_OUT_OF_RANGE',
    /"description.factors\[0\].variables\[1\]".*< 2, the number of variables. Received 2/,
  ],
  [
    'a NaN among the log-potentials',
    () => made([{ variables: [1], logPotentials: [0, NaN, 0] }]),
    'ERR_OUT_OF_RANGE',
    /"description.factors\[0\].logPotentials\[1\]".*< Infinity. Received NaN/,
  ],
  [
    'an infinite one',
    () => made([{ variables: [1], logPotentials: { data: Float64Array.of(0, 0, Infinity), dims: [3] } }]),
    'ERR_OUT_OF_RANGE',
    /logPotentials.data\[2\]"/,
  ],
  [
    'a memory limit that is none',
    () => new MarkovRandomField({ cardinalities: [2], factors: [] }, { memoryLimit: -1 }),
    'ERR_OUT_OF_RANGE',
    /"options.memoryLimit"/,
  ],
  [
    'tables beyond the memory limit',
    () => dense(40).logPartition,
    'ERR_OUT_OF_RANGE',
    /"options.memoryLimit".*>= \d+, as elimination needs a table of 1099511627776 joint states of 40 variables. Received 1073741824/,
  ],
  [
    'a joint beyond the memory limit',
    () => made([], new Array(40).fill(2)).joint(),
    'ERR_OUT_OF_RANGE',
    />= 8796093022208 for a table of 1099511627776 joint states of 40 variables/,
  ],
  [
    'a variable of more states than there is memory',
    () => made([], [2, 2e9]).gibbs(new Rng(1)),
    'ERR_OUT_OF_RANGE',
    />= 16000000016 for the states of each variable/,
  ],
  ['a state out of range', () => field.energy([0, 3]), 'ERR_OUT_OF_RANGE', /"states\[1\]".*< 3.*Received 3/],
  [
    'states of other variables',
    () => field.energy([0]),
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    /\[2\], a state for each variable/,
  ],
  [
    'rows of other variables',
    () => field.logProbability({ data: Int32Array.of(0, 0, 0), dims: [1, 3] }),
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    /\[rows, 2\].*\[1, 3\]/,
  ],
  ['states that are floats', () => field.energy(new Float64Array(2) as never), 'ERR_INVALID_ARG_TYPE', /"states"/],
  ['a variable that there is not', () => field.marginal(2), 'ERR_OUT_OF_RANGE', /"variables\[0\]"/],
  ['a variable twice', () => field.marginal([0, 0]), 'ERR_INVALID_ARG_VALUE', /each variable once/],
  ['evidence that is none', () => field.conditional([1] as never), 'ERR_INVALID_ARG_TYPE', /"evidence"/],
  ['evidence of no variable', () => field.conditional({ 2: 0 }), 'ERR_OUT_OF_RANGE', /"evidence".*< 2/],
  ['evidence of no state', () => field.conditional({ 0: 2 }), 'ERR_OUT_OF_RANGE', /"evidence\[0\]".*< 2/],
  [
    'evidence against evidence',
    () => field.conditional({ 0: 1 }).conditional({ 0: 0 }),
    'ERR_INVALID_ARG_VALUE',
    /'evidence\[0\]' must be 1/,
  ],
  [
    'impossible evidence',
    () => half.conditional({ 0: 1 }).marginals(),
    'ERR_INVALID_ARG_VALUE',
    /'evidence' must have a probability greater than 0/,
  ],
  [
    'a field that forbids everything',
    () => made([{ variables: [0], logPotentials: [-Infinity, -Infinity] }]).mode(),
    'ERR_INVALID_ARG_VALUE',
    /must leave a joint state that is not forbidden/,
  ],
  ['no generator', () => field.sample(undefined as never), 'ERR_INVALID_ARG_TYPE', /"rng"/],
  ['a fractional count', () => field.sample(new Rng(1), 1.5), 'ERR_OUT_OF_RANGE', /"count"/],
  [
    'samples beyond all memory',
    () => field.sample(new Rng(1), 2 ** 52),
    'ERR_OUT_OF_RANGE',
    />= \d+ for \d+ joint states of 2/,
  ],
  ['the same by Gibbs', () => field.gibbs(new Rng(1), { samples: 2 ** 52 }), 'ERR_OUT_OF_RANGE', /options.memoryLimit/],
  ['no samples of Gibbs', () => field.gibbs(new Rng(1), { samples: 0 }), 'ERR_OUT_OF_RANGE', /"options.samples"/],
  ['a thin of 0', () => field.gibbs(new Rng(1), { thin: 0 }), 'ERR_OUT_OF_RANGE', /"options.thin"/],
  [
    'a forbidden beginning',
    () => half.gibbs(new Rng(1), { initial: [1, 0] }),
    'ERR_INVALID_ARG_VALUE',
    /'options.initial' must be allowed/,
  ],
  [
    'no allowed beginning found',
    () =>
      made([
        { variables: [0], logPotentials: [1, 0] },
        { variables: [0, 1], logPotentials: [-Infinity, -Infinity, -Infinity, 0, 0, 0] },
      ]).gibbs(new Rng(1)),
    'ERR_INVALID_ARG_VALUE',
    /'options.initial' must be given/,
  ],
  ['a negative penalty', () => field.fit([0, 0], { l2: -1 }), 'ERR_OUT_OF_RANGE', /"options.l2"/],
  ['progress to nobody', () => field.fit([0, 0], { onProgress: 1 as never }), 'ERR_INVALID_ARG_TYPE', /onProgress/],
  [
    'no samples to fit',
    () => field.fit({ data: new Int32Array(0), dims: [0, 2] }),
    'ERR_SOFTMAX_SHAPE_MISMATCH',
    /one row or more/,
  ],
  [
    'samples that are forbidden',
    () => half.fit({ data: [0, 0, 1, 0], dims: [2, 2] } as never),
    'ERR_INVALID_ARG_VALUE',
    /'samples' must be allowed by the field, also row 1. Received \[ 1, 0 \]/,
  ],
  ['a machine that is none', () => MarkovRandomField.boltzmannMachine(3 as never), 'ERR_INVALID_ARG_TYPE', /"machine"/],
  ['weights of another size', () => machine([0, 1, 1]), 'ERR_SOFTMAX_SHAPE_MISMATCH', /"machine.weights".*4 elements/],
  ['weights that are not symmetric', () => machine([0, 1, 2, 0]), 'ERR_INVALID_ARG_VALUE', /symmetric/],
  ['a weight of a unit with itself', () => machine([1, 0, 0, 0]), 'ERR_INVALID_ARG_VALUE', /0 at \[0, 0\]/],
  ['an infinite bias', () => machine([0, 0, 0, 0], [0, Infinity]), 'ERR_OUT_OF_RANGE', /"machine.biases\[1\]"/],
  ['a beta of Infinity', () => machine([0, 0, 0, 0], [0, 0], Infinity), 'ERR_OUT_OF_RANGE', /"machine.beta"/],
])('%s', (_, call, code, message) => {
  const error = thrown(call);
  expect(error).toMatchObject({ code });
  expect(error.message).toMatch(message);
  expect(error.stack?.split('\n')[1]).toContain('refusals.test.ts');
});
