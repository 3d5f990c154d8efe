// What every output layer refuses, in the same words, with nothing changed.
import { describe, expect, test } from 'vitest';
import { type OutputLayer, Rng } from '../../../lib/index';
import { thrown } from '../../thrown';
import { array, cases, classes, dim, normals, type Type } from './subjects';

// biome-ignore lint/suspicious/noExplicitAny: arguments that the types forbid
type Untyped = any;

const valid = (type: Type) => ({ data: array(type, normals(3 * dim, 1, 6)), dims: [3, dim] });

interface Refusal {
  readonly what: string;
  readonly call: (layer: Untyped, type: Type) => unknown;
  readonly code: string;
  readonly message: RegExp;
}

const out = 'ERR_OUT_OF_RANGE';
const wrong = 'ERR_INVALID_ARG_TYPE';
const shape = 'ERR_SOFTMAX_SHAPE_MISMATCH';
const other = (type: Type): Type => (type === 'float32' ? 'float64' : 'float32');

const refusals: readonly Refusal[] = [
  {
    what: 'no hidden vector',
    call: (layer) => layer.distribution(undefined),
    code: wrong,
    message: /^The "hidden" argument must be /,
  },
  {
    what: 'a hidden vector of the other type',
    call: (layer, type) => layer.distribution(array(other(type), normals(dim))),
    code: wrong,
    message: /"hidden" argument must be an instance of Float/,
  },
  {
    what: 'a hidden vector that is too long',
    call: (layer) => layer.topK(new Array(dim + 1).fill(0), 1),
    code: shape,
    message: /"hidden" argument must have shape \[6\]. Received shape \[7\]/,
  },
  {
    what: 'hidden vectors of three axes',
    call: (layer, type) => layer.distribution({ data: array(type, normals(2 * dim)), dims: [2, 1, dim] }),
    code: shape,
    message: /must have shape \[batch, 6\] or \[6\]/,
  },
  {
    what: 'an id that is no class',
    call: (layer, type) => layer.logProbability(valid(type), [0, 1, classes]),
    code: out,
    message: /"ids\[2\]" is out of range. It must be an integer >= 0 and < 24. Received 24/,
  },
  {
    what: 'a target below 0',
    call: (layer, type) => layer.lossAndGradient(valid(type), Int32Array.of(0, -1, 2)),
    code: out,
    message: /"targets\[1\]"/,
  },
  {
    what: 'a target that is no integer',
    call: (layer, type) => layer.lossAndGradient(valid(type), [0, 1.5, 2]),
    code: out,
    message: /"targets\[1\]".*integer/,
  },
  {
    what: 'a target that is NaN',
    call: (layer, type) => layer.lossAndGradient(valid(type), [0, 1, Number.NaN]),
    code: out,
    message: /"targets\[2\]"/,
  },
  {
    what: 'too few targets',
    call: (layer, type) => layer.lossAndGradient(valid(type), [0, 1]),
    code: shape,
    message: /"targets" argument must have 3 elements, one for each row. Received 2/,
  },
  {
    what: 'targets of floats',
    call: (layer, type) => layer.logProbability(valid(type), new Float32Array(3)),
    code: wrong,
    message: /"ids" argument must be of type number/,
  },
  {
    what: 'an unknown reduction',
    call: (layer, type) => layer.lossAndGradient(valid(type), [0, 1, 2], { reduction: 'none' }),
    code: 'ERR_INVALID_ARG_VALUE',
    message: /'options.reduction' must be one of: 'mean', 'sum'/,
  },
  {
    what: 'k of 0',
    call: (layer, type) => layer.topK(valid(type), 0),
    code: out,
    message: /"k" is out of range. It must be >= 1 and <= 24/,
  },
  {
    what: 'more classes than there are',
    call: (layer, type) => layer.topK(valid(type), classes + 1),
    code: out,
    message: /"k"/,
  },
  {
    what: 'draws without a generator',
    call: (layer, type) => layer.sample(valid(type)),
    code: wrong,
    message: /"rng" argument must be an instance of Rng/,
  },
];

const given = { rows: [0, 1, 2, 3], offsets: [0, 1, 4] };
const rate = { learningRate: 0.1 };

