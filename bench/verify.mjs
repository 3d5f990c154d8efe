// No time without a right answer: the largest error of results in units in the last place of their element type, against
// an answer in float64.
import { callOf } from './contestants/native.mjs';
import { plainContestants } from './contestants/plain.mjs';
import { mapValues, widened } from './inputs.mjs';
import { reference } from './library.mjs';

// The reference is for reading: beyond this size nobody waits for it.
const REFERENCE_SIZE = 200_000;

export function suitsReference({ size, steps }) {
  return size <= REFERENCE_SIZE || steps.timesReference === true;
}

/**
 * The case's answer in float64, { name: array }: of the reference, given the same numbers in float64; where that would take
 * too long, of the plain loop, which test/cases.test.mjs compares with the reference in small.
 */
export function exactAnswer(workload, inputs) {
  const { steps } = workload;
  if (steps.exact) return steps.exact(workload, inputs);
  const wide = mapValues(inputs, widened);
  if (suitsReference(workload)) return callOf(reference, workload, wide).result();
  const [plain] = plainContestants(workload, wide, mapValues(steps.outputs(workload, inputs), widened));
  return plain.result();
}

/**
 * Throws if `results` are no answer at all: another length, a NaN, or far off. A result that a contestant does not have
 * is not missed.
 */
export function largestError(name, results, exact, workload, inputs) {
  const { steps, type } = workload;
  const compared = steps.sampled ? steps.sampled(results, workload, inputs) : results;
  const row = steps.rowLength?.(workload);
  const errors = Object.entries(exact)
    .filter(([key]) => compared[key] !== undefined)
    .map(([key, array]) => largestErrorOf(`${name}, ${key}`, compared[key], array, type, row));
  if (errors.length === 0) throw new Error(`${name}: no result`);
  return Math.max(...errors);
}

// With a row's length an error counts in units of the row's largest number, since small ones are differences of large ones.
function largestErrorOf(name, result, exact, type, row) {
  if (result.length !== exact.length) throw new Error(`${name}: ${result.length} results instead of ${exact.length}`);
  const [digits, least] = type === 'float64' ? [52, -1022] : [23, -126];
  const largestOf = row && rowMaxima(exact, Math.min(row, exact.length));
  let most = 0;
  for (let i = 0; i < exact.length; i += 1) {
    const scale = largestOf ? largestOf(i) : Math.abs(exact[i]);
    const difference = Math.abs(result[i] - exact[i]);
    if (!(difference <= 1e-4 * (largestOf ? scale : 1) + 1e-2 * Math.abs(exact[i]))) {
      throw new Error(`${name}: element ${i} is ${result[i]} instead of ${exact[i]}`);
    }
    if (difference > most * 2 ** (least - digits)) {
      const exponent = scale === 0 ? least : Math.floor(Math.log2(scale));
      most = Math.max(most, difference / 2 ** (Math.max(exponent, least) - digits));
    }
  }
  return most;
}

function rowMaxima(exact, row) {
  const maxima = new Float64Array(Math.ceil(exact.length / row));
  for (let i = 0; i < exact.length; i += 1) {
    maxima[Math.floor(i / row)] = Math.max(maxima[Math.floor(i / row)], Math.abs(exact[i]));
  }
  return (i) => maxima[Math.floor(i / row)];
}
