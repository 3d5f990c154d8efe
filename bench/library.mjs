// The library as its users get it (its own package name, so through `exports`), and what must stand above any table of
// times: machine, versions, commit.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import os from 'node:os';

const root = new URL('../', import.meta.url);
const requireFromRoot = createRequire(new URL('package.json', root));

export const native = requireFromRoot('softmax-native');
export const reference = requireFromRoot('softmax-native/reference');
export const promises = requireFromRoot('softmax-native/promises');

export function describeRun() {
  return {
    cpu: os.cpus()[0].model.trim(),
    cores: os.availableParallelism(),
    load: Number(os.loadavg()[0].toFixed(2)),
    backend: native.backend.kind,
    reason: native.backend.reason,
    version: native.backend.version,
    node: process.version,
    commit: commit(),
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
  };
}

export function printRun(run) {
  console.log(`softmax-native ${run.version} (${run.commit}), ${run.backend}, Node ${run.node}, ${run.date} UTC`);
  console.log(`${run.cpu}, ${run.cores} cores, load ${run.load} at the start`);
  if (run.reason) console.log(`No binary: ${run.reason}`);
  if (run.load > 0.5)
    console.log('Something else is running on this machine: only ratios within a case mean anything.');
}

function commit() {
  const git = (...words) =>
    execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+changes';
    return git('rev-parse', '--short', 'HEAD').trim() + changed;
  } catch {
    return 'uncommitted';
  }
}
