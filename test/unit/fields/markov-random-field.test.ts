// MarkovRandomField: what it is made of, what it says of itself, and fields that are known in closed form.
import { describe, expect, test } from 'vitest';
import { libraries } from '../../libraries';
import { createRandom } from '../../seed';
import { enumerate } from './enumeration';

const random = createRandom(17);
const numbers = (n: number) => Array.from({ length: n }, () => 4 * random() - 2);

function expectNear(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-12): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i += 1) {
    const [a, b] = [found[i] as number, expected[i] as number];
    if (a !== b) expect(Math.abs(a - b)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(b)));
  }
}

/** Pairs of neighbours of a grid that is numbered row by row. */
function grid(height: number, width: number, pair: () => number[]) {
  const factors: { variables: number[]; logPotentials: number[] }[] = [];
  for (let v = 0; v < height * width; v += 1) {
    if (v % width < width - 1) factors.push({ variables: [v, v + 1], logPotentials: pair() });
    if (v + width < height * width) factors.push({ variables: [v, v + width], logPotentials: pair() });
  }
  return { cardinalities: new Array<number>(height * width).fill(2), factors };
}

describe.each(libraries)('%s', (_, { MarkovRandomField, Categorical, softmax, logSumExp, argmax, Rng }) => {
  test('a field of one variable is softmax', () => {
    const z = Float64Array.from(numbers(9));
    const field = new MarkovRandomField({ cardinalities: [9], factors: [{ variables: [0], logPotentials: z }] });
    expectNear(field.marginal(0), softmax(z), 1e-15);
    expectNear(field.joint().data, softmax(z), 1e-15);
    expectNear([field.logPartition], [logSumExp(z)], 1e-15);
    expect([...field.mode()]).toEqual([argmax(z)]);
    expectNear([field.logProbability([4])], [new Categorical(z).logProbability(4)], 1e-14);
  });

  test('a chain of copies of one Markov chain', () => {
    // p(x_0) p(x_1 | x_0) ... as factors: Z is 1, the marginals are powers of the matrix.
    const matrix = [0.7, 0.2, 0.1, 0.3, 0.3, 0.4, 0.05, 0.9, 0.05];
    const start = [0.2, 0.5, 0.3];
    const length = 200;
    const factors = [
      { variables: [0], logPotentials: start.map(Math.log) },
      ...Array.from({ length: length - 1 }, (_x, i) => ({
        variables: [i, i + 1],
        logPotentials: matrix.map(Math.log),
      })),
    ];
    const field = new MarkovRandomField({ cardinalities: new Array<number>(length).fill(3), factors });
    expectNear([field.logPartition], [0]);
    let p = start;
    for (const found of field.marginals()) {
      expectNear(found, p);
      p = [0, 1, 2].map((to) => p.reduce((sum, share, from) => sum + share * (matrix[3 * from + to] as number), 0));
    }
    expect(field.elimination.width).toBe(1);
  });

  test('an Ising model on a cylinder has the partition function of its transfer matrix', () => {
    const [height, width, coupling] = [6, 5, 0.4];
    const ising = [coupling, -coupling, -coupling, coupling];
    const field = new MarkovRandomField(grid(height, width, () => ising));
    const spin = (row: number, x: number) => ((row >> x) & 1 ? 1 : -1);
    const rows = 2 ** width;
    const within = (a: number) =>
      Array.from({ length: width - 1 }, (_x, x) => spin(a, x) * spin(a, x + 1)).reduce((s, t) => s + t, 0);
    const between = (a: number, b: number) =>
      Array.from({ length: width }, (_x, x) => spin(a, x) * spin(b, x)).reduce((s, t) => s + t, 0);
    let vector = Array.from({ length: rows }, (_x, a) => Math.exp(coupling * within(a)));
    for (let y = 1; y < height; y += 1) {
      vector = vector.map((_x, b) =>
        vector.reduce((sum, share, a) => sum + share * Math.exp(coupling * (between(a, b) + within(b))), 0),
      );
    }
    expectNear([field.logPartition], [Math.log(vector.reduce((a, b) => a + b, 0))]);
    for (const marginal of field.marginals()) expectNear(marginal, [0.5, 0.5]);
  });

  test('parts that are not connected multiply', () => {
    const [a, b] = [numbers(6), numbers(4)];
    const field = new MarkovRandomField({
      cardinalities: [2, 4, 3, 5, 1],
      factors: [
        { variables: [2, 0], logPotentials: a },
        { variables: [1], logPotentials: b },
        { variables: [], logPotentials: [0.75] },
        { variables: [4], logPotentials: [-2] },
      ],
    });
    expectNear([field.logPartition], [logSumExp(a) + logSumExp(b) + Math.log(5) + 0.75 - 2]);
    expectNear(field.marginal(3), new Array(5).fill(0.2));
    expectNear(field.marginal(4), [1]);
    expectNear(
      field.marginal([0, 2]).data,
      enumerate({ cardinalities: [2, 3], factors: [{ variables: [1, 0], logPotentials: a }] }).p,
    );
  });

  test('nothing but a constant', () => {
    const empty = new MarkovRandomField({ cardinalities: [], factors: [{ variables: [], logPotentials: [2] }] });
    expect([empty.logPartition, empty.size, empty.mode().length]).toEqual([2, 0, 0]);
    expect(empty.joint()).toEqual({ data: Float64Array.of(1), dims: [], type: 'float64' });
    expect(empty.marginals()).toEqual([]);
    expect(new MarkovRandomField({ cardinalities: [1, 1], factors: [] }).logPartition).toBe(0);
  });

  test('log-potentials far apart lose nothing', () => {
    const field = new MarkovRandomField({
      cardinalities: [2, 2],
      factors: [{ variables: [0, 1], logPotentials: [-1e5, -1e5 - 40, 0, -40] }],
    });
    expectNear([field.logPartition], [4.248354255291589e-18], 1e-30);
    expect(field.marginal(0)[0]).toBe(0);
    expect(field.marginals()[1]?.[1]).toBeCloseTo(Math.exp(-40), 30);
  });

  test('ties of the mode take the lowest states', () => {
    const field = new MarkovRandomField({
      cardinalities: [3, 2],
      factors: [{ variables: [0], logPotentials: [1, 2, 2] }],
    });
    expect([...field.mode()]).toEqual([1, 0]);
  });

  test('evidence: by an object or a Map, at once or in turn', () => {
    const description = grid(2, 2, () => numbers(4));
    const field = new MarkovRandomField(description);
    const both = field.conditional({ 0: 1, 3: 0 });
    const inTurn = field.conditional(new Map([[3, 0]])).conditional({ 0: 1 });
    expect(inTurn.joint()).toEqual(both.joint());
    expect([...both.evidence]).toEqual([
      [0, 1],
      [3, 0],
    ]);
    expectNear([both.logPartition - field.logPartition], [Math.log(field.marginal([0, 3]).data[2] as number)]);
    expect(both.energy([0, 0, 0, 0])).toBe(Infinity);
    expect(both.logProbability([0, 0, 0, 0])).toBe(-Infinity);
    expect(field.evidence.size).toBe(0);
    expect(field.conditional({}).logPartition).toBe(field.logPartition);
  });

  test('a field says what it is made of, and keeps it', () => {
    const table = { data: new Float32Array([1, 2, 3, 4, 5, 6]), dims: [3, 2] };
    const field = new MarkovRandomField(
      { cardinalities: Int32Array.of(2, 3), factors: [{ variables: [1, 0], logPotentials: table }] },
      { memoryLimit: 1000 },
    );
    table.data.fill(0);
    const [factor] = field.factors;
    expect([...(factor?.variables ?? [])]).toEqual([1, 0]);
    expect(factor?.logPotentials).toEqual({ data: Float64Array.of(1, 2, 3, 4, 5, 6), dims: [3, 2], type: 'float64' });
    factor?.logPotentials.data.fill(0);
    expect(field.energy([1, 2])).toBe(-6);
    expect(field.memoryLimit).toBe(1000);
    const known = field.conditional({ 0: 1 });
    expect(new MarkovRandomField(known).logPartition).toBe(known.logPartition);
    expect(new MarkovRandomField(known).memoryLimit).toBe(1000);
    expect(new MarkovRandomField(known, { memoryLimit: 2000 }).memoryLimit).toBe(2000);
    // Messages of 3 rows and of 1, and as many probabilities at a time.
    expect(field.elimination).toEqual({ order: Int32Array.of(0, 1), width: 1, largestTable: 6, bytes: 8 * 8 });
  });

  test('tables are reduced in parts as they are in one', () => {
    // 2^18 joint states of a table, in parts of 2^16.
    const n = 512;
    const pair = Float64Array.from({ length: n * n }, () => 6 * random());
    const single = Float64Array.from({ length: n }, () => 6 * random());
    const field = new MarkovRandomField({
      cardinalities: [n, n],
      factors: [
        { variables: [1, 0], logPotentials: pair },
        { variables: [0], logPotentials: single },
      ],
    });
    const weights = pair.map((z, i) => z + (single[i % n] as number));
    expectNear([field.logPartition], [logSumExp(weights)]);
    const p = softmax(weights);
    const [first, second] = field.marginals() as [Float64Array, Float64Array];
    const expected = [new Float64Array(n), new Float64Array(n)] as const;
    p.forEach((share, i) => {
      expected[0][i % n] = (expected[0][i % n] as number) + share;
      expected[1][Math.floor(i / n)] = (expected[1][Math.floor(i / n)] as number) + share;
    });
    expectNear(first, expected[0]);
    expectNear(second, expected[1]);
    const best = argmax(weights);
    expect([...field.mode()]).toEqual([best % n, Math.floor(best / n)]);
    expect([...field.sample(new Rng(2))]).toHaveLength(2);
  });
});
