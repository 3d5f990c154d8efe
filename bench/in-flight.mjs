// npm run bench:in-flight [-- --rounds=N]: softmax of one row in place, again and again over 64 arrays: by plain calls on
// all processors, and by promises with 64 in flight. Two copies of the row are what promises without `transfer` cannot do
// without on the event loop: one when the call is made, one of the result at the end.
import { parseArgs } from 'node:util';
import { logitsOf } from './inputs.mjs';
import { describeRun, native, printRun, promises } from './library.mjs';
import { statistics } from './measure.mjs';
import { writeResults } from './report.mjs';

const IN_FLIGHT = 64;
const SIZES = [1000, 100_000, 300_000, 1_000_000];
const SAMPLE_MS = 120;
const GOAL = 0.9; // of the plain calls

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });

/** Each makes, of 64 rows, a function that goes on for some milliseconds and gives the number of rows it computed. */
const CONTESTANTS = {
  'plain calls': (rows) => (ms) => inTurn(rows, ms, (row) => native.softmax(row, { out: row })),
  promises: (rows) => (ms) =>
    inFlight(rows, ms, async (row) => {
      await promises.softmax(row, { out: row });
      return row;
    }),
  'promises, transfer': (rows) => (ms) =>
    inFlight(rows, ms, async (row) => (await promises.softmax(row, { out: row, transfer: true })).result),
  'two copies': (rows) => {
    const scratch = rows.map((row) => new Float32Array(row));
    return (ms) =>
      inTurn(rows, ms, (row, i) => {
        scratch[i].set(row);
        row.set(scratch[i]);
      });
  },
};

native.setThreads(0);
const run = describeRun();
printRun(run);
const results = { run, sizes: [] };
for (const size of SIZES) {
  const rates = await ratesOf(size);
  results.sizes.push({ size, rates });
  print(size, rates);
}
console.log(`\nWritten to ${writeResults('in-flight', results)}`);

/** Rows a second, in rounds: each contestant has its turn in each. */
async function ratesOf(size) {
  const rows = Array.from({ length: IN_FLIGHT }, (_, i) => logitsOf({ type: 'float32', dims: [size] }, i + 1).data);
  const contestants = Object.entries(CONTESTANTS).map(([name, contestant]) => {
    return { name, compute: contestant(rows), samples: [] };
  });
  for (const { compute } of contestants) await compute(SAMPLE_MS);
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const { compute, samples } of contestants) {
      const start = performance.now();
      const count = await compute(SAMPLE_MS);
      samples.push((1000 * count) / (performance.now() - start));
    }
  }
  return Object.fromEntries(contestants.map(({ name, samples }) => [name, statistics(samples)]));
}

function inTurn(rows, ms, compute) {
  const end = performance.now() + ms;
  let count = 0;
  for (; performance.now() < end; count += 1) compute(rows[count % IN_FLIGHT], count % IN_FLIGHT);
  return count;
}

async function inFlight(rows, ms, compute) {
  const end = performance.now() + ms;
  let count = 0;
  const client = async (_, i) => {
    for (; performance.now() < end; count += 1) rows[i] = await compute(rows[i]);
  };
  await Promise.all(rows.map(client));
  return count;
}

function print(size, rates) {
  console.log(`\n1x${size} float32, ${IN_FLIGHT} in flight     rows/s          p25 .. p75   of the plain calls`);
  const plain = rates['plain calls'].median;
  for (const [name, { median, p25, p75 }] of Object.entries(rates)) {
    const share = median / plain;
    const verdict = name.startsWith('promises') ? (share >= GOAL ? '   met' : '   MISSED') : '';
    const cells = [
      `  ${name.padEnd(22)}`,
      median.toFixed(0).padStart(14),
      `${p25.toFixed(0)} .. ${p75.toFixed(0)}`.padStart(20),
      `${(100 * share).toFixed(0)} %`.padStart(16),
      verdict,
    ];
    console.log(cells.join(''));
  }
}
