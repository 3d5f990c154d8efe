// npm run bench:peers [-- words] [-- --quick]: the library against the other ways to a softmax, in Node and in Python.
import { readCommandLine } from './command-line.mjs';
import { compareCase } from './compare.mjs';
import { findPython, pythonContestants } from './contestants/python.mjs';
import { installPeers } from './install.mjs';
import { describeRun, printRun } from './library.mjs';
import { printCase, writeResults } from './report.mjs';
import { printSummary } from './summary.mjs';

const { cases, rounds } = readCommandLine();
const python = findPython();
const run = { ...describeRun(), peers: { ...installPeers(), ...python?.versions } };
printRun(run);
for (const [name, version] of Object.entries(run.peers)) console.log(`  ${name} ${version}`);
if (python === undefined) {
  console.log('No Python with torch and numpy was found (SOFTMAX_BENCH_PYTHON names one): left out.');
}

// Imported only now: before the installation there was nothing to import.
const peers = [
  (await import('./contestants/onnxruntime.mjs')).onnxruntimeContestants,
  (await import('./contestants/tfjs.mjs')).tfjsContestants,
  (await import('./contestants/transformers.mjs')).transformersContestants,
  ...(python === undefined ? [] : [pythonContestants(python.command)]),
];

const results = { run, cases: [] };
for (const workload of cases) {
  const rows = await compareCase(workload, { peers, rounds });
  printCase(workload, rows);
  results.cases.push({ name: workload.name, size: workload.size, target: workload.target, rows });
}
if (cases.length > 1) printSummary(results.cases);
console.log(`\nWritten to ${writeResults('peers', results)}`);
