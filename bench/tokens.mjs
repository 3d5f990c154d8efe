// npm run bench:tokens [-- --rounds=N WORD]: one token from the logits of a language model, and a batch of 64. Beside it
// what programs do without the library: in JavaScript a sort of the vocabulary, transformers.js's softmax and the steps of
// its sampler, and PyTorch where there is one. WORD: only the cases whose names have it. Targets are in microseconds, for
// one thread and for two.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { plainToken } from './contestants/plain-tokens.mjs';
import { findPython, pythonEnvironment, pythonFile } from './contestants/python.mjs';
import { describeRun, native, printRun } from './library.mjs';
import { measure } from './measure.mjs';
import { writeResults } from './report.mjs';

const VOCABULARY = 128_256;
const ROWS = 64;

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '15' } },
});
const [word = ''] = positionals;
const rng = new native.Rng(1);
const normal = () => Math.sqrt(-2 * Math.log(rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform());
const rowOf = (deviation) => Float32Array.from({ length: VOCABULARY }, () => deviation * normal());

// Some twenty tokens that stand out, as a model's do; and rows without any, from steep to flat.
const logits = rowOf(2);
for (let i = 0; i < 20; i += 1) logits[(i * 7919) % VOCABULARY] = 14 - i / 2;
const rows = {
  peaked: logits,
  'deviation 8': rowOf(8),
  'deviation 2': rowOf(2),
  'deviation 1': rowOf(1),
  flat: rowOf(0.3),
};
const batch = { data: new Float32Array(ROWS * VOCABULARY), dims: [ROWS, VOCABULARY] };
for (let r = 0; r < ROWS; r += 1) batch.data.set(logits, r * VOCABULARY);
const history = Int32Array.from({ length: 500 }, (_, i) => (i * 7919) % VOCABULARY);
const penalties = { history, repetitionPenalty: 1.1, presencePenalty: 0.2, frequencyPenalty: 0.1 };
const usual = { temperature: 0.8, topK: 50, topP: 0.95 };
const bits = new Uint32Array(logits.buffer);
const halves = (type, pattern) => ({ data: Uint16Array.from(bits, pattern), dims: [VOCABULARY], type });
// Any bits will do for float16: of the sign, and of what is below 16.
const float16 = halves('float16', (word32, i) => ((word32 >>> 16) & 0x8000) | (0x3000 + ((i * 7919) % 0x1800)));
const bfloat16 = halves('bfloat16', (word32) => word32 >>> 16);

const filters = [
  ['top-p 0.95', { topP: 0.95 }],
  ['top-p 0.5', { topP: 0.5 }],
  ['typical-p 0.9', { typicalP: 0.9 }],
  ['min-p 0.05', { minP: 0.05 }],
  ['top-k 1', { topK: 1 }],
  ['top-k 1,000', { topK: 1000 }],
  ['top-k n / 2', { topK: VOCABULARY / 2 }],
];
const CASES = [
  {
    name: 'top-k 50, top-p 0.95, penalties',
    options: { ...usual, ...penalties, rng },
    one: 150,
    two: 100,
    peers: true,
  },
  { name: 'top-k 50, top-p 0.95', options: { ...usual, rng } },
  { name: 'greedy, with its log-probability', options: { temperature: 0 }, one: 60 },
  { name: 'no filter', options: { rng } },
  ...filters.flatMap(([filter, options]) =>
    Object.entries(rows).map(([row, input]) => ({
      name: `${filter}, ${row}`,
      input,
      options: { temperature: 0.8, ...options, rng },
    })),
  ),
  { name: 'float16: top-k 50, top-p 0.95', input: float16, options: { ...usual, rng } },
  { name: 'bfloat16: top-k 50, top-p 0.95', input: bfloat16, options: { ...usual, rng } },
  { name: 'gumbelSoftmax', call: () => native.gumbelSoftmax(logits, { rng }) },
  { name: 'gumbelSoftmax, float16', call: () => native.gumbelSoftmax(float16, { rng }) },
  { name: 'gumbelSoftmaxVjp', call: () => native.gumbelSoftmaxVjp(logits, logits, { rng }) },
  { name: '10 without replacement', options: { temperature: 0.8, count: 10, replace: false, rng } },
  { name: `batch of ${ROWS}, top-k 50, top-p 0.95`, input: batch, options: { ...usual, rng }, one: 150 * ROWS },
];

const run = describeRun();
printRun(run);
const results = { run, cases: [] };
const python = startPython();
for (const listed of CASES.filter(({ name }) => name.includes(word))) {
  const { name, one, two, options, input = logits, call = () => native.sample(input, options) } = listed;
  const contestants = [1, 2].map((threads) => ({
    name: `native, ${threads}`,
    prepare: () => native.setThreads(threads),
    run: call,
  }));
  if (listed.peers) contestants.push(...(await peers(options)));
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
      `  ${contestant.name.padEnd(36)}${(median / 1000).toFixed(0).padStart(9)} us ${spread.padStart(20)}${verdict}`,
    );
  });
}
python?.end();
console.log(`\nWritten to ${writeResults('tokens', results)}`);

async function peers(options) {
  const uniform = () => rng.uniform();
  const plain = { name: 'plain JavaScript, by a sort', run: () => plainToken(logits, options, uniform) };
  return [plain, ...(await transformers(options, uniform)), ...(python?.contestants() ?? [])];
}

async function transformers(options, uniform) {
  const found = await import('./contestants/transformers-tokens.mjs').catch(() => undefined);
  if (found === undefined) return [];
  const { transformersSoftmax, transformersToken } = found;
  return [
    { name: 'transformers.js, softmax alone', run: transformersSoftmax(logits) },
    {
      name: 'transformers.js, temperature, top-k 50',
      run: transformersToken(logits, options, uniform),
      asynchronous: true,
    },
  ];
}

function startPython() {
  const found = findPython();
  if (found === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'softmax-bench-'));
  const file = join(folder, 'logits.bin');
  writeFileSync(file, logits);
  const stdio = ['pipe', 'pipe', 'inherit'];
  const child = spawn(found.command, [pythonFile('torch_tokens.py')], { stdio, env: pythonEnvironment(2) });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const sample = (name, threads) => async (calls) => {
    child.stdin.write(`${JSON.stringify({ file, name, threads, calls })}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('PyTorch ended before it answered');
    return calls * JSON.parse(value);
  };
  const names = { softmax: 'softmax alone', topk: 'top-k 50', topp: 'top-p 0.95 by a sort' };
  return {
    contestants: () =>
      [1, 2].flatMap((threads) =>
        Object.entries(names).map(([name, title]) => ({
          name: `torch ${found.versions.torch}, ${title}, ${threads}`,
          sample: sample(name, threads),
          restAfter: threads === 1 ? 0 : 40,
        })),
      ),
    end() {
      child.stdin.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
