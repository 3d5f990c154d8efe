// npm run bench:peers [-- words] [-- --quick]: the library against the other ways to a softmax in Node.
import { readCommandLine } from './command-line.mjs';
import { compareCase } from './compare.mjs';
import { installPeers } from './install.mjs';
import { describeRun, printRun } from './library.mjs';
import { printCase, writeResults } from './report.mjs';

const { cases, rounds } = readCommandLine();
const run = { ...describeRun(), peers: installPeers() };
printRun(run);
for (const [name, version] of Object.entries(run.peers)) console.log(`  ${name} ${version}`);

// Imported only now: before the installation there was nothing to import.
const peers = [
  (await import('./contestants/onnxruntime.mjs')).onnxruntimeContestants,
  (await import('./contestants/tfjs.mjs')).tfjsContestants,
  (await import('./contestants/transformers.mjs')).transformersContestants,
];

const results = { run, cases: [] };
for (const workload of cases) {
  const rows = await compareCase(workload, { peers, rounds });
  printCase(workload, rows);
  results.cases.push({ name: workload.name, size: workload.size, target: workload.target, rows });
}
console.log(`\nWritten to ${writeResults('peers', results)}`);
