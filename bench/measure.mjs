// Times of several contestants at the same work, taken in turns: each round lets every contestant run once, in an order
// that rotates, so that a busy moment of the machine hits all of them alike.
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/**
 * @param contestants [{ name, run, asynchronous?, prepare?, restAfter? }]
 * @param rounds samples of each; a contestant that takes longer than `patience` ms a call gives about 5
 * @returns for each contestant { median, p25, p75, least, samples }, in nanoseconds a call
 */
export async function measure(contestants, { rounds = 21, sampleMs = 4, patience = 60, collect = true } = {}) {
  const entrants = [];
  for (const contestant of contestants) {
    contestant.prepare?.();
    const sample = contestant.asynchronous ? asynchronousSampler(contestant.run) : sampler(contestant.run);
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

// Doubles the number of calls until a sample is long enough; this warms the contestant up as well.
async function calibrate(sample, sampleMs) {
  let iterations = 1;
  let time = await sample(1);
  while (time < sampleMs * 1e6) {
    iterations = time * 2 < sampleMs * 1e6 ? iterations * 2 : Math.ceil((iterations * sampleMs * 1e6) / time);
    time = await sample(iterations);
  }
  return { iterations, callMs: time / iterations / 1e6 };
}

function statistics(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
  return { median: at(0.5), p25: at(0.25), p75: at(0.75), least: sorted[0], samples: sorted.length };
}
