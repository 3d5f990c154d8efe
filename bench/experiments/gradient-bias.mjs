// node bench/experiments/gradient-bias.mjs [--seconds=60]: how far gradients from a few sampled classes are from those
// of the full softmax, by proposal and number of samples, next to what theory says.
import { parseArgs } from 'node:util';
import { describeRun, printRun } from '../library.mjs';
import { writeResults } from '../report.mjs';
import { estimate } from './importance.mjs';
import { compareLayers } from './layers.mjs';
import { makeProblem, proposalsFor } from './problem.mjs';
import { constantsOf } from './theory.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const SAMPLES = [10, 100, 1000];
const budget = (Number(values.seconds) * 1000) / 2;

const run = describeRun();
printRun(run);
const problem = makeProblem();
const proposals = proposalsFor(problem);
const importance = compareImportance();
const layers = compareLayers(problem, proposals, budget);
console.log(`\nWritten to ${writeResults('gradient-bias', { run, importance, layers })}`);

function compareImportance() {
  const unit = Math.sqrt(spread(problem));
  console.log(
    `\nSelf-normalised importance sampling: ${problem.classes} classes, vectors of ${problem.dim}. Lengths are in`,
  );
  console.log('standard deviations of the vectors under the model; beside each measurement what theory says.');
  console.log(
    `\n${'proposal'.padEnd(24)}${'chi^2'.padStart(9)}${'m'.padStart(6)}${'|bias|'.padStart(20)}${'theory'.padStart(10)}` +
      `${'deviation'.padStart(12)}${'theory'.padStart(10)}${'Var Z^/Z^2'.padStart(12)}${'chi^2/m'.padStart(10)}${'runs'.padStart(8)}`,
  );
  const rows = [];
  for (const [name, proposal] of proposals) {
    const { chi2, bias, variance } = constantsOf(problem, proposal);
    for (const draws of SAMPLES) {
      const runs = runsWithin(budget / proposals.length / SAMPLES.length, proposal, draws);
      const found = estimate(problem, proposal, { draws, runs });
      const row = {
        name,
        chi2,
        draws,
        runs,
        bias: length(found.bias) / unit,
        biasError: found.biasError / unit,
        biasTheory: length(bias) / draws / unit,
        deviation: Math.sqrt(found.variance) / unit,
        deviationTheory: Math.sqrt(variance / draws) / unit,
        varianceOfZ: found.relativeVarianceOfZ,
        varianceOfZTheory: chi2 / draws,
      };
      rows.push(row);
      printRow(row);
    }
  }
  return rows;
}

function printRow(row) {
  const number = (x) => (Math.abs(x) < 1e-12 ? '0' : x.toPrecision(3));
  const cells = [
    row.name.padEnd(24),
    number(row.chi2).padStart(9),
    String(row.draws).padStart(6),
    `${number(row.bias)} ± ${row.biasError.toExponential(0)}`.padStart(20),
    number(row.biasTheory).padStart(10),
    number(row.deviation).padStart(12),
    number(row.deviationTheory).padStart(10),
    number(row.varianceOfZ).padStart(12),
    number(row.varianceOfZTheory).padStart(10),
    String(row.runs).padStart(8),
  ];
  console.log(cells.join(''));
}

// As many as fit into so many milliseconds, by the time that a few take.
function runsWithin(milliseconds, proposal, draws) {
  const few = 20;
  const start = performance.now();
  estimate(problem, proposal, { draws, runs: few });
  return Math.max(200, Math.floor((few * milliseconds) / (performance.now() - start)));
}

// Of the vectors about their mean, under the model.
function spread({ dim, features, mean, p }) {
  return p.reduce((sum, share, id) => {
    let square = 0;
    for (let d = 0; d < dim; d += 1) square += (features[id * dim + d] - mean[d]) ** 2;
    return sum + share * square;
  }, 0);
}

function length(vector) {
  return Math.hypot(...vector);
}
