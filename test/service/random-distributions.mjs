// Random calls of distributions and fields: mostly sound, each argument now and then of another kind.
import { integer, spoilt } from './random-layers.mjs';

/** How each is called: `invoke(functions, some)` gives its result. */
export const distributionForms = {
  Categorical: { invoke: categoricalOf },
  MarkovRandomField: { invoke: fieldOf },
};

async function categoricalOf({ Categorical, Rng }, some) {
  const dims = some.shape();
  const parameters = () => {
    const z = some.tensor(dims, some.isVector);
    if (some.random.oneIn(2)) return z;
    return spoilt(some, { energies: z, temperature: some.random.of([undefined, 0, -2, Infinity, some.number()]) });
  };
  const p = new Categorical(parameters());
  const rows = dims.slice(0, -1).reduce((a, b) => a * b, 1);
  const v = () => some.tensor([...dims.slice(0, -1), Math.max(0, dims.at(-1) - some.random.below(2))], some.isVector);
  const [n, small] = [dims.at(-1), p.classes < 40];
  const calls = [
    () => p.logPartition,
    () => p.mean,
    () => p.entropy,
    () => p.freeEnergy,
    () => p.meanEnergy,
    () => p.mode,
    () => [p.naturalParameters, p.minimalParameters, p.energies],
    () => p.klDivergence(some.random.oneIn(9) ? some.number() : new Categorical(parameters())),
    () => p.crossEntropy(p.temper(some.number())),
    () => p.fisher(v()),
    () => p.fisherInverse(v()),
    () => (small ? p.fisherInformation() : p.fisherLogDeterminant),
    () => p.logProbability(Array.from({ length: rows }, () => some.random.below(n + 1))),
    () => p.sample(new Rng(1), some.random.oneIn(2) ? undefined : integer(some)),
  ];
  return some.random.of(calls)();
}

async function fieldOf({ MarkovRandomField, Rng }, some) {
  some.Float = some.random.oneIn(2) ? Float32Array : Float64Array;
  const size = some.random.below(6);
  const cardinalities = Array.from({ length: size }, () => 1 + some.random.below(3));
  const factors = Array.from({ length: some.random.below(6) }, () => {
    const variables = cardinalities.map((_, v) => v).filter(() => some.random.oneIn(2));
    if (some.random.oneIn(40)) variables.push(integer(some));
    const sizes = variables.map((v) => cardinalities[v] ?? 1);
    return { variables, logPotentials: some.tensor(sizes, some.random.oneIn(2)) };
  });
  if (some.random.oneIn(20)) cardinalities[some.random.below(6)] = some.random.oneIn(3) ? 2e9 : some.number();
  const options = { memoryLimit: some.random.of([undefined, undefined, 100, integer(some)]) };
  const field = some.random.oneIn(5)
    ? MarkovRandomField.boltzmannMachine(
        spoilt(some, { weights: [0, some.number(), 1, 0], biases: some.array(2), beta: some.number() }),
      )
    : new MarkovRandomField(spoilt(some, { cardinalities, factors }), spoilt(some, options));
  const state = () =>
    Array.from(field.cardinalities, (n) => (some.random.oneIn(30) ? integer(some) : some.random.below(n)));
  const evidence = () => ({ [some.random.below(field.size + 1)]: some.random.below(3) });
  const looked = some.random.oneIn(4) ? field.conditional(evidence()) : field;
  const samples = () => ({ data: Int32Array.from([state(), state()].flat()), dims: [2, field.size] });
  const gibbs = () => ({
    samples: 1 + some.random.below(9),
    burnIn: some.random.below(4),
    thin: 1 + some.random.below(3),
    initial: some.random.oneIn(3) ? state() : undefined,
  });
  const calls = [
    () => looked.logPartition,
    () => looked.marginals(),
    () => looked.marginal(some.random.oneIn(2) ? integer(some) : [0, some.random.below(field.size + 1)]),
    () => looked.joint(),
    () => looked.mode(),
    () => [looked.energy(state()), looked.elimination],
    () => looked.logProbability(samples()),
    () => looked.sample(new Rng(2), some.random.oneIn(2) ? undefined : some.random.below(5)),
    () => looked.gibbs(new Rng(3), shortly(spoilt(some, gibbs()))),
    () => looked.logLikelihood(samples()),
    () => looked.fit(samples(), spoilt(some, { l2: 1, tolerance: 1e-3, maxIterations: 20 })),
  ];
  return some.random.of(calls)();
}

/** Sweeps that end. */
function shortly(options) {
  for (const key of ['burnIn', 'thin']) if (options[key] > 100) options[key] = 100;
  return options;
}
