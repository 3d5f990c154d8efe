// One training step of sampled softmax, candidates shared by the batch, against PyTorch: many classes, few samples.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { randomBits } from '../../examples/words/random.mjs';
import { findPython, pythonEnvironment, pythonFile } from '../contestants/python.mjs';
import { native } from '../library.mjs';
import { duration, significant } from '../report.mjs';

const BATCH = 256;
const DIM = 128;
const SECONDS = 1;

/** @returns [{ classes, samples, ours, torch }], medians in nanoseconds */
export async function compareSampledSteps(rounds = 3) {
  const torch = startTorch();
  if (torch === undefined) console.log('No Python with torch and numpy was found: PyTorch is left out.');
  console.log(
    `\n${`a sampled step, batch ${BATCH}, dim ${DIM}`.padEnd(44)}${'ours'.padStart(12)}${'PyTorch'.padStart(12)}`,
  );
  const rows = [];
  for (const classes of [10_000, 128_000]) {
    for (const samples of [100, 1000]) {
      const times = { ours: [], torch: [] };
      const step = stepOf(classes, samples);
      for (let round = 0; round < rounds; round += 1) {
        times.ours.push(medianTime(step));
        if (torch) times.torch.push(await torch.ask({ classes, dim: DIM, batch: BATCH, samples, seconds: SECONDS }));
      }
      const row = { classes, samples, ours: middle(times.ours), torch: torch && middle(times.torch) };
      rows.push(row);
      const ratio = torch ? `${duration(row.torch)} ${significant(row.torch / row.ours)}x`.padStart(20) : '';
      console.log(`  ${`${classes} classes, ${samples} samples`.padEnd(42)}${duration(row.ours).padStart(12)}${ratio}`);
    }
  }
  torch?.end();
  return rows;
}

function stepOf(classes, samples) {
  const { EmbeddingTable, SampledSoftmax, proposals, Rng } = native;
  const counts = Array.from({ length: classes }, (_, i) => Math.ceil(1e7 / (i + 1)));
  const proposal = proposals.unigram(counts, { power: 1 });
  const layer = new SampledSoftmax({ classes, dim: DIM, proposal, samples, unique: false, share: 'batch' });
  const table = new EmbeddingTable({ size: classes, dim: DIM, seed: 1 });
  const random = randomBits(1);
  const ids = () => Int32Array.from({ length: BATCH }, () => random() % classes);
  const examples = { table, rows: ids() };
  const targets = ids();
  const rng = new Rng(1);
  return () => layer.trainStep(examples, targets, { learningRate: 0.05 / BATCH, batchSize: BATCH, rng });
}

function medianTime(step) {
  const end = performance.now() + 1000 * SECONDS;
  const times = [];
  step();
  while (performance.now() < end) {
    const start = performance.now();
    step();
    times.push(1e6 * (performance.now() - start));
  }
  return middle(times);
}

const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

function startTorch() {
  const python = findPython();
  if (python === undefined) return undefined;
  const stdio = ['pipe', 'pipe', 'inherit'];
  const child = spawn(python.command, [pythonFile('torch_sampled.py')], { stdio, env: pythonEnvironment(1) });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('PyTorch ended before it answered');
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}
