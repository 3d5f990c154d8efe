// The library: with storage for its results, without it, and with two threads. And its TypeScript reference.
import { mapValues } from '../inputs.mjs';
import { native, reference } from '../library.mjs';

export function nativeContestants(workload, inputs, outputs) {
  const withStorage = callOf(native, workload, inputs, outputs);
  const allocating = callOf(native, workload, inputs);
  const oneThread = () => native.setThreads(1);
  const twoThreads = () => native.setThreads(2);
  const { allocates } = workload.steps;
  const list = [{ name: 'native', threads: 1, prepare: oneThread, ...withStorage }];
  if (!allocates) list.push({ name: 'native, no out', threads: 1, prepare: oneThread, ...allocating });
  if (workload.size >= 8192) {
    list.push({ name: 'native, 2 threads', threads: 2, prepare: twoThreads, ...withStorage, restAfter: 5 });
  }
  return list;
}

export function referenceContestant(workload, inputs, outputs) {
  return { name: 'reference (TypeScript)', threads: 1, ...callOf(reference, workload, inputs, outputs) };
}

/**
 * A call as users write it: one row is passed as a bare array, rows as a tensor; nothing is said that is the default
 * anyway.
 *
 * @param outputs storage; without it the call allocates
 * @returns { run, result }: the call, and its results as { name: array }
 */
export function callOf(library, workload, inputs, outputs) {
  const { operation, options, steps } = workload;
  const given = steps.given(asPassed(workload, inputs));
  const all = { ...options, ...steps.wanted(workload, outputs && asPassed(workload, outputs)) };
  const run = applied(library[operation], given, all);
  return { run, result: () => mapValues(steps.values(run()), arrayOf) };
}

// Written out, as the cost of spreading the arguments would be counted, too.
function applied(call, [first, second, third, fourth], options) {
  if (fourth !== undefined) return () => call(first, second, third, fourth, options);
  if (third !== undefined) return () => call(first, second, third, options);
  return second === undefined ? () => call(first, options) : () => call(first, second, options);
}

// Of a single row, but of attention's, what is as long as the row or one number for it becomes a bare array; its Jacobian stays a tensor.
function asPassed({ depth, shape: { outer, n, inner } }, tensors) {
  if (outer * inner > 1 || depth !== undefined) return tensors;
  return mapValues(tensors, (tensor) => ([1, n].includes(tensor.data.length) ? tensor.data : tensor));
}

function arrayOf(result) {
  if (typeof result === 'number') return [result];
  return result.data ?? result;
}
