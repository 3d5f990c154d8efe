// npm run bench [-- words] [-- --quick]: the library against its reference and against plain loops.
import { readCommandLine } from './command-line.mjs';
import { compareCase } from './compare.mjs';
import { crossover } from './crossover.mjs';
import { describeRun, printRun } from './library.mjs';
import { printCase, writeResults } from './report.mjs';
import { printSummary } from './summary.mjs';

const { cases, rounds, everything } = readCommandLine();
const run = describeRun();
printRun(run);

const results = { run, cases: [], crossover: everything ? await crossover({ rounds }) : [] };
for (const workload of cases) {
  const rows = await compareCase(workload, { rounds });
  printCase(workload, rows);
  results.cases.push({ name: workload.name, size: workload.size, target: workload.target, rows });
}
if (cases.length > 1) printSummary(results.cases);
console.log(`\nWritten to ${writeResults('bench', results)}`);
