// What every output layer gives: one distribution, seen from all sides, and gradients of its loss.
import { describe, expect, test } from 'vitest';
import { type OutputLayer, Rng } from '../../../lib/index';
import { array, cases, classes, dim, normals, type Type } from './subjects';

const batch = 9;
const targets = [0, 4, 5, 11, 12, 23, 7, 7, 1];
const hiddenOf = (type: Type) => ({ data: array(type, normals(batch * dim, 1, 5)), dims: [batch, dim] });

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, bound: number): void {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i += 1) {
    const size = Math.max(1, Math.abs(wanted[i] as number));
    const far = Math.abs((found[i] as number) - (wanted[i] as number)) / size;
    if (!(far <= bound)) throw new Error(`element ${i} is ${found[i]}, not ${wanted[i]}`);
  }
}

const sumOf = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x, 0);

/** d loss / d values, by central differences. */
function differences(values: Float64Array, loss: () => number): Float64Array {
  const step = 1e-5;
  return values.map((value, i) => {
    values[i] = value + step;
    const above = loss();
    values[i] = value - step;
    const below = loss();
    values[i] = value;
    return (above - below) / (2 * step);
  });
}

describe.each(cases)('$title', ({ functions, subject, type, make }) => {
  const exactly = type === 'float64' ? 1e-12 : 1e-5;
  const hidden = hiddenOf(type);
  const row = (r: number) => hidden.data.subarray(r * dim, (r + 1) * dim);

  test('says what it is', () => {
    const layer = make();
    expect(layer).toMatchObject({ classes, dim, type });
    expect(layer.weight.data.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(layer.weight.dims[1]).toBe(dim);
  });

  test('its distribution sums to 1, and its logarithm is logProbability', () => {
    const layer = make();
    const { data, dims } = layer.distribution(hidden);
    expect(dims).toEqual([batch, classes]);
    for (let r = 0; r < batch; r += 1) {
      const p = data.subarray(r * classes, (r + 1) * classes);
      expect(Math.abs(sumOf(p) - 1)).toBeLessThan(type === 'float64' ? 1e-12 : 1e-6);
      const vectors = {
        data: array(type, Array.from({ length: classes }, () => [...row(r)]).flat()),
        dims: [classes, dim],
      };
      const ids = Int32Array.from({ length: classes }, (_, c) => c);
      expectClose(layer.logProbability(vectors, ids), p.map(Math.log), exactly);
    }
  });

  test('one vector is a row of a batch', () => {
    const layer = make();
    const all = layer.logProbability(hidden, targets);
    const best = layer.topK(hidden, 4);
    targets.forEach((target, r) => {
      expectClose([layer.logProbability(row(r), target)], [all[r] as number], exactly);
      const one = layer.topK(row(r), 4);
      expect(one.ids.dims).toEqual([4]);
      expect(one.ids.data).toEqual(best.ids.data.slice(4 * r, 4 * r + 4));
    });
    expect(layer.distribution(row(2)).dims).toEqual([classes]);
    expect(layer.logProbability({ data: row(0), dims: [dim] }, 3)).toHaveLength(1);
  });

  test('topK is the head of the sorted distribution', () => {
    const layer = make();
    const { data } = layer.distribution(hidden);
    for (const k of [1, 3, 8, classes]) {
      const { ids, logProbabilities } = layer.topK(hidden, k);
      expect(ids.dims).toEqual([batch, k]);
      for (let r = 0; r < batch; r += 1) {
        const p = data.subarray(r * classes, (r + 1) * classes);
        const sorted = Array.from(p.keys()).sort((a, b) => (p[b] as number) - (p[a] as number) || a - b);
        expect([...ids.data.subarray(r * k, (r + 1) * k)]).toEqual(sorted.slice(0, k));
        const logs = sorted.slice(0, k).map((c) => Math.log(p[c] as number));
        expectClose(logProbabilities.data.subarray(r * k, (r + 1) * k), logs, exactly);
      }
    }
  });

  test('equal classes: the lower id first', () => {
    const layer = make();
    const zero = layer.topK(new (type === 'float64' ? Float64Array : Float32Array)(dim), classes);
    const p = layer.distribution(new (type === 'float64' ? Float64Array : Float32Array)(dim)).data;
    for (let i = 1; i < classes; i += 1) {
      const [a, b] = [zero.ids.data[i - 1] as number, zero.ids.data[i] as number];
      expect((p[a] as number) > (p[b] as number) || a < b || type === 'float32').toBe(true);
    }
  });

  test('draws from its distribution', () => {
    const layer = make();
    const draws = 4000;
    const one = row(0);
    const repeated = { data: array(type, Array.from({ length: draws }, () => [...one]).flat()), dims: [draws, dim] };
    const ids = layer.sample(repeated, new Rng(11));
    const counts = new Float64Array(classes);
    for (const id of ids) counts[id] = (counts[id] as number) + 1;
    const p = layer.distribution(one).data;
    // Classes of less than 5 expected draws are taken together.
    let [chi, rareCount, rareMass, freedom] = [0, 0, 0, -1];
    p.forEach((x, c) => {
      if (x * draws < 5) {
        rareCount += counts[c] as number;
        rareMass += x;
      } else {
        chi += ((counts[c] as number) - x * draws) ** 2 / (x * draws);
        freedom += 1;
      }
    });
    if (rareMass * draws >= 1) chi += (rareCount - rareMass * draws) ** 2 / (rareMass * draws);
    // Beyond it less than once in 10^5 (Wilson and Hilferty).
    const limit = (freedom + 1) * (1 - 2 / (9 * (freedom + 1)) + 4.3 * Math.sqrt(2 / (9 * (freedom + 1)))) ** 3;
    expect(chi).toBeLessThan(limit);
    expect(layer.sample(one, new Rng(11))).toBe(ids[0]);
  });

  test.each(['mean', 'sum'] as const)('gradients of the %s are right', (reduction) => {
    const layer = make();
    const found = layer.lossAndGradient(hidden, targets, { reduction });
    const negative = layer.logProbability(hidden, targets).map((x) => -x);
    if (!subject.estimates) expectClose(found.losses, negative, exactly);
    const total = sumOf(found.losses);
    expectClose([found.loss], [reduction === 'mean' ? total / batch : total], exactly);
    // Differences are taken in float64, where they do not drown in rounding.
    const twin = subject.make(functions, 'float64');
    const vectors = { data: Float64Array.from(hidden.data), dims: [batch, dim] };
    const ofTwin = subject.parameters(twin, twin.lossAndGradient(vectors, targets));
    const gradients = subject.parameters(layer, found);
    ofTwin.forEach(({ values }, i) => {
      values.set(gradients[i]?.values ?? []);
    });
    const loss = () => twin.lossAndGradient(vectors, targets, { reduction }).loss;
    const bound = type === 'float64' ? 1e-8 : 1e-5;
    expectClose(found.hiddenGradient.data, differences(vectors.data, loss), bound);
    gradients.forEach(({ gradient }, i) => {
      expectClose(gradient, differences(ofTwin[i]?.values as Float64Array, loss), bound);
    });
  });

  test.each([{ batchSize: 1 }, { batchSize: 2 }, { batchSize: 3 }])(
    'trainStep is gradient descent, in steps of $batchSize',
    ({ batchSize }) => {
      const layer = make();
      const plain = make();
      const table = new functions.EmbeddingTable({ size: 7, dim, type, seed: 5 });
      const wanted = Float64Array.from(table.data);
      const rows = [0, 1, 2, 0, 6, 6, 3, 5];
      const offsets = [0, 2, 3, 6, 7, 8];
      const [learningRate, tableLearningRate] = [0.3, 0.2];
      const ids = targets.slice(0, 5);
      const { loss } = layer.trainStep({ table, rows, offsets }, ids, { learningRate, tableLearningRate, batchSize });
      const total = descend(
        plain,
        subject.parameters,
        { wanted, rows, offsets, ids, learningRate, tableLearningRate },
        batchSize,
      );
      expectClose([loss], [total / 5], exactly);
      expectClose(table.data, wanted, exactly);
      const parametersOf = (of: OutputLayer) => subject.parameters(of, of.lossAndGradient(hidden, targets));
      const expected = parametersOf(plain).map(({ values }) => values);
      parametersOf(layer).forEach(({ values }, i) => {
        expectClose(values, expected[i] as ArrayLike<number>, exactly);
      });
    },
  );

  test('no rows, no examples: no mean, and nothing learnt', () => {
    const layer = make();
    const none = { data: array(type, []), dims: [0, dim] };
    const found = layer.lossAndGradient(none, []);
    expect(found.loss).toBeNaN();
    expect(found.losses).toHaveLength(0);
    for (const { gradient } of subject.parameters(layer, found)) expect(gradient.every((x) => x === 0)).toBe(true);
    const before = layer.toBytes();
    const table = new functions.EmbeddingTable({ size: 2, dim, type, seed: 5 });
    for (const batchSize of [undefined, 3]) {
      expect(layer.trainStep({ table, rows: [] }, [], { learningRate: 1, batchSize }).loss).toBeNaN();
    }
    expect(layer.toBytes()).toEqual(before);
  });

  test('learns', () => {
    const layer = make();
    const table = new functions.EmbeddingTable({ size: classes, dim, type, seed: 9 });
    const ids = Int32Array.from({ length: classes }, (_, i) => (i * 7) % classes);
    const rows = Int32Array.from({ length: classes }, (_, i) => i);
    const step = () => layer.trainStep({ table, rows }, ids, { learningRate: 0.1, batchSize: 4 }).loss;
    const before = step();
    for (let i = 0; i < 400; i += 1) step();
    expect(step()).toBeLessThan(before / 3);
  });
});

interface Plain {
  readonly wanted: Float64Array;
  readonly rows: readonly number[];
  readonly offsets: readonly number[];
  readonly ids: readonly number[];
  readonly learningRate: number;
  readonly tableLearningRate: number;
}

/** The same by lossAndGradient, with the table in float64. */
function descend(
  layer: OutputLayer,
  parameters: (typeof cases)[number]['subject']['parameters'],
  { wanted, rows, offsets, ids, learningRate, tableLearningRate }: Plain,
  batchSize: number,
): number {
  let total = 0;
  const bag = (k: number) => rows.slice(offsets[k], offsets[k + 1]);
  for (let first = 0; first < ids.length; first += batchSize) {
    const some = ids.slice(first, first + batchSize);
    const data = array(
      layer.type,
      some.flatMap((_, k) =>
        Array.from({ length: dim }, (_, j) => {
          const of = bag(first + k);
          return of.reduce((sum, r) => sum + (wanted[r * dim + j] as number), 0) / of.length;
        }),
      ),
    );
    const found = layer.lossAndGradient({ data, dims: [some.length, dim] }, some, { reduction: 'sum' });
    total += found.loss;
    for (const { values, gradient } of parameters(layer, found)) {
      gradient.forEach((g, i) => {
        values[i] = (values[i] as number) - learningRate * g;
      });
    }
    some.forEach((_, k) => {
      const of = bag(first + k);
      for (const r of of) {
        for (let j = 0; j < dim; j += 1) {
          const change = (tableLearningRate / of.length) * (found.hiddenGradient.data[k * dim + j] as number);
          wanted[r * dim + j] = (wanted[r * dim + j] as number) - change;
        }
      }
    });
  }
  return total;
}
