// Workers that are terminated, and processes that exit, in the middle of jobs: no crash, no hang, no leak.
// node test/service/cycles.mjs [terminate | exit] [cycles, 500]; prints { cycles, failures, growthMiB } as JSON.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const { softmax } = createRequire(import.meta.url)('softmax-native/promises');

/** Two jobs of some 5 ms each: one that owns its arrays, one that copies. */
function startJobs() {
  const z = new Float32Array(2_000_000).fill(1);
  const ignore = () => undefined;
  softmax(z).catch(ignore);
  softmax(z.slice(), { transfer: true }).catch(ignore);
}

async function terminate(cycles) {
  let failures = 0;
  let settled;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const worker = new Worker(new URL(import.meta.url), { workerData: 'jobs' });
    worker.on('error', () => {
      failures += 1;
    });
    await new Promise((resolve) => worker.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, cycle % 7));
    await worker.terminate();
    // What a process keeps for its workers it has after some of them.
    if (cycle === Math.floor(cycles / 4)) settled = process.memoryUsage.rss();
  }
  return { cycles, failures, growthMiB: Number(((process.memoryUsage.rss() - settled) / 2 ** 20).toFixed(1)) };
}

function exit(cycles) {
  let failures = 0;
  const program = new URL(import.meta.url).pathname;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const { status, signal } = spawnSync(process.execPath, [program, 'child', String(cycle % 7)], { timeout: 20_000 });
    if (status !== 3 || signal !== null) failures += 1;
  }
  return { cycles, failures };
}

if (!isMainThread && workerData === 'jobs') {
  startJobs();
  parentPort.postMessage('started');
  setInterval(() => undefined, 1000);
} else {
  const [kind = 'terminate', count = '500'] = process.argv.slice(2);
  if (kind === 'child') {
    startJobs();
    setTimeout(() => process.exit(3), Number(count));
  } else {
    const cycles = Number(count);
    console.log(JSON.stringify(kind === 'exit' ? exit(cycles) : await terminate(cycles)));
  }
}
