// node memory-of-call.mjs CASE THREADS: prints by how many bytes the peak of this process grows in one call of the library.
// Inputs and the storage of the results are there before, every page of them touched; a small call has started what starts
// once.
import { readFileSync, writeFileSync } from 'node:fs';
import { completed } from './cases.mjs';
import { callOf } from './contestants/native.mjs';
import { native } from './library.mjs';

const [listed, threads] = process.argv.slice(2).map((word) => JSON.parse(word));
native.setThreads(threads);
callWith(completed(listed, [8, 64, 500])).run();

const { run } = callWith(completed(listed));
const before = startPeak();
run();
console.log(peak() - before);

function callWith(workload) {
  const inputs = workload.steps.inputs(workload);
  // What the function makes itself must not find memory that was let go.
  const outputs = workload.steps.allocates ? undefined : workload.steps.outputs(workload, inputs);
  for (const { data } of Object.values(outputs ?? {})) data.fill(1);
  return callOf(native, workload, inputs, outputs);
}

// On Linux the kernel's mark of the peak can be put back to what is in use now. Elsewhere the peak so far is what there is.
function startPeak() {
  if (process.platform !== 'linux') return peak();
  writeFileSync('/proc/self/clear_refs', '5');
  return peak();
}

function peak() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024;
}
