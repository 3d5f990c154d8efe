// A token by PyTorch, where there is a Python that has it (see ../python/torch_tokens.py), which times itself.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findPython, pythonEnvironment, pythonFile } from './python.mjs';

// OpenMP lets its threads spin after a job.
const SPINNING_MS = 40;
const names = { softmax: 'softmax alone', topk: 'top-k 50', topp: 'top-p 0.95 by a sort' };

/** @returns { contestants, end }, or undefined without PyTorch */
export function startTorch(logits) {
  const python = findPython();
  if (python === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'softmax-bench-'));
  const file = join(folder, 'logits.bin');
  writeFileSync(file, logits);
  const stdio = ['pipe', 'pipe', 'inherit'];
  const child = spawn(python.command, [pythonFile('torch_tokens.py')], { stdio, env: pythonEnvironment(2) });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const sample = (name, threads) => async (calls) => {
    child.stdin.write(`${JSON.stringify({ file, name, threads, calls })}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('PyTorch ended before it answered');
    return calls * JSON.parse(value);
  };
  return {
    contestants: [1, 2].flatMap((threads) =>
      Object.entries(names).map(([name, title]) => ({
        name: `torch ${python.versions.torch}, ${title}, ${threads}`,
        sample: sample(name, threads),
        restAfter: threads === 1 ? 0 : SPINNING_MS,
      })),
    ),
    end() {
      child.stdin.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