interface TrainRefusal {
  readonly what: string;
  readonly examples?: object;
  readonly targets?: Untyped;
  readonly options?: object | undefined;
  readonly code: string;
  readonly message: RegExp;
}

const trainRefusals: readonly TrainRefusal[] = [
  { what: 'no options', options: undefined, code: wrong, message: /"options" argument/ },
  { what: 'no learning rate', options: {}, code: wrong, message: /"options.learningRate" property/ },
  ...[Number.NaN, Number.POSITIVE_INFINITY, -1].map((learningRate) => ({
    what: `a learning rate of ${learningRate}`,
    options: { learningRate },
    code: out,
    message: /"options.learningRate" is out of range. It must be finite and >= 0/,
  })),
  {
    what: 'a table rate of NaN',
    options: { ...rate, tableLearningRate: Number.NaN },
    code: out,
    message: /tableLearningRate/,
  },
  { what: 'no threads', options: { ...rate, threads: 0 }, code: out, message: /"options.threads"/ },
  { what: 'half a batch', options: { ...rate, batchSize: 0.5 }, code: out, message: /"options.batchSize"/ },
  { what: 'a row beyond the table', examples: { rows: [0, 1, 5, 3] }, code: out, message: /"examples.rows\[2\]".*< 5/ },
  {
    what: 'an empty bag',
    examples: { offsets: [0, 0, 4] },
    code: out,
    message: /"examples.offsets\[1\]".*bag 0 would be empty/,
  },
  { what: 'bags that do not end', examples: { offsets: [0, 1, 3] }, code: out, message: /"examples.offsets\[2\]".*4/ },
  { what: 'bags that do not begin', examples: { offsets: [1, 2, 4] }, code: out, message: /"examples.offsets\[0\]"/ },
  { what: 'no bags', examples: { offsets: [] }, code: shape, message: /"examples.offsets" property/ },
  { what: 'a target that is no class', targets: [0, 99], code: out, message: /"targets\[1\]"/ },
  { what: 'too many targets', targets: [0, 1, 2], code: shape, message: /"targets" argument/ },
  { what: 'no table', examples: { table: undefined }, code: wrong, message: /"examples.table" property/ },
];

describe.each(cases)('$title', ({ functions, type, make }) => {
  test.each(refusals)('$what', ({ call, code, message }) => {
    const layer = make();
    const error = thrown(() => call(layer, type));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error.stack).not.toMatch(/lib\/layers/);
  });

  const table = () => new functions.EmbeddingTable({ size: 5, dim, type, seed: 2 });
  const train = (layer: OutputLayer, { examples = {}, targets = [0, 1], ...chosen }: Untyped, rows = table()) =>
    layer.trainStep({ table: rows, ...given, ...examples }, targets, 'options' in chosen ? chosen.options : rate);

  test.each(trainRefusals)('training with $what', ({ code, message, what, ...refused }) => {
    const layer = make();
    const rows = table();
    const before = [layer.toBytes(), rows.toBytes()];
    expect(thrown(() => train(layer, refused, rows))).toMatchObject({ code, message: expect.stringMatching(message) });
    expect([layer.toBytes(), rows.toBytes()]).toEqual(before);
  });

  test('a table of another width, or type, or of the layer itself', () => {
    const layer = make();
    const wide = new functions.EmbeddingTable({ size: 5, dim: dim + 1, type });
    expect(thrown(() => train(layer, { examples: { table: wide } }))).toMatchObject({ code: shape });
    const strange = new functions.EmbeddingTable({ size: 5, dim, type: other(type) });
    expect(thrown(() => train(layer, { examples: { table: strange } }))).toMatchObject({ code: wrong });
    const own = { data: layer.weight.data.subarray(0, 5 * dim), dims: [5, dim] };
    expect(thrown(() => train(layer, { examples: { table: own } }))).toMatchObject({ code: 'ERR_SOFTMAX_OVERLAP' });
  });

  test('draws nothing where it refuses', () => {
    const rng = new Rng(1);
    const before = rng.state;
    thrown(() => (make() as Untyped).sample([1], rng));
    expect(rng.state).toEqual(before);
  });
});
