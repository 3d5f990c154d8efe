// An output layer of a million classes in several processes, one of which is killed in the middle of a request, and the
// same over worker threads with shared memory: node examples/sharded/demo.mjs [--classes=1000000] [--dim=64] [--shards=4]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FullSoftmax, Rng, SoftmaxState } from 'softmax-native';
import { ShardedSoftmax } from './layer.mjs';
import { startProcess, startThread } from './links.mjs';
import { partsOf, readPart, writeWeights } from './weights.mjs';

const { values } = parseArgs({
  options: {
    classes: { type: 'string', default: '1000000' },
    dim: { type: 'string', default: '64' },
    shards: { type: 'string', default: '4' },
    rows: { type: 'string', default: '4' },
  },
});
const [classes, dim, shards, rows] = [values.classes, values.dim, values.shards, values.rows].map(Number);
const topK = 5;

const folder = mkdtempSync(join(tmpdir(), 'sharded-'));
const file = join(folder, 'weights.f32');
const rng = new Rng(2);
const hidden = Float32Array.from({ length: rows * dim }, () => rng.uniform() - 0.5);
const targets = Array.from({ length: rows }, () => Math.floor(rng.uniform() * classes));
let layer;
let isSame = true;

try {
  await timed(`${classes} x ${dim} weights written`, () => writeWeights(file, { classes, dim, seed: 1 }));
  const whole = await timed('read in one place', () => readPart(file, { first: 0, count: classes, dim }));
  const expected = await timed(`${rows} rows in one place`, () => unsharded(whole));
  const parts = partsOf(classes, shards).map((part) => ({ ...part, dim, file }));

  layer = new ShardedSoftmax({ start: startProcess, parts, dim, topK });
  await timed(`${shards} processes started, first answer`, () => layer.ask(hidden, targets));
  compare(await timed('the next answer', () => layer.ask(hidden, targets)), expected);
  const answer = layer.ask(hidden, targets);
  process.kill(layer.pids[1 % shards], 'SIGKILL');
  compare(await timed('an answer for which one process was killed', () => answer), expected);
  console.log(`shards started again: ${layer.restarts}`);
  layer.close();

  const shared = parts.map(({ first, count }) => ({
    first,
    count,
    dim,
    weight: whole.subarray(first * dim, (first + count) * dim),
  }));
  layer = new ShardedSoftmax({ start: startThread, parts: shared, dim, topK });
  await timed(`${shards} threads started, first answer`, () => layer.ask(hidden, targets));
  compare(await timed('the next answer', () => layer.ask(hidden, targets)), expected);
} finally {
  layer?.close();
  rmSync(folder, { recursive: true });
}
if (!isSame) process.exitCode = 1;

async function timed(title, work) {
  const start = performance.now();
  const result = await work();
  console.log(`${title}: ${(performance.now() - start).toFixed(0)} ms`);
  return result;
}

function unsharded(weight) {
  const full = new FullSoftmax({ classes, dim, weight });
  return targets.map((target, row) => {
    const logits = full.logits(hidden.subarray(row * dim, (row + 1) * dim)).data;
    return new SoftmaxState({ topK, target }).push(logits);
  });
}

function compare(states, expected) {
  const same = states.every((state, row) => {
    const other = expected[row];
    return (
      state.count === classes &&
      String(state.top().ids) === String(other.top().ids) &&
      Math.abs(state.logSumExp - other.logSumExp) <= 2 ** -52 * Math.abs(other.logSumExp) &&
      Math.abs(state.targetLogProbability - other.targetLogProbability) <=
        2 ** -50 * Math.abs(other.targetLogProbability)
    );
  });
  isSame &&= same;
  const { ids, probabilities } = states[0].top();
  console.log(
    `  ${same ? 'the same' : 'NOT the same'} as in one place; row 0: class ${ids[0]} at ${probabilities[0].toExponential(3)}`,
  );
}
