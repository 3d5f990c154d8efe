// node bench/loop-delay.mjs [--seconds=N]: how late the event loop is while softmax of 64 x 128,256 runs again and again,
// computed by onnxruntime-node (whose `run` gives a promise, but computes on the loop), by plain calls, and by promises.
// Each in a process of its own.
import { spawnSync } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { completed } from './cases.mjs';
import { onnxruntimeContestants } from './contestants/onnxruntime.mjs';
import { emptyTensor, logitsOf } from './inputs.mjs';
import { describeRun, native, printRun, promises } from './library.mjs';
import { writeResults } from './report.mjs';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, of: { type: 'string' } },
});
const workload = completed({ operation: 'softmax', dims: [64, 128_256] });

/** Each makes a function that computes once. */
const CONTESTANTS = {
  nothing: () => () => new Promise((resolve) => setTimeout(resolve, 5)),
  'onnxruntime-node': async (logits, out) => {
    const contestants = await onnxruntimeContestants(workload, { logits }, { out });
    return contestants.at(-1).run;
  },
  'plain calls': (logits, out) => async () => native.softmax(logits, { out }),
  promises: (logits, out) => () => promises.softmax(logits, { out }),
  'promises, transfer': (logits, out) => {
    let given = [logits, out];
    return async () => {
      given = (await promises.softmax(given[0], { out: given[1], transfer: true })).transferred;
    };
  },
};

if (options.of === undefined) printAll();
else console.log(JSON.stringify(await delaysOf(options.of)));

function printAll() {
  const run = describeRun();
  printRun(run);
  console.log(`\nEvent loop delay in ms while ${workload.name} runs, ${options.seconds} s each`);
  console.log('                           calls/s     p50     p99     max');
  const script = fileURLToPath(import.meta.url);
  const rows = Object.keys(CONTESTANTS).map((name) => {
    const words = [script, `--of=${name}`, `--seconds=${options.seconds}`];
    const { status, stdout } = spawnSync(process.execPath, words, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (status !== 0) throw new Error(`${name} ended with ${status}`);
    const row = { name, ...JSON.parse(stdout) };
    const cells = [row.p50, row.p99, row.max].map((ms) => ms.toFixed(2).padStart(8)).join('');
    console.log(`  ${name.padEnd(20)}${row.calls.toFixed(1).padStart(12)}${cells}`);
    return row;
  });
  console.log(`\nWritten to ${writeResults('loop-delay', { run, rows })}`);
}

async function delaysOf(name) {
  const logits = logitsOf(workload);
  const compute = await CONTESTANTS[name](logits, emptyTensor('float32', workload.dims));
  const run = async (seconds) => {
    const end = performance.now() + 1000 * seconds;
    let calls = 0;
    while (performance.now() < end) {
      await compute();
      await turn(); // what waits on the loop gets its turn
      calls += 1;
    }
    return calls / seconds;
  };
  await run(1);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const calls = await run(Number(options.seconds));
  delay.disable();
  return { calls, p50: delay.percentile(50) / 1e6, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
}
