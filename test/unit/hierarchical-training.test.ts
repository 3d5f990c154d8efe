// trainStep is gradient descent: what lossAndGradient says, subtracted. And what is refused changes nothing.
import { describe, expect, test } from 'vitest';
import { EmbeddingTable, HierarchicalSoftmax, HuffmanTree } from '../../lib/index';
import * as promises from '../../lib/promises';
import { libraries } from '../libraries';
import { createRandom } from '../seed';
import { thrown } from '../thrown';

const dim = 7;
const classes = 20;
const size = 9;

function parts(type: 'float32' | 'float64', bias = true) {
  const random = createRandom(77);
  const numbers = (n: number) => Array.from({ length: n }, () => random() - 0.5);
  const tree = HuffmanTree.fromCounts(Array.from({ length: classes }, (_, i) => 1 + ((i * 7) % 11)));
  const options = () => ({
    tree,
    dim,
    type,
    weight: { data: weight.slice(), dims: [classes - 1, dim] },
    bias: bias && biases.slice(),
  });
  const Kind = type === 'float32' ? Float32Array : Float64Array;
  const weight = Kind.from(numbers((classes - 1) * dim));
  const biases = Kind.from(numbers(classes - 1));
  const values = Kind.from(numbers(size * dim));
  const table = () => new EmbeddingTable({ size, dim, type, data: values });
  const count = 23;
  const rows = Int32Array.from({ length: 3 * count }, () => Math.floor(random() * size));
  const offsets = Int32Array.from({ length: count + 1 }, (_, k) => (k === count ? 3 * count : 3 * k - (k % 3)));
  const targets = Int32Array.from({ length: count }, () => Math.floor(random() * classes));
  return { options, table, rows, offsets, targets, count };
}

type Values = { [i: number]: number; readonly length: number };

/** Plain gradient descent: on each minibatch what lossAndGradient says at the parameters before it. */
function learn(
  { options, table, rows, offsets, targets, count }: ReturnType<typeof parts>,
  Layer: typeof HierarchicalSoftmax,
  { bags, batch, rate, tableRate }: { bags: boolean; batch: number; rate: number; tableRate: number },
) {
  const layer = new Layer(options());
  const vectors = table();
  const bagOf = (k: number) => (bags ? [...rows.subarray(offsets[k], offsets[k + 1])] : [rows[k] as number]);
  let loss = 0;
  for (let first = 0; first < count; first += batch) {
    const examples = Array.from({ length: Math.min(batch, count - first) }, (_, i) => first + i);
    const hidden = Float64Array.from(
      examples.flatMap((k) =>
        Array.from({ length: dim }, (_, j) => {
          const bag = bagOf(k);
          return bag.reduce((sum, row) => sum + (vectors.data[row * dim + j] as number), 0) / bag.length;
        }),
      ),
    );
    const data = layer.type === 'float32' ? Float32Array.from(hidden) : hidden;
    const found = layer.lossAndGradient(
      { data, dims: [examples.length, dim] },
      targets.subarray(first, first + batch),
      {
        reduction: 'sum',
      },
    );
    loss += found.loss;
    const subtract = (from: Values, at: number, change: number) => {
      from[at] = (from[at] as number) - change;
    };
    found.weightGradient.ids.forEach((id, place) => {
      for (let j = 0; j < dim; j += 1) {
        subtract(layer.weight.data, id * dim + j, rate * (found.weightGradient.values.data[place * dim + j] as number));
      }
      if (layer.bias) subtract(layer.bias.data, id, rate * (found.biasGradient?.values.data[place] as number));
    });
    examples.forEach((k, i) => {
      const bag = bagOf(k);
      for (const row of bag) {
        for (let j = 0; j < dim; j += 1) {
          subtract(
            vectors.data,
            row * dim + j,
            (tableRate / bag.length) * (found.hiddenGradient.data[i * dim + j] as number),
          );
        }
      }
    });
  }
  return { layer, vectors, loss: loss / count };
}

