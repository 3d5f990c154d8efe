// The library: with `out`, without it, and with two threads. And its TypeScript reference.
import { native, reference } from '../library.mjs';

export function nativeContestants(workload, logits, out) {
  const call = native[workload.operation];
  const options = { axis: workload.axis, ...workload.options };
  const withOut = { ...options, out };
  const result = () => call(logits, withOut).data;
  const oneThread = () => native.setThreads(1);
  const list = [
    { name: 'native', threads: 1, prepare: oneThread, run: () => call(logits, withOut), result },
    { name: 'native, no out', threads: 1, prepare: oneThread, run: () => call(logits, options), result: () => call(logits, options).data },
  ];
  if (workload.size >= 8192) {
    const prepare = () => native.setThreads(2);
    list.push({ name: 'native, 2 threads', threads: 2, prepare, run: () => call(logits, withOut), result, restAfter: 5 });
  }
  return list;
}

export function referenceContestant(workload, logits, out) {
  const call = reference[workload.operation];
  const options = { axis: workload.axis, ...workload.options, out };
  return { name: 'reference (TypeScript)', threads: 1, run: () => call(logits, options), result: () => call(logits, options).data };
}
