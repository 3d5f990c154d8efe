// npm run bench:tokens [-- --rounds=N]: one token from the logits of a language model, and a batch of 64. Beside it what a
// program in JavaScript does without the library: the sampler of transformers.js, which keeps the k greatest and knows no
// top-p, and top-p by a sort of the vocabulary. The targets are in microseconds, for one thread and for two.
import { parseArgs } from 'node:util';
import { plainToken } from './contestants/plain-tokens.mjs';
import { logitsOf } from './inputs.mjs';
import { installPeers } from './install.mjs';
import { describeRun, native, printRun } from './library.mjs';
import { measure } from './measure.mjs';
import { writeResults } from './report.mjs';
import { handOver } from './token-hand-over.mjs';

const VOCABULARY = 128_256;
const ROWS = 64;

installPeers();
const { transformersGenerate, transformersSampler } = await import('./contestants/transformers-tokens.mjs');

const { values: given } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const rng = new native.Rng(1);
const logits = peaked(logitsOf({ type: 'float32', dims: [VOCABULARY] }).data);
const batch = { data: new Float32Array(ROWS * VOCABULARY), dims: [ROWS, VOCABULARY] };
for (let r = 0; r < ROWS; r += 1) batch.data.set(logits, r * VOCABULARY);
const history = Int32Array.from({ length: 500 }, (_, i) => (i * 7919) % VOCABULARY);
const penalties = { history, repetitionPenalty: 1.1, presencePenalty: 0.2, frequencyPenalty: 0.1 };
const usual = { temperature: 0.8, topK: 50, topP: 0.95 };

const CASES = [
  { name: 'top-k 50, top-p 0.95, penalties', options: { ...usual, ...penalties, rng }, one: 150, two: 100, peers },
  { name: 'top-k 50, top-p 0.95', options: { ...usual, rng }, peers },
  { name: 'greedy, with its log-probability', options: { temperature: 0 }, one: 60 },
  { name: 'min-p 0.05', options: { temperature: 0.8, minP: 0.05, rng } },
  { name: 'top-p 0.95 alone', options: { temperature: 0.8, topP: 0.95, rng }, peers: (wished) => [byASort(wished)] },
  { name: 'typical-p 0.9 alone', options: { temperature: 0.8, typicalP: 0.9, rng } },
  { name: 'no filter', options: { rng }, peers: (wished) => [transformersSampler(logits, wished)] },
  {
    name: 'gumbelSoftmax',
    call: () => native.gumbelSoftmax(logits, { rng }),
  },
  {
    name: 'gumbelSoftmaxVjp',
    call: () => native.gumbelSoftmaxVjp(logits, logits, { rng }),
  },
  { name: `batch of ${ROWS}, top-k 50, top-p 0.95`, input: batch, options: { ...usual, rng }, one: 150 * ROWS },
  {
    name: 'generate() of transformers.js but its model, top-k 50, top-p 0.95, repetition penalty',
    contestants: () => transformersGenerate(logits, { ...usual, history, repetitionPenalty: 1.1, rng }),
  },
];

const run = describeRun();
printRun(run);
const results = { run, cases: [] };
for (const listed of CASES) {
  const { name, one, two, options, input = logits, call = () => native.sample(input, options) } = listed;
  const onThreads = (threads) => ({ name: `native, ${threads}`, prepare: () => native.setThreads(threads), run: call });
  const contestants = listed.contestants?.() ?? [onThreads(1), onThreads(2), ...(listed.peers?.(options) ?? [])];
  const times = await measure(contestants, { rounds: Number(given.rounds) });
  results.cases.push({ name, times });
  console.log(`\n${name}, of ${VOCABULARY} logits`);
  contestants.forEach((contestant, i) => {
    const { median, p25, p75 } = times[i];
    const target = [one, two][i];
    const verdict =
      target === undefined ? '' : median / 1000 <= target ? `   met (${target})` : `   MISSED (${target})`;
    const spread = `${(p25 / 1000).toFixed(0)} .. ${(p75 / 1000).toFixed(0)}`;
    console.log(
      `  ${contestant.name.padEnd(40)}${(median / 1000).toFixed(0).padStart(9)} us ${spread.padStart(20)}${verdict}`,
    );
  });
}

native.setThreads(0);
console.log('\nThe event loop, top-k 50, top-p 0.95: a plain call; until a promise is there, and its result');
for (const rows of [1, ROWS]) {
  const tensor = { data: batch.data.slice(0, rows * VOCABULARY), dims: [rows, VOCABULARY] };
  const times = await handOver(tensor, { ...usual, rng }, { rounds: 4 * Number(given.rounds) });
  results.cases.push({ name: `hand-over, ${rows} rows`, times });
  const cells = Object.values(times).map((us) => `${us.toFixed(0).padStart(9)} us`);
  console.log(`  ${`${rows} rows`.padEnd(12)}${cells.join('')}`);
}
console.log(`\nWritten to ${writeResults('tokens', results)}`);

/** Some twenty tokens that stand out, as a model's do. */
function peaked(data) {
  for (let i = 0; i < 20; i += 1) data[(i * 7919) % VOCABULARY] = 14 - i / 2;
  return data;
}

function peers(options) {
  return [byASort(options), transformersSampler(logits, options)];
}

function byASort(options) {
  return { name: 'plain JavaScript, by a sort', run: () => plainToken(logits, options, () => rng.uniform()) };
}
