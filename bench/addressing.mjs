// node bench/addressing.mjs [--rounds=N]: what states and memories cost beside the functions that they are made of:
// a push of 128,256 float32 logits into a SoftmaxState, beside logSumExp of them; merges; reads of a Memory.
import { parseArgs } from 'node:util';
import { completed } from './cases.mjs';
import { logitsOf } from './inputs.mjs';
import { describeRun, native, printRun } from './library.mjs';
import { measure } from './measure.mjs';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const { logSumExp, Memory, setThreads, SoftmaxState } = native;

const n = 128_256;
const [dim, valueSize] = [64, 16];
const { data: logits } = logitsOf(completed({ operation: 'logSumExp', dims: [1, n] }));
const wide = Float64Array.from(logits);
const values = new Float32Array(n * valueSize).fill(0.5);
const parts = Array.from({ length: 1000 }, (_, i) =>
  new SoftmaxState({ topK: 50 }).push(logits.subarray(i * 128, (i + 1) * 128)),
);
const state = new SoftmaxState().push(logits);
const out = new Float32Array(n);
const rows = 20_000;
const memory = new Memory(
  { data: logits.slice(0, rows * (dim / 16)), dims: [rows / 16, dim] },
  { data: values.slice(0, rows), dims: [rows / 16, 16] },
);
const queries = { data: logits.slice(0, 64 * dim), dims: [64, dim] };

const contestants = {
  'logSumExp, float32': () => logSumExp(logits),
  'logSumExp, float64': () => logSumExp(wide),
  push: () => new SoftmaxState().push(logits),
  'push, topK 50': () => new SoftmaxState({ topK: 50 }).push(logits),
  'push, values of 16': () => new SoftmaxState({ valueSize }).push(logits, { values }),
  probabilities: () => state.probabilities(logits, out),
  '1,000 pushes of 8': () => {
    const small = new SoftmaxState();
    for (let i = 0; i < 1000; i += 1) small.push(logits.subarray(i * 8, i * 8 + 8));
  },
  '1,000 merges, topK 50': () => {
    const all = new SoftmaxState({ topK: 50 });
    for (const part of parts) all.merge(part);
  },
  [`Memory: 64 queries of ${rows / 16} rows`]: () => memory.read(queries),
  'Memory: the same, topK 8': () => memory.read(queries, { topK: 8 }),
};

printRun(describeRun());
for (const threads of [1, 2]) {
  setThreads(threads);
  const measured = await measure(
    Object.entries(contestants).map(([name, run]) => ({ name, run })),
    { rounds: Number(options.rounds) },
  );
  console.log(`\n${threads} thread${threads === 1 ? '' : 's'}`);
  Object.keys(contestants).forEach((name, i) => {
    console.log(`${name.padEnd(36)} ${(measured[i].median / 1000).toFixed(1).padStart(9)} us`);
  });
}
