// npm run bench:regression [-- --case=digits --rounds=N --rows=N]: SoftmaxRegression against scikit-learn's
// LogisticRegression (L-BFGS, the same penalty) to the same gradient norm, where there is a Python that has it. Both fit
// the same numbers, in turns; each says the norm and the objective that it reached, computed by one formula: that of
// SoftmaxRegression.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { loadDigits } from '../examples/digits/digits.mjs';
import { pythonEnvironment, pythonFile } from './contestants/python.mjs';
import { describeRun, native, printRun } from './library.mjs';
import { measure } from './measure.mjs';
import { duration, writeResults } from './report.mjs';

const { values: given } = parseArgs({
  options: {
    case: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    rows: { type: 'string', default: '100000' },
  },
});

// The gradient of the mean loss; scikit-learn stops at the sum's, which is as many times as large as there are rows.
const CASES = [
  { name: 'digits, float64', make: digits, type: 'float64', tolerances: [1e-4, 1e-6] },
  { name: 'synthetic, float32', make: synthetic, type: 'float32', tolerances: [1e-5] },
  { name: 'synthetic, float64', make: synthetic, type: 'float64', tolerances: [1e-5, 1e-8] },
].filter(({ name }) => name.includes(given.case ?? ''));

const run = describeRun();
printRun(run);
const folder = mkdtempSync(join(tmpdir(), 'softmax-bench-'));
const python = startPython();
if (python === undefined) console.log('No Python with sklearn was found: scikit-learn is left out.');
const results = { run, cases: [] };
try {
  for (const { name, make, type, tolerances } of CASES) {
    const { data, labels, dims, classes } = make();
    const features = { data: type === 'float32' ? Float32Array.from(data) : Float64Array.from(data), dims };
    writeFileSync(join(folder, 'features.bin'), features.data);
    writeFileSync(join(folder, 'labels.bin'), labels);
    await python?.ask({ load: folder, type, dims });
    for (const tolerance of tolerances) {
      results.cases.push(await compare(`${name} ${dims.join(' x ')}, ${classes} classes`, features, labels, tolerance));
    }
  }
} finally {
  python?.end();
  rmSync(folder, { recursive: true });
}
results.calls = await timeCalls();
console.log(`\nWritten to ${writeResults('regression', results)}`);

async function compare(name, features, labels, tolerance) {
  console.log(`\n${name}, to a gradient of ${tolerance}`);
  const times = { ours: [], sklearn: [] };
  let ours;
  let sklearn;
  for (let round = 0; round < Number(given.rounds); round += 1) {
    const model = new native.SoftmaxRegression();
    const start = performance.now();
    ours = model.fit(features, labels, { tolerance, maxIterations: 10_000 });
    times.ours.push(performance.now() - start);
    if (python === undefined) continue;
    sklearn = await python.ask({ fit: tolerance });
    times.sklearn.push(sklearn.milliseconds);
  }
  const line = (contestant, samples, { iterations, gradientNorm, loss }) => {
    const [least, most] = [Math.min(...samples), Math.max(...samples)];
    console.log(
      `  ${contestant.padEnd(16)}${middle(samples).toFixed(0).padStart(8)} ms  (${least.toFixed(0)} .. ${most.toFixed(0)})` +
        `  ${iterations} iterations, gradient ${gradientNorm.toExponential(1)}, objective ${loss.toFixed(10)}`,
    );
  };
  line('ours', times.ours, ours);
  if (sklearn !== undefined) {
    line('scikit-learn', times.sklearn, sklearn);
    const ratio = middle(times.sklearn) / middle(times.ours);
    console.log(
      `  scikit-learn takes ${ratio.toFixed(2)} times as long: at most its time ${ratio >= 1 ? 'met' : 'MISSED'}`,
    );
  }
  return { name, tolerance, ours, sklearn, times };
}

/** What has no contestant. */
async function timeCalls() {
  const rng = new native.Rng(3);
  const [rows, classes] = [10_000, 10];
  const logits = {
    data: Float64Array.from({ length: rows * classes }, () => 9 * rng.uniform()),
    dims: [rows, classes],
  };
  const labels = Int32Array.from({ length: rows }, (_, r) => {
    return rng.uniform() < 0.3 ? r % classes : native.argmax(logits.data.subarray(r * classes, (r + 1) * classes));
  });
  const calls = [
    { name: 'fitMaximumEntropy of a die', run: () => native.fitMaximumEntropy([1, 2, 3, 4, 5, 6], 4.5) },
    { name: `calibrateTemperature ${rows} x ${classes}`, run: () => native.calibrateTemperature(logits, labels) },
  ];
  const times = await measure(calls);
  console.log();
  times.forEach(({ median }, i) => {
    console.log(`  ${calls[i].name.padEnd(36)}${duration(median).padStart(12)}`);
  });
  return calls.map(({ name }, i) => ({ name, median: times[i].median }));
}

function middle(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function digits() {
  const rows = loadDigits();
  const data = new Float64Array(rows.length * 64);
  rows.forEach(({ pixels }, r) => {
    for (let k = 0; k < 64; k += 1) data[r * 64 + k] = pixels[k] * 16;
  });
  return { data, labels: Int32Array.from(rows, ({ label }) => label), dims: [rows.length, 64], classes: 10 };
}

/** Normal features about the mean of the row's class: about one row in ten is taken for another class. */
function synthetic() {
  const [rows, width, classes] = [Number(given.rows), 784, 10];
  const rng = new native.Rng(8);
  const pool = Float32Array.from({ length: 1 << 20 }, () => {
    return Math.sqrt(-2 * Math.log(rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform());
  });
  const data = new Float32Array(rows * width);
  const labels = new Int32Array(rows);
  for (let r = 0; r < rows; r += 1) {
    const label = Math.floor(classes * rng.uniform());
    const [noise, mean] = [Math.floor(rng.uniform() * (pool.length - width)), label * width];
    labels[r] = label;
    for (let k = 0; k < width; k += 1) data[r * width + k] = pool[noise + k] + 0.1 * pool[mean + k];
  }
  return { data, labels, dims: [rows, width], classes };
}

function startPython() {
  const names = process.env.SOFTMAX_BENCH_PYTHON ? [process.env.SOFTMAX_BENCH_PYTHON] : ['python3', '/usr/bin/python3'];
  const command = names.find((name) => spawnSync(name, ['-c', 'import sklearn']).status === 0);
  if (command === undefined) return undefined;
  const stdio = ['pipe', 'pipe', 'inherit'];
  const env = pythonEnvironment(native.backend.threads);
  const child = spawn(command, [pythonFile('sklearn_regression.py')], { stdio, env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('Python ended before it answered');
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}
