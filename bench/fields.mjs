// node bench/fields.mjs [--rounds=N]: exact inference in grids by their width, beside the enumeration of all joint states
// where there are few; sweeps of a Gibbs sampler; what a Categorical takes beside the function that it calls.
import { parseArgs } from 'node:util';
import { describeRun, native, printRun } from './library.mjs';
import { measure } from './measure.mjs';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const { Categorical, logSumExp, MarkovRandomField, Rng, setThreads, softmax } = native;
const rounds = Number(options.rounds);

/** A grid numbered row by row, a factor for each variable and for each pair of neighbours. */
function gridOf(height, width, states) {
  const rng = new Rng(1);
  const table = (n) => Float64Array.from({ length: n }, () => 4 * rng.uniform() - 2);
  const factors = [];
  for (let v = 0; v < height * width; v += 1) {
    factors.push({ variables: [v], logPotentials: table(states) });
    if (v % width < width - 1) factors.push({ variables: [v, v + 1], logPotentials: table(states ** 2) });
    if (v + width < height * width) factors.push({ variables: [v, v + width], logPotentials: table(states ** 2) });
  }
  return { cardinalities: new Int32Array(height * width).fill(states), factors };
}

/** log Z by its definition: the weights of all joint states, and their log-sum-exp. */
function enumerated({ cardinalities, factors }) {
  const states = new Int32Array(cardinalities.length);
  const weights = new Float64Array(cardinalities.reduce((a, b) => a * b, 1));
  for (let i = 0; i < weights.length; i += 1) {
    for (const { variables, logPotentials } of factors) {
      let place = 0;
      for (const v of variables) place = place * cardinalities[v] + states[v];
      weights[i] += logPotentials[place];
    }
    let v = states.length - 1;
    while (v >= 0 && states[v] === cardinalities[v] - 1) states[v--] = 0;
    if (v >= 0) states[v] += 1;
  }
  return logSumExp(weights);
}

async function timed(contestants) {
  const measured = await measure(
    Object.entries(contestants).map(([name, run]) => ({ name, run })),
    { rounds },
  );
  Object.keys(contestants).forEach((name, i) => {
    console.log(`  ${name.padEnd(40)} ${(measured[i].median / 1e6).toFixed(3).padStart(10)} ms`);
  });
  return measured;
}

printRun(describeRun());
for (const threads of [1, 2]) {
  setThreads(threads);
  console.log(`\n${threads} thread${threads === 1 ? '' : 's'}`);
  for (const [height, width, states] of [
    [4, 4, 2],
    [8, 8, 2],
    [12, 12, 2],
    [16, 16, 2],
    [6, 6, 8],
  ]) {
    const description = gridOf(height, width, states);
    const field = new MarkovRandomField(description);
    const { elimination } = field;
    console.log(
      `\n${height} x ${width} of ${states} states: ${elimination.width + 1} variables of a table, ` +
        `${elimination.largestTable} states, ${(elimination.bytes / 2 ** 20).toFixed(1)} MiB`,
    );
    await timed({
      ...(height === 4 && { 'log Z by enumeration': () => enumerated(description) }),
      'log Z': () => new MarkovRandomField(field).logPartition,
      'all marginals, log Z known': () => field.marginals(),
      mode: () => field.mode(),
      '100 exact samples, log Z known': () => field.sample(new Rng(1), 100),
    });
  }
}

setThreads(1);
console.log('\nGibbs');
for (const side of [28, 64]) {
  const field = new MarkovRandomField(gridOf(side, side, 2));
  await timed({
    [`200 sweeps, ${side} x ${side}`]: () => field.gibbs(new Rng(1), { burnIn: 199, samples: 1 }),
  });
}

console.log('\nCategorical, 64 x 1,000 float32');
const rng = new Rng(2);
const logits = { data: Float32Array.from({ length: 64_000 }, () => 6 * rng.uniform()), dims: [64, 1000] };
const batch = new Categorical(logits);
const other = new Categorical({ ...logits, data: logits.data.slice().reverse() });
const one = new Categorical(logits.data.slice(0, 1000));
await timed({
  softmax: () => softmax(logits),
  probabilities: () => batch.probabilities,
  entropy: () => batch.entropy,
  klDivergence: () => batch.klDivergence(other),
  fisher: () => batch.fisher(logits),
  '100,000 draws of one row': () => one.sample(rng, 100_000),
});