const worst = (a: Values, b: Values) => {
  let most = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i += 1) most = Math.max(most, Math.abs((a[i] as number) - (b[i] as number)));
  return most;
};

const none = Float64Array.of();

describe.each(libraries)('%s', (_, { HierarchicalSoftmax: Layer }) => {
  for (const type of ['float32', 'float64'] as const) {
    for (const bags of [false, true]) {
      for (const batch of [1, 4, 100]) {
        test(`${type}, ${bags ? 'bags' : 'rows'}, minibatches of ${batch}`, () => {
          const given = parts(type);
          const rates = { bags, batch, rate: 0.3, tableRate: 0.2 };
          const expected = learn(given, Layer, rates);
          const layer = new Layer(given.options());
          const table = given.table();
          const examples = bags
            ? { table, rows: given.rows, offsets: given.offsets }
            : { table, rows: given.rows.subarray(0, given.count) };
          const { loss } = layer.trainStep(examples, given.targets, {
            learningRate: 0.3,
            tableLearningRate: 0.2,
            batchSize: batch,
          });
          const close = type === 'float32' ? 2e-6 : 1e-14;
          expect(Math.abs(loss - expected.loss)).toBeLessThan(close);
          expect(worst(layer.weight.data, expected.layer.weight.data)).toBeLessThan(close);
          expect(worst(layer.bias?.data ?? none, expected.layer.bias?.data ?? none)).toBeLessThan(close);
          expect(worst(table.data, expected.vectors.data)).toBeLessThan(close);
        });
      }
    }
  }

  const refusals: [string, (given: ReturnType<typeof parts>) => unknown[], RegExp][] = [
    [
      'a target that is none',
      ({ rows, targets }) => [{ rows: rows.subarray(0, 23) }, targets.with(5, classes)],
      /"targets\[5\]".*< 20.*20/,
    ],
    [
      'a row that is none',
      ({ rows, targets }) => [{ rows: rows.subarray(0, 23).with(4, -1) }, targets],
      /"examples.rows\[4\]".*-1/,
    ],
    [
      'an empty bag',
      ({ rows, offsets, targets }) => [{ rows, offsets: offsets.with(3, offsets[2] as number) }, targets],
      /"examples.offsets\[3\]".*bag 2/,
    ],
    ['other targets than examples', ({ rows, targets }) => [{ rows: rows.subarray(0, 22) }, targets], /"targets".*22/],
  ];

  test.each(refusals)('refuses %s, and changes nothing', (_, make, message) => {
    const given = parts('float32');
    const layer = new Layer(given.options());
    const table = given.table();
    const [examples, targets] = make(given) as [object, Int32Array];
    const error = thrown(() => layer.trainStep({ table, ...examples } as never, targets, { learningRate: 0.1 }));
    expect(error.message).toMatch(message);
    expect(layer.weight.data).toEqual(given.options().weight.data);
    expect(table.data).toEqual(given.table().data);
  });

  test.each([NaN, Infinity, -0.1, '1', undefined])('refuses the rate %s', (learningRate) => {
    const given = parts('float32');
    const layer = new Layer(given.options());
    const examples = { table: given.table(), rows: [0] };
    const error = thrown(() => layer.trainStep(examples, [1], { learningRate: learningRate as number }));
    expect(error.message).toMatch(/"options.learningRate"/);
    expect(layer.weight.data).toEqual(given.options().weight.data);
  });

  test('no examples change nothing', () => {
    const given = parts('float32');
    const layer = new Layer(given.options());
    expect(layer.trainStep({ table: given.table(), rows: [] }, [], { learningRate: 1 }).loss).toBeNaN();
    expect(layer.weight.data).toEqual(given.options().weight.data);
  });

  test('refuses a table of another width or type', () => {
    const given = parts('float32');
    const layer = new Layer(given.options());
    const narrow = { table: new EmbeddingTable({ size, dim: dim - 1 }), rows: [0] };
    expect(thrown(() => layer.trainStep(narrow, [1], { learningRate: 1 })).message).toMatch(
      /"examples.table".*\[size, 7\].*\[9, 6\]/,
    );
    const wide = { table: new EmbeddingTable({ size, dim, type: 'float64' }), rows: [0] };
    expect(thrown(() => layer.trainStep(wide, [1], { learningRate: 1 })).message).toMatch(/"examples.table.data"/);
  });
});

