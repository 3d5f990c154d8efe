// npm run bench:tokens [-- --rounds=N WORD]: one token from the logits of a language model, and a batch of 64; the filters
// on rows from peaked to flat. Beside it what a program in JavaScript does without the library: the sampler of
// transformers.js, which keeps the k greatest and knows no top-p, and top-p by a sort of the vocabulary; and PyTorch, where
// there is one. WORD: only cases whose names have it. The targets are in microseconds, for one thread and for two.
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
const { startTorch } = await import('./contestants/torch-tokens.mjs');
const { transformersGenerate, transformersSampler } = await import('./contestants/transformers-tokens.mjs');

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '15' } },
});
const [word = ''] = positionals;
const rng = new native.Rng(1);
const logits = peaked(logitsOf({ type: 'float32', dims: [VOCABULARY] }).data);
const batch = { data: new Float32Array(ROWS * VOCABULARY), dims: [ROWS, VOCABULARY] };
for (let r = 0; r < ROWS; r += 1) batch.data.set(logits, r * VOCABULARY);
const history = Int32Array.from({ length: 500 }, (_, i) => (i * 7919) % VOCABULARY);
const penalties = { history, repetitionPenalty: 1.1, presencePenalty: 0.2, frequencyPenalty: 0.1 };
const usual = { temperature: 0.8, topK: 50, topP: 0.95 };
const rows = {
  peaked: logits,
  ...Object.fromEntries([8, 2, 1, 0.3].map((deviation) => [`of deviation ${deviation}`, normal(deviation)])),
};
const filters = {
  'top-p 0.95': { topP: 0.95 },
  'top-p 0.5': { topP: 0.5 },
  'typical-p 0.9': { typicalP: 0.9 },
  'min-p 0.05': { minP: 0.05 },
  'top-k 1': { topK: 1 },
  'top-k 1,000': { topK: 1000 },
  'top-k half of all': { topK: VOCABULARY / 2 },
};
const filtered = Object.entries(filters).flatMap(([filter, options]) =>
  Object.entries(rows).map(([row, input]) => ({
    name: `${filter} alone, ${row}`,
    input,
    options: { temperature: 0.8, ...options, rng },
  })),
);
// The upper halves of the logits are bfloat16; for float16 some bits between 0.125 and 8 will do.
const bits = new Uint32Array(logits.buffer);
const halves = (type, pattern) => ({ data: Uint16Array.from(bits, pattern), dims: [VOCABULARY], type });
const float16 = halves('float16', (word32, i) => ((word32 >>> 16) & 0x8000) | (0x3000 + ((i * 7919) % 0x1800)));
const bfloat16 = halves('bfloat16', (word32) => word32 >>> 16);
const torch = startTorch(logits);

const CASES = [
  { name: 'top-k 50, top-p 0.95, penalties', options: { ...usual, ...penalties, rng }, one: 150, two: 100, peers },
  { name: 'top-k 50, top-p 0.95', options: { ...usual, rng }, peers },
  { name: 'greedy, with its log-probability', options: { temperature: 0 }, one: 60 },
  { name: 'top-p 0.95', options: { temperature: 0.8, topP: 0.95, rng }, peers: (wished) => [byASort(wished)] },
  ...filtered,
  { name: 'float16: top-k 50, top-p 0.95', input: float16, options: { ...usual, rng } },
  { name: 'bfloat16: top-k 50, top-p 0.95', input: bfloat16, options: { ...usual, rng } },
  { name: '10 without replacement', options: { temperature: 0.8, count: 10, replace: false, rng } },
  { name: 'no filter', options: { rng }, peers: (wished) => [transformersSampler(logits, wished)] },
  {
    name: 'gumbelSoftmax',
    call: () => native.gumbelSoftmax(logits, { rng }),
  },
  {
    name: 'gumbelSoftmax of float16',
    call: () => native.gumbelSoftmax(float16, { rng }),
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
for (const listed of CASES.filter(({ name }) => name.includes(word))) {
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

torch?.end();
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

/** Logits without any order. */
function normal(deviation) {
  const one = () => Math.sqrt(-2 * Math.log(rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform());
  return Float32Array.from({ length: VOCABULARY }, () => deviation * one());
}

/** Some twenty tokens that stand out, as a model's do. */
function peaked(data) {
  for (let i = 0; i < 20; i += 1) data[(i * 7919) % VOCABULARY] = 14 - i / 2;
  return data;
}

function peers(options) {
  return [byASort(options), transformersSampler(logits, options), ...(torch?.contestants ?? [])];
}

function byASort(options) {
  return { name: 'plain JavaScript, by a sort', run: () => plainToken(logits, options, () => rng.uniform()) };
}
