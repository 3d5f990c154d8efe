// One case from beginning to end: the answer, each contestant verified against it, then all of them timed in turns.

import { logitsOf } from './cases.mjs';
import { nativeContestants, referenceContestant } from './contestants/native.mjs';
import { copyContestant, plainContestant } from './contestants/plain.mjs';
import { measure } from './measure.mjs';
import { exactAnswer, largestError } from './verify.mjs';

// From here on results are garbage worth collecting.
const LARGE = 100_000;

/**
 * @param peers functions (workload, logits, out) that give contestants, or a promise of them
 * @returns [{ name, threads, time, ulps }]
 */
export async function compareCase(workload, { peers = [], rounds } = {}) {
  const logits = logitsOf(workload);
  const exact = exactAnswer(workload, logits);
  const out = resultOf(workload, logits, exact.length);
  const contestants = [
    ...nativeContestants(workload, logits, out),
    plainContestant(workload, logits, out),
    referenceContestant(workload, logits, out),
    ...copyContestant(logits, out),
  ];
  for (const peer of peers) contestants.push(...(await peer(workload, logits, out)));

  const ulps = [];
  for (const { name, prepare, result } of contestants) {
    prepare?.();
    ulps.push(result && largestError(`${workload.name}, ${name}`, await result(), exact, workload.type));
  }
  const times = await measure(contestants, { rounds, collect: workload.size >= LARGE });
  for (const { release } of contestants) await release?.();
  return contestants.map(({ name, threads }, i) => ({ name, threads, time: times[i], ulps: ulps[i] }));
}

function resultOf({ operation, axis }, { data, dims, type }, length) {
  const reduces = ['logSumExp', 'smoothMax', 'argmax'].includes(operation);
  const kept = reduces ? dims.filter((_, k) => k !== axis) : dims;
  if (operation === 'argmax') return { data: new Int32Array(length), dims: kept, type: 'int32' };
  return { data: new data.constructor(length), dims: kept, type };
}
