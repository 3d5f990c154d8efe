// The library: with `out`, without it, and with two threads. And its TypeScript reference.
import { native, reference } from '../library.mjs';

export function nativeContestants(workload, logits, out) {
  const call = native[workload.operation];
  const { given, options, storage, valuesOf } = asUsed(workload, logits, out);
  const withOut = { ...options, out: storage };
  const run = () => call(given, withOut);
  const runAllocating = () => call(given, options);
  const result = () => {
    run();
    return out.data;
  };
  const oneThread = () => native.setThreads(1);
  const list = [
    { name: 'native', threads: 1, prepare: oneThread, run, result },
    {
      name: 'native, no out',
      threads: 1,
      prepare: oneThread,
      run: runAllocating,
      result: () => valuesOf(runAllocating()),
    },
  ];
  if (workload.size >= 8192) {
    const prepare = () => native.setThreads(2);
    list.push({ name: 'native, 2 threads', threads: 2, prepare, run, result, restAfter: 5 });
  }
  return list;
}

export function referenceContestant(workload, logits, out) {
  const call = reference[workload.operation];
  const { given, options, storage } = asUsed(workload, logits, out);
  const withOut = { ...options, out: storage };
  const run = () => call(given, withOut);
  const result = () => {
    run();
    return out.data;
  };
  return { name: 'reference (TypeScript)', threads: 1, run, result };
}

// One row is passed as a bare array, rows as a tensor; nothing is said that is the default anyway.
function asUsed({ shape, options }, logits, out) {
  if (shape.outer * shape.inner > 1) return { given: logits, options, storage: out, valuesOf: ({ data }) => data };
  const valuesOf = (result) => (typeof result === 'number' ? [result] : result);
  return { given: logits.data, options, storage: out.data, valuesOf };
}
