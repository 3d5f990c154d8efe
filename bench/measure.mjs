// Times of several contestants at the same work, taken in turns: each round lets every contestant run once, in an order
// that rotates, so that a busy moment of the machine hits all of them alike.
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/**
 * @param contestants [{ name, run, asynchronous?, prepare?, restAfter? }]; those that run elsewhere have, instead of `run`,
 *   `sample`: a function of a number of calls that gives the nanoseconds they took there, or a promise of them
 * @param rounds samples of each; a contestant that takes longer than `patience` ms a call gives about 5
 * @param collect whether garbage is collected before each sample: for results so large that others would pay for them.
 *   Not for small ones, because a collection also throws away compiled code that embeds what it found dead
 * @returns for each contestant { median, p25, p75, least, samples }, in nanoseconds a call
 */
export async function measure(contestants, { rounds = 15, sampleMs = 4, patience = 60, collect = false } = {}) {
  const entrants = [];
  for (const contestant of contestants) {
    contestant.prepare?.();
    const sample = contestant.sample ?? samplerOf(contestant);
    entrants.push({ contestant, sample, ...(await calibrate(sample, sampleMs)), times: [] });
    await pause(contestant.restAfter ?? 0);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < entrants.length; turn += 1) {
      const entrant = entrants[(round + turn) % entrants.length];
      const { contestant, sample, iterations, times } = entrant;
      const slow = entrant.callMs > patience;
      if (slow && round % Math.ceil(rounds / 5) !== 0) continue;
      if (collect) collectGarbage();
      contestant.prepare?.();
      if (iterations < 50 && !slow) await sample(1); // brings the data back into the caches
      times.push((await sample(iterations)) / iterations);
      if (contestant.restAfter) await pause(contestant.restAfter);
    }
  }
  return entrants.map(({ times }) => statistics(times));
}

/** Where the quarters of each lie apart, their ratio means something; else undefined. */
export function ratio(one, other) {
  const overlap = one.p25 <= other.p75 && other.p25 <= one.p75;
  return overlap ? undefined : one.median / other.median;
}

function samplerOf({ run, asynchronous }) {
  return asynchronous ? asynchronousSampler(run) : sampler(run);
}

// A function of its own for each contestant, so that the compiler sees one callee and may inline it, as in a program
// that calls nothing else.
function sampler(run) {
  return (iterations) => {
    const start = performance.now();
    for (let i = 0; i < iterations; i += 1) run();
    return (performance.now() - start) * 1e6;
  };
}

function asynchronousSampler(run) {
  return async (iterations) => {
    const start = performance.now();
    for (let i = 0; i < iterations; i += 1) await run();
    return (performance.now() - start) * 1e6;
  };
}

// V8 compiles in several steps, the last after some tens of thousands of calls of a small function, and in the
// background: a function is timed only when it has run for this long.
const WARMING_MS = 200;

// Warms up, then finds the number of calls that a sample takes.
async function calibrate(sample, sampleMs) {
  const start = performance.now();
  let iterations = 1;
  let time;
  do {
    time = await sample(iterations);
    if (time < sampleMs * 5e5) iterations *= 2;
  } while (performance.now() - start < WARMING_MS);
  const call = time / iterations / 1e6;
  return { iterations: Math.max(1, Math.ceil(sampleMs / call)), callMs: call };
}

/** Of the times, or of any numbers. */
export function statistics(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
  return { median: at(0.5), p25: at(0.25), p75: at(0.75), least: sorted[0], samples: sorted.length };
}
