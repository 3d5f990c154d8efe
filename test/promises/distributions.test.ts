// Distributions and fields for promises: the plain results, signals, and an event loop that turns meanwhile.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import { createRandom } from '../seed';

const random = createRandom(41);
const normals = (n: number) => Float64Array.from({ length: n }, () => 4 * random() - 2);

describe('Categorical', () => {
  const parameters = { data: Float32Array.from(normals(40_000)), dims: [4, 10_000] };
  const other = { data: Float32Array.from(normals(40_000)), dims: [4, 10_000] };
  const [now, later] = [new library.Categorical(parameters), new promises.Categorical(parameters)];

  test.each([
    'logPartition',
    'mean',
    'probabilities',
    'logProbabilities',
    'entropy',
    'freeEnergy',
    'meanEnergy',
    'mode',
    'fisherLogDeterminant',
  ] as const)('%s', async (name) => {
    expect(later[name]).toBeInstanceOf(Promise);
    expect(await later[name]).toEqual(now[name]);
  });

  test('methods', async () => {
    const q = new library.Categorical(other);
    expect(await later.klDivergence(q)).toEqual(now.klDivergence(q));
    expect(await later.crossEntropy(new promises.Categorical(q))).toEqual(now.crossEntropy(q));
    expect(await later.fisher(other)).toEqual(now.fisher(other));
    expect(await later.fisherInverse(other)).toEqual(now.fisherInverse(other));
    expect(await later.logProbability([1, 2, 3, 4])).toEqual(now.logProbability([1, 2, 3, 4]));
    expect(await later.sample(new library.Rng(1), 5)).toEqual(now.sample(new library.Rng(1), 5));
    expect(await later.sample(new library.Rng(1))).toEqual(now.sample(new library.Rng(1)));
    expect(later.temper(2).naturalParameters).toEqual(now.temper(2).naturalParameters);
    expect(await later.temper(2).entropy).toEqual(now.temper(2).entropy);
    const small = { data: normals(6), dims: [2, 3] };
    expect(await new promises.Categorical(small).fisherInformation()).toEqual(
      new library.Categorical(small).fisherInformation(),
    );
  });

  test('refuses as the plain one does, and is given up', async () => {
    await expect(later.fisher([1] as never)).rejects.toMatchObject({ code: 'ERR_SOFTMAX_SHAPE_MISMATCH' });
    const signal = AbortSignal.abort('enough');
    await expect(later.klDivergence(now, { signal })).rejects.toMatchObject({ code: 'ABORT_ERR', cause: 'enough' });
  });
});

describe('MarkovRandomField', () => {
  /** A grid whose tables are worth jobs. */
  const side = 14;
  const factors: library.FactorLike[] = [];
  for (let v = 0; v < side * side; v += 1) {
    factors.push({ variables: [v], logPotentials: normals(2) });
    if (v % side < side - 1) factors.push({ variables: [v, v + 1], logPotentials: normals(4) });
    if (v + side < side * side) factors.push({ variables: [v, v + side], logPotentials: normals(4) });
  }
  const description = { cardinalities: new Int32Array(side * side).fill(2), factors };
  const now = new library.MarkovRandomField(description);
  const fresh = () => new promises.MarkovRandomField(description);

  test('gives the plain results', async () => {
    const later = fresh();
    expect(await later.logPartition).toBe(now.logPartition);
    expect(await later.marginals()).toEqual(now.marginals());
    expect(await later.marginal(7)).toEqual(now.marginal(7));
    expect(await later.marginal([3, 1])).toEqual(now.marginal([3, 1]));
    expect(await later.mode()).toEqual(now.mode());
    expect(await later.sample(new library.Rng(1), 3)).toEqual(now.sample(new library.Rng(1), 3));
    expect(await later.gibbs(new library.Rng(1), { samples: 20 })).toEqual(
      now.gibbs(new library.Rng(1), { samples: 20 }),
    );
    const samples = now.sample(new library.Rng(2), 9);
    expect(await later.logProbability(samples)).toEqual(now.logProbability(samples));
    expect(later.energy(samples)).toEqual(now.energy(samples));
    expect(await later.logLikelihood(samples)).toEqual(now.logLikelihood(samples));
    expect(await later.conditional({ 5: 1 }).logPartition).toBe(now.conditional({ 5: 1 }).logPartition);
  });

  test('learns the plain field', async () => {
    const machine = { weights: [0, 1, 1, 0], biases: [0.5, -1] };
    const plain = library.MarkovRandomField.boltzmannMachine(machine);
    const samples = plain.sample(new library.Rng(1), 50);
    const { field, convergence } = await promises.MarkovRandomField.boltzmannMachine(machine).fit(samples);
    const expected = plain.fit(samples);
    expect(convergence).toEqual(expected.convergence);
    expect(field.factors).toEqual(expected.field.factors);
    expect(await field.joint()).toEqual(expected.field.joint());
  });

  test('calls at the same time do not share a generator', async () => {
    const later = fresh();
    const [rng, other] = [new library.Rng(8), new library.Rng(8)];
    const [a, b] = await Promise.all([later.sample(rng, 4), later.gibbs(rng, { samples: 4 })]);
    expect(a).toEqual(now.sample(other, 4));
    expect(b).toEqual(now.gibbs(other, { samples: 4 }));
  });

  test('refuses as the plain one does, and is given up before it draws', async () => {
    const later = fresh();
    await expect(later.marginal(-1)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    const rng = new library.Rng(1);
    const signal = AbortSignal.abort('enough');
    await expect(later.gibbs(rng, { signal })).rejects.toMatchObject({ code: 'ABORT_ERR', cause: 'enough' });
    await expect(later.sample(rng, 3, { signal })).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(rng.state.taken).toBe('0');
  });

  test('the event loop turns while a chain runs, and a signal ends it', async () => {
    const controller = new AbortController();
    const chain = fresh().gibbs(new library.Rng(1), { samples: 1_000_000, signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort('enough');
    const since = performance.now();
    await expect(chain).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(performance.now() - since).toBeLessThan(1000);
  });

  test('a signal ends an elimination, which can be made again', async () => {
    const later = fresh();
    const controller = new AbortController();
    const marginals = later.marginals({ signal: controller.signal });
    controller.abort('enough');
    await expect(marginals).rejects.toMatchObject({ code: 'ABORT_ERR' });
    expect(await later.logPartition).toBe(now.logPartition);
  });
});
