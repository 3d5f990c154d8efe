// npm run bench:memory: by how much the peak of the memory in use grows in one call of linearCrossEntropy, forward and
// backward, and of attention, beside what the logits, or scores, alone would take; and PyTorch's of the former, where it is
// found. Each call in a process of its own.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { completed } from './cases.mjs';
import { findPython, pythonEnvironment, pythonFile, writeCase } from './contestants/python.mjs';
import { describeRun, printRun } from './library.mjs';
import { attention } from './operations/attention.mjs';
import { linear } from './operations/linear.mjs';
import { significant, writeResults } from './report.mjs';

// MiB; what a case must stay under.
const CASES = [
  { listed: linear(256, 512, 10_000) },
  { listed: linear(256, 512, 32_000) },
  { listed: linear(1024, 512, 128_256), limit: 64 },
  { listed: attention(8, 8192, 8192, 64) },
  { listed: attention(8, 8192, 8192, 64, { operation: 'attentionVjp' }) },
];
const MIB = 2 ** 20;

const run = describeRun();
const python = findPython();
printRun(run);
console.log(python ? `  torch ${python.versions.torch}` : 'No Python with torch and numpy was found: left out.');
console.log('\nGrowth of the peak in MiB, the storage of results not counted');
console.log('  case                                              logits      native   2 threads       torch   target');

const results = { run, cases: [] };
for (const { listed, limit } of CASES) {
  const workload = completed(listed);
  const { outer, n } = workload.shape;
  const growth = {
    logits: outer * n * Float32Array.BYTES_PER_ELEMENT,
    native: growthInNode(workload, listed, 1),
    'native, 2 threads': growthInNode(workload, listed, 2),
    ...(python && workload.operation === 'linearCrossEntropy' ? { torch: growthInPython(workload) } : {}),
  };
  const most = Math.max(growth.native, growth['native, 2 threads']) / MIB;
  const cells = ['logits', 'native', 'native, 2 threads', 'torch'].map((name) =>
    (name in growth ? significant(growth[name] / MIB) : '').padStart(12),
  );
  const verdict =
    limit === undefined ? '' : `   ${limit} ${most <= limit ? 'met' : `MISSED by ${significant(most / limit)}`}`;
  console.log(`  ${workload.name.padEnd(44)}${cells.join('')}${verdict}`.trimEnd());
  results.cases.push({ name: workload.name, limit, growth });
}
console.log(`\nWritten to ${writeResults('memory', results)}`);

// What a function that takes no storage returns is not counted.
function growthInNode(workload, listed, threads) {
  const script = fileURLToPath(new URL('memory-of-call.mjs', import.meta.url));
  const grown = bytesFrom(process.execPath, [script, JSON.stringify(listed), String(threads)], process.env);
  if (!workload.steps.allocates) return grown;
  const results = Object.values(workload.steps.outputs(workload));
  return results.reduce((rest, { data }) => rest - data.byteLength, grown);
}

// PyTorch makes its gradients itself: what they are is not counted.
function growthInPython(workload) {
  const inputs = workload.steps.inputs(workload);
  const folder = writeCase(workload, inputs);
  try {
    const grown = bytesFrom(python.command, [pythonFile('memory_of_call.py'), folder], pythonEnvironment(1));
    return grown - inputs.hidden.data.byteLength - inputs.weight.data.byteLength;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bytesFrom(command, words, env) {
  const { status, stdout } = spawnSync(command, words, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${words[0]} ended with ${status}`);
  return Number(stdout);
}
