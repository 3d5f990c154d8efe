// New environments in which each thing that the binary asks for is refused in turn, once and from then on: it is loaded, a
// job starts, and threads, in a worker of its own each time.
// node test/faults/allocations.mjs <folder of failing.mjs>; prints { cases, outcomes, failures } as JSON.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const folder = isMainThread ? process.argv[2] : workerData.folder;
const { failAt, asked, held } = require(join(folder, 'control.node'));

const z = Float32Array.from({ length: 150_000 }, (_, i) => 9 * Math.sin(i * i));
const bytes = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength);
const same = (a, b) => bytes(a).equals(bytes(b));

/** Two jobs: one that copies, into storage that is given, and one that owns its arrays. */
async function jobs(promises, wanted) {
  const outcomes = [];
  const storage = new Float32Array(z.length).fill(77);
  const out = storage.slice();
  const calls = [() => promises.softmax(z, { out }), () => promises.softmax(z.slice(), { transfer: true })];
  for (const call of calls) {
    try {
      const result = await call();
      if (!same(result.result ?? result, wanted)) outcomes.push('a wrong result');
    } catch (error) {
      const isRefused = error instanceof RangeError && error.code === 'ERR_MEMORY_ALLOCATION_FAILED';
      outcomes.push(isRefused ? 'refused' : String(error));
      if (call === calls[0] && !same(out, storage)) outcomes.push('half a result');
    }
  }
  return outcomes;
}

/** What became of loading, and of the jobs. */
async function withRefusals() {
  try {
    const library = require('softmax-native');
    if (library.backend.kind === 'typescript') return [`in TypeScript: ${library.backend.reason.replace(/^.*: /, '')}`];
    library.setThreads(2);
  } catch (error) {
    return [`not loaded: ${error.code}`];
  }
  return jobs(require('softmax-native/promises'), workerData.wanted);
}

async function work() {
  failAt(workerData.first, workerData.forEver);
  const outcomes = await withRefusals();
  const count = asked();
  failAt(0, false);
  // Afterwards, too, there are two jobs; where the binary was not loaded, it is not looked for again.
  const later = await jobs(require('softmax-native/promises'), workerData.wanted);
  const { kind } = require('softmax-native').backend;
  parentPort.postMessage({ count, outcomes, later: kind === 'typescript' ? [] : later });
}

const once = (given) =>
  new Promise((resolve, reject) => {
    const env = { ...process.env, SOFTMAX_NATIVE_BINARY: join(folder, 'softmax_native.node') };
    const worker = new Worker(new URL(import.meta.url), { env, workerData: { ...given, folder } });
    let answer;
    worker.on('message', (message) => {
      answer = message;
    });
    worker.on('error', reject).on('exit', () => resolve(answer));
  });

const expected = [
  '',
  'refused',
  'refused, refused',
  'in TypeScript: Failed to allocate the memory that the binary needs',
  'not loaded: ERR_SOFTMAX_NATIVE_LOAD',
];

async function main() {
  const wanted = require('softmax-native').softmax(z);
  const seen = { cases: 0, outcomes: {}, failures: [] };
  for (const forEver of [false, true]) {
    for (let first = 1, last = Infinity; first <= last; first += 1) {
      const { count, outcomes, later } = await once({ first, forEver, wanted });
      const outcome = outcomes.join(', ');
      seen.cases += 1;
      seen.outcomes[outcome] = (seen.outcomes[outcome] ?? 0) + 1;
      const isExpected = expected.includes(outcome) && later.length === 0 && held() === 0;
      if (!isExpected) seen.failures.push({ first, forEver, outcome, later, held: held() });
      if (count < first) last = 0;
    }
  }
  console.log(JSON.stringify(seen, null, 1));
}

if (isMainThread) await main();
else await work();