describe('threads', () => {
  const count = 6000;
  const random = createRandom(9);
  const many = Array.from({ length: count }, () => Math.floor(random() ** 2 * 50));
  const tree = HuffmanTree.fromCounts(Array.from({ length: 50 }, (_, i) => 1 + Math.floor(1000 / (i + 1))));
  const train = (threads: number, passes = 1) => {
    const layer = new HierarchicalSoftmax({ tree, dim: 16 });
    const table = new EmbeddingTable({ size: 50, dim: 16, seed: 3 });
    const targets = many.map((row) => (row * 7 + 3) % 50);
    let loss = NaN;
    for (let pass = 0; pass < passes; pass += 1) {
      loss = layer.trainStep({ table, rows: many }, targets, { learningRate: 0.1, threads }).loss;
    }
    return { loss, weight: layer.weight.data, table: table.data };
  };

  test('one thread gives the same bits again', () => {
    expect(train(1)).toEqual(train(1));
  });

  test('several learn as well', () => {
    const [one, two, four] = [1, 2, 4].map((threads) => train(threads, 6).loss) as [number, number, number];
    expect(one).toBeLessThan(0.2);
    expect(two).toBeLessThan(2 * one + 0.02);
    expect(four).toBeLessThan(3 * one + 0.05);
  });

  test('more than there are examples', () => {
    const layer = new HierarchicalSoftmax({ tree, dim: 16 });
    const table = new EmbeddingTable({ size: 50, dim: 16, seed: 3 });
    expect(layer.trainStep({ table, rows: [1, 2] }, [3, 4], { learningRate: 0.1, threads: 64 }).loss).toBeGreaterThan(
      0,
    );
  });
});

describe('promises', () => {
  test('give what the plain methods give, and train in place', async () => {
    const given = parts('float32');
    const [layer, behind] = [
      new HierarchicalSoftmax(given.options()),
      new promises.HierarchicalSoftmax(given.options()),
    ];
    const [table, other] = [given.table(), given.table()];
    const rows = Int32Array.from({ length: 5000 }, (_, i) => i % size);
    const targets = Int32Array.from({ length: 5000 }, (_, i) => (i * 3) % classes);
    const options = { learningRate: 0.01 };
    expect(await behind.trainStep({ table: other, rows }, targets, options)).toEqual(
      layer.trainStep({ table, rows }, targets, options),
    );
    expect(other.data).toEqual(table.data);
    expect(behind.weight).toEqual(layer.weight);
    const hidden = { data: Float32Array.from({ length: 3000 * dim }, (_, i) => Math.sin(i)), dims: [3000, dim] };
    const ids = targets.subarray(0, 3000);
    expect(await behind.lossAndGradient(hidden, ids)).toEqual(layer.lossAndGradient(hidden, ids));
    expect(await behind.logProbability(hidden, ids)).toEqual(layer.logProbability(hidden, ids));
    expect(await behind.distribution(hidden)).toEqual(layer.distribution(hidden));
    expect(await behind.topK(hidden, 3)).toEqual(layer.topK(hidden, 3));
  });

  test('are given up', async () => {
    const given = parts('float32');
    const layer = new promises.HierarchicalSoftmax(given.options());
    const rows = new Int32Array(3_000_000);
    const controller = new AbortController();
    const { signal } = controller;
    const promise = layer.trainStep({ table: given.table(), rows }, rows, { learningRate: 0.01, signal });
    controller.abort();
    await expect(promise).rejects.toThrow(/aborted/);
  });
});
