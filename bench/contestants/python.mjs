// PyTorch and NumPy, where there is a Python that has them: a process of its own for each case and number of threads. The
// inputs reach it in files; it runs a sample when told to, and times it itself (see ../python/contestant.py).
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mapValues } from '../inputs.mjs';

// OpenBLAS and OpenMP let their threads spin after a job, on the cores that the next contestant needs.
const SPINNING_MS = 40;

export const pythonFile = (name) => fileURLToPath(new URL(`../python/${name}`, import.meta.url));

/** @returns { command, versions } of the first Python that has both, or undefined */
export function findPython() {
  const names = process.env.SOFTMAX_BENCH_PYTHON ? [process.env.SOFTMAX_BENCH_PYTHON] : ['python3', '/usr/bin/python3'];
  const question = 'import torch, numpy; print(torch.__version__, numpy.__version__)';
  for (const command of names) {
    const { status, stdout } = spawnSync(command, ['-c', question], { encoding: 'utf8' });
    if (status !== 0) continue;
    const [torch, numpy] = stdout.trim().split(' ');
    return { command, versions: { torch, numpy } };
  }
  return undefined;
}

/** As many threads as said, in all the pools there may be. */
export function pythonEnvironment(threads) {
  const count = String(threads);
  return { ...process.env, OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count };
}

/** Writes a case for Python to read. @returns the folder */
export function writeCase({ operation, dims, axis, options, forward = false, probabilities = false }, inputs) {
  const folder = mkdtempSync(join(tmpdir(), 'softmax-bench-'));
  const described = mapValues(inputs, ({ type, dims }) => ({ type, dims }));
  const description = { operation, dims, axis, options, forward, probabilities, inputs: described };
  writeFileSync(join(folder, 'case.json'), JSON.stringify(description));
  for (const [name, { data }] of Object.entries(inputs)) writeFileSync(join(folder, `${name}.bin`), data);
  return folder;
}

/** @returns a function (workload, inputs) that gives the contestants */
export function pythonContestants(command) {
  return async (workload, inputs) => {
    const folder = writeCase(workload, inputs);
    const counts = workload.size >= 8192 ? [1, 2] : [1];
    const children = [];
    const release = () => {
      for (const child of children) child.kill();
      rmSync(folder, { recursive: true, force: true });
    };
    try {
      const contestants = [];
      for (const threads of counts) {
        const child = startChild(command, folder, threads);
        children.push(child);
        const names = await child.ask('names');
        contestants.push(...names.map((name) => ({ ...contestantOf(child, folder, name, threads), release })));
      }
      if (contestants.length === 0) release();
      return contestants;
    } catch (error) {
      release();
      throw error;
    }
  };
}

function contestantOf(child, folder, name, threads) {
  return {
    name: threads === 1 ? name : `${name}, ${threads} threads`,
    threads,
    restAfter: threads === 1 ? 0 : SPINNING_MS,
    sample: (calls) => child.ask('time', name, calls),
    result: async () =>
      Object.fromEntries(
        Object.keys(await child.ask('results', name)).map((key) => {
          const { buffer, byteOffset, byteLength } = readFileSync(join(folder, `${key}.out`));
          return [key, new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength))];
        }),
      ),
  };
}

// One question at a time, one line of JSON as the answer.
function startChild(command, folder, threads) {
  const child = spawn(command, [pythonFile('contestant.py'), folder, String(threads)], {
    env: pythonEnvironment(threads),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let waiting;
  let ended;
  createInterface({ input: child.stdout }).on('line', (line) => waiting?.resolve(JSON.parse(line)));
  const fail = (reason) => {
    ended = new Error(`${command}: ${reason}`);
    waiting?.reject(ended);
  };
  child.on('error', ({ message }) => fail(message));
  child.on('exit', (status, signal) => fail(`ended with ${status ?? signal}`));
  child.stdin.on('error', () => {}); // its end is told by 'exit'
  return {
    ask: (...words) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        if (ended) reject(ended);
        child.stdin.write(`${words.join('\t')}\n`);
      }),
    kill: () => child.kill(),
  };
}
