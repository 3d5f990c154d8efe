// One case from beginning to end: the answer, each contestant verified against it, then all of them timed in turns.

import { nativeContestants, referenceContestant } from './contestants/native.mjs';
import { copyContestants, plainContestants } from './contestants/plain.mjs';
import { measure } from './measure.mjs';
import { exactAnswer, largestError, suitsReference } from './verify.mjs';

// From here on results are garbage worth collecting.
const LARGE = 100_000;

/**
 * @param peers functions (workload, inputs, outputs) that give contestants, or a promise of them
 * @returns [{ name, threads, time, ulps }]
 */
export async function compareCase(workload, { peers = [], rounds } = {}) {
  const { steps, size, name } = workload;
  const inputs = steps.inputs(workload);
  const outputs = steps.outputs(workload, inputs);
  const exact = exactAnswer(workload, inputs);
  const contestants = [...nativeContestants(workload, inputs, outputs), ...plainContestants(workload, inputs, outputs)];
  if (suitsReference(workload)) contestants.push(referenceContestant(workload, inputs, outputs));
  contestants.push(...copyContestants(inputs, outputs));
  try {
    for (const peer of peers) contestants.push(...(await peer(workload, inputs, outputs)));

    const ulps = [];
    for (const contestant of contestants) {
      contestant.prepare?.();
      const results = await contestant.result?.();
      ulps.push(results && largestError(`${name}, ${contestant.name}`, results, exact, workload, inputs));
    }
    const times = await measure(contestants, { rounds, collect: size >= LARGE });
    return contestants.map(({ name, threads }, i) => ({ name, threads, time: times[i], ulps: ulps[i] }));
  } finally {
    for (const { release } of contestants) await release?.();
  }
}
