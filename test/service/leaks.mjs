// Calls by the million, plain and for promises: the resident set stays what it is; and workers by the thousand.
// node --expose-gc --max-semi-space-size=1 test/service/leaks.mjs [calls, 1000000] [warming, 100000]
// node --expose-gc --max-semi-space-size=1 test/service/leaks.mjs workers [workers, 1000] [warming, 100]
// prints { calls, growthMiB, quartersMiB } as JSON. N.B. without the second option V8's young generation grows by some
// 10 MiB whenever it likes, the later the busier the machine is.
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const library = require('softmax-native');
const promises = require('softmax-native/promises');

const z = Float32Array.from({ length: 30 }, (_, i) => Math.sin(i));
const tensor = { data: z, dims: [2, 3, 5] };
const wide = { data: Float64Array.from(z), dims: [3, 10] };
const mask = { data: new Uint8Array([1, 0, 1, 1, 1]), dims: [5] };
const long = new Float32Array(20_000).fill(1);
const weight = { data: new Float64Array(40).fill(0.5), dims: [4, 10] };
const given = new Float32Array(30);

/** One of each kind: with and without storage, options and errors. */
const calls = [
  () => library.softmax(z),
  () => library.softmax(tensor, { axis: 1, mask }),
  () => library.softmax(z, { out: given }),
  () => library.logSoftmax([1, 2, 3]),
  () => library.logSumExp(tensor, { axis: [0, 2], returnSign: true, weights: tensor }),
  () => library.argmax(wide),
  () => library.softmaxVjp(z, z, { beta: 2 }),
  () => library.softmaxJacobian(wide),
  () => library.crossEntropy(wide, [0, 1, -100], { gradient: true, labelSmoothing: 0.1 }),
  () => library.crossEntropy(wide, wide.data.map(Math.abs), { targetGradient: true }),
  () => library.klDivergence(tensor, tensor, { axis: 0 }),
  () => library.linearCrossEntropy(wide, weight, [0, 1, 2], { gradient: true }),
  () => library.attention(tensor, tensor, tensor, { causal: true, returnLogSumExp: true }),
  () => library.attentionVjp(tensor, tensor, tensor, tensor),
  () => library.diagnose(tensor),
  () => fails(() => library.softmax(z, { axis: 7 })),
  () => fails(() => library.crossEntropy(wide, [0, 1, 99])),
];
const awaited = [
  () => promises.softmax(z),
  () => promises.logSoftmax(tensor, { axis: 0 }),
  () => promises.softmax(long),
  () => promises.logSumExp(long.slice(), { transfer: true }),
  () => promises.softmax(long, { signal: AbortSignal.abort() }).catch(() => undefined),
  () => promises.softmax(tensor, { axis: 9 }).catch(() => undefined),
];

function fails(call) {
  try {
    call();
  } catch {}
}

/** Every 16th for a promise, eight of those at once. */
async function make(count) {
  let pending = [];
  for (let i = 0; i < count; i += 1) {
    if (i % 16 !== 0) calls[i % calls.length]();
    else pending.push(awaited[(i >> 4) % awaited.length]());
    if (pending.length < 8) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
}

async function work(count) {
  for (let i = 0; i < count; i += 1) {
    const worker = new Worker(new URL(import.meta.url));
    await new Promise((resolve, reject) => worker.once('error', reject).once('exit', resolve));
  }
}

/** What the process holds when nothing is left to collect: the least of a few looks. */
async function resident() {
  let least = Infinity;
  for (let look = 0; look < 5; look += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
    least = Math.min(least, process.memoryUsage.rss());
  }
  return least;
}

if (!isMainThread) {
  await make(100);
  parentPort.close();
} else {
  const ofWorkers = process.argv[2] === 'workers';
  const [count = ofWorkers ? 1000 : 1_000_000, warming = count / 10] = process.argv
    .slice(ofWorkers ? 3 : 2)
    .map(Number);
  const run = ofWorkers ? work : make;
  await run(warming);
  // A leak grows in every quarter; what is once made and then kept, in one of them.
  const sizes = [await resident()];
  for (let quarter = 0; quarter < 4; quarter += 1) {
    await run(Math.ceil(count / 4));
    sizes.push(await resident());
  }
  const growth = (from, to) => Number(((to - from) / 2 ** 20).toFixed(2));
  const quartersMiB = sizes.slice(1).map((size, i) => growth(sizes[i], size));
  console.log(JSON.stringify({ calls: count, growthMiB: growth(sizes[0], sizes.at(-1)), quartersMiB }));
}
