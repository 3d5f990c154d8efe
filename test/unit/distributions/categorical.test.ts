// Categorical: values by their definitions, batches, limits, draws.
import { describe, expect, test } from 'vitest';
import { libraries } from '../../libraries';
import { createRandom } from '../../seed';

const random = createRandom(31);
const normal = () => 2 * (random() + random() + random() - 1.5);
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

function expectNear(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i += 1) {
    const [a, b] = [found[i] as number, expected[i] as number];
    if (a !== b) expect(Math.abs(a - b)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(b)));
  }
}

/** By the definitions. */
function plain(z: readonly number[], beta = 1) {
  const eta = z.map((x) => beta * x);
  const max = Math.max(...eta);
  const logZ = max + Math.log(sum(eta.map((x) => Math.exp(x - max))));
  const p = eta.map((x) => Math.exp(x - logZ));
  return { eta, logZ, p, entropy: logZ - sum(p.map((x, k) => x * (eta[k] as number))) };
}

describe.each(libraries)('%s', (_, { Categorical, Rng, argmax }) => {
  describe.each([
    ['float32', Float32Array, 2e-6],
    ['float64', Float64Array, 1e-12],
  ] as const)('%s', (_kind, Elements, tolerance) => {
    const [rows, n] = [6, 7];
    const normals = () => new Elements(Array.from({ length: rows * n }, normal));
    const data = normals();
    const other = normals();
    const v = normals();
    const lines = (array: ArrayLike<number>) =>
      Array.from({ length: rows }, (_row, i) => Array.from(array).slice(i * n, (i + 1) * n));
    const dims = [2, 3, n];
    const batch = new Categorical({ data, dims });
    const q = new Categorical({ data: other, dims });

    test('a batch has the values of each of its rows, of its shape and kind', () => {
      const [ps, qs] = [lines(data).map((z) => plain(z)), lines(other).map((z) => plain(z))];
      const numbers = [
        [batch.logPartition, ps.map(({ logZ }) => logZ)],
        [batch.entropy, ps.map(({ entropy }) => entropy)],
        [batch.freeEnergy, ps.map(({ logZ }) => -logZ)],
        [batch.meanEnergy, ps.map(({ p, eta }) => -sum(p.map((x, k) => x * (eta[k] as number))))],
        [batch.fisherLogDeterminant, ps.map(({ p }) => sum(p.map(Math.log)))],
        [batch.klDivergence(q), ps.map(({ p }, i) => sum(p.map((x, k) => x * Math.log(x / (qs[i]?.p[k] as number)))))],
        [batch.crossEntropy(q), ps.map(({ p }, i) => -sum(p.map((x, k) => x * Math.log(qs[i]?.p[k] as number))))],
        [batch.logProbability([0, 6, 1, 2, 3, 4]), [0, 6, 1, 2, 3, 4].map((k, i) => Math.log(ps[i]?.p[k] as number))],
      ] as const;
      for (const [found, expected] of numbers) {
        expect(found.dims).toEqual([2, 3]);
        expect(found.data).toBeInstanceOf(Elements);
        expectNear(found.data, expected, tolerance);
      }
      for (const found of [batch.mean, batch.probabilities]) {
        expect(found.dims).toEqual(dims);
        expect(found.data).toBeInstanceOf(Elements);
        expectNear(
          found.data,
          ps.flatMap(({ p }) => p),
          tolerance,
        );
      }
      expect(batch.naturalParameters).toEqual({ data, dims, type: batch.naturalParameters.type });
      expectNear(
        batch.minimalParameters.data,
        ps.flatMap(({ eta }) => eta.slice(0, -1).map((x) => x - (eta[n - 1] as number))),
        tolerance,
      );
      expect(batch.mode).toEqual(argmax({ data, dims }));
    });

    test('products with the Fisher information, in both coordinates', () => {
      const ps = lines(data).map((z) => plain(z).p);
      const products = (m: number) => {
        const given = { data: new Elements(lines(v).flatMap((line) => line.slice(0, m))), dims: [2, 3, m] };
        const found = batch.fisher(given);
        expect(found.dims).toEqual([2, 3, m]);
        const expected = ps.flatMap((p, row) => {
          const w = (lines(v)[row] as number[]).slice(0, m);
          const mean = sum(w.map((x, k) => x * (p[k] as number)));
          return w.map((x, k) => (p[k] as number) * (x - mean));
        });
        expectNear(found.data, expected, tolerance);
        return batch.fisherInverse(found).data;
      };
      expectNear(
        products(n - 1),
        lines(v).flatMap((line) => line.slice(0, n - 1)),
        2e4 * tolerance,
      );
      expectNear(
        products(n),
        lines(v).flatMap((line) => line.map((x) => x - sum(line) / n)),
        2e4 * tolerance,
      );
      const dense = batch.fisherInformation();
      expect(dense.dims).toEqual([2, 3, n - 1, n - 1]);
      const first = ps[0] as number[];
      expectNear(
        dense.data.slice(0, (n - 1) ** 2),
        first.slice(0, -1).flatMap((a, i) => first.slice(0, -1).map((b, j) => (i === j ? a * (1 - a) : -a * b))),
        tolerance,
      );
    });
  });

  // The defining properties of Moore and Penrose, for a matrix that is symmetric: C X C = C, X C X = X, both symmetric.
  test('the inverse in natural coordinates is the pseudo-inverse, also beside impossible classes', () => {
    const p = new Categorical([0.3, -1, 2, -Infinity, 0.5]);
    const unit = (k: number) => Float64Array.from({ length: 5 }, (_x, i) => Number(i === k));
    const columns = (product: (v: Float64Array) => Float64Array) =>
      Array.from({ length: 5 }, (_x, k) => Array.from(product(unit(k))));
    const [c, x] = [columns((v) => p.fisher(v)), columns((v) => p.fisherInverse(v))];
    const cx = columns((v) => p.fisher(p.fisherInverse(v)));
    expectNear(columns((v) => p.fisher(p.fisherInverse(p.fisher(v)))).flat(), c.flat(), 1e-13);
    expectNear(columns((v) => p.fisherInverse(p.fisher(p.fisherInverse(v)))).flat(), x.flat(), 1e-13);
    for (let i = 0; i < 5; i += 1) {
      for (let j = 0; j < 5; j += 1) {
        for (const matrix of [c, x, cx]) {
          expect(matrix[i]?.[j]).toBeCloseTo(matrix[j]?.[i] as number, 12);
        }
      }
    }
  });

  describe('temperatures', () => {
    const energies = [2, 0, 5, 0];

    test('negative ones prefer high energies', () => {
      const p = new Categorical({ energies, temperature: -2 });
      expectNear(p.mean, plain(energies, 1 / 2).p, 1e-14);
      expect(p.freeEnergy).toBeCloseTo(2 * plain(energies, 1 / 2).logZ, 13);
      expect(p.mode).toBe(2);
    });

    test.each([
      [0, [0, 0.5, 0, 0.5], 0, Math.log(2)],
      [-0, [0, 0, 1, 0], 5, 0],
      [Infinity, [0.25, 0.25, 0.25, 0.25], -Infinity, Math.log(4)],
      [-Infinity, [0.25, 0.25, 0.25, 0.25], -Infinity, Math.log(4)],
    ])('%d is a limit', (temperature, mean, freeEnergy, entropy) => {
      const p = new Categorical({ energies, temperature });
      expect([...p.mean]).toEqual(mean);
      if (Math.abs(temperature) !== Infinity) expect(p.freeEnergy).toBe(freeEnergy);
      expect(p.entropy).toBeCloseTo(entropy, 15);
      expect(p.logPartition).toBeCloseTo(entropy, 15);
      expect(p.meanEnergy).toBeCloseTo(sum(mean.map((x, k) => x * (energies[k] as number))), 14);
      expect([...p.energies]).toEqual(energies);
      expect([...p.naturalParameters]).toEqual(mean.map((x) => (x === 0 ? -Infinity : 0)));
    });

    test('tempering divides the temperature', () => {
      const p = new Categorical({ energies, temperature: 3 }).temper(6);
      expect(p.temperature).toBeCloseTo(0.5, 15);
      expectNear(p.mean, plain(energies, -2).p, 1e-14);
      expect([...p.temper(Infinity).mean]).toEqual([0, 0.5, 0, 0.5]);
      expect([...p.temper(0).mean]).toEqual([0.25, 0.25, 0.25, 0.25]);
      expect([...p.temper(Infinity).temper(0).mean]).toEqual([0.25, 0.25, 0.25, 0.25]);
      expect([...new Categorical([0, 3, -Infinity]).temper(0).mean]).toEqual([0.5, 0.5, 0]);
    });
  });

  test('classes of probability 0', () => {
    const p = new Categorical([0, -Infinity]);
    expect([...p.mean]).toEqual([1, 0]);
    expect(p.entropy).toBe(0);
    expect(p.meanEnergy).toBe(0);
    expect([...p.energies]).toEqual([0, Infinity]);
    expect(p.klDivergence(new Categorical([0, 0]))).toBeCloseTo(Math.LN2, 15);
    expect(new Categorical([0, 0]).klDivergence(p)).toBe(Infinity);
    expect(new Categorical([0, 0]).crossEntropy(p)).toBe(Infinity);
    expect(p.crossEntropy(p)).toBe(0);
    expect(p.fisherLogDeterminant).toBe(-Infinity);
    expect([...p.logProbability([1, 0, 1])]).toEqual([-Infinity, 0, -Infinity]);
  });

  test('one class, and no rows', () => {
    const one = new Categorical([3]);
    expect([one.logPartition, one.entropy, one.mode, one.minimalParameters.length]).toEqual([3, 0, 0, 0]);
    expect(one.fisherInverse([]).length).toBe(0);
    const none = new Categorical({ data: new Float32Array(0), dims: [0, 3] });
    expect(none.entropy.dims).toEqual([0]);
    expect(none.mean.dims).toEqual([0, 3]);
    expect(none.sample(new Rng(1), 4).dims).toEqual([0, 4]);
  });

  test('parameters of 16 bits are computed with as float32', () => {
    // 1, 2 and 4 as bfloat16.
    const bits = { data: Uint16Array.of(0x3f80, 0x4000, 0x4080), dims: [3], type: 'bfloat16' };
    expect(new Categorical(bits).mean).toEqual(new Categorical({ data: Float32Array.of(1, 2, 4), dims: [3] }).mean);
  });

  test('made of another one, and unchanged by what becomes of the logits', () => {
    const logits = Float64Array.of(1, 2, 4);
    const p = new Categorical(logits);
    logits.fill(0);
    expect(new Categorical(p).logPartition).toBe(p.logPartition);
    expect(p.logPartition).toBeCloseTo(4.169846019556286, 14);
    p.mean.fill(9);
    expect(p.mean[0]).toBeCloseTo(0.042010066134066051, 15);
  });

  test('draws have the probabilities', () => {
    const z = [0, 1, 2, -Infinity, 2.5];
    const p = new Categorical(z);
    const draws = 100_000;
    const counts = new Float64Array(5);
    for (const id of p.sample(new Rng(5), draws)) counts[id] = (counts[id] as number) + 1;
    expect(counts[3]).toBe(0);
    const chi = sum(plain(z).p.map((x, k) => (x === 0 ? 0 : ((counts[k] as number) - draws * x) ** 2 / (draws * x))));
    // The 99.99 % quantile of three degrees of freedom.
    expect(chi).toBeLessThan(21.1);
    const rng = new Rng(5);
    expect(Array.from({ length: 9 }, () => p.sample(rng))).toEqual([...p.sample(new Rng(5), 9)]);
  });

  test('a batch draws from each of its rows', () => {
    const certain = { data: Float32Array.of(0, -Infinity, -Infinity, 0), dims: [2, 2] };
    expect(new Categorical(certain).sample(new Rng(1))).toEqual({
      data: Int32Array.of(0, 1),
      dims: [2],
      type: 'int32',
    });
    expect(new Categorical(certain).sample(new Rng(1), 3)).toEqual({
      data: Int32Array.of(0, 0, 0, 1, 1, 1),
      dims: [2, 3],
      type: 'int32',
    });
  });
});
