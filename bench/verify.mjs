// No time without a right answer: the largest error of a result in units in the last place of its element type,
// against the float64 reference.
import { reference } from './library.mjs';

/** The case's answer in float64: the reference, given the same logits in float64. */
export function exactAnswer(workload, logits) {
  const tensor = { data: new Float64Array(logits.data), dims: logits.dims, type: 'float64' };
  return reference[workload.operation](tensor, { axis: workload.axis, ...workload.options }).data;
}

/** Throws if `result` is not an answer at all: another length, a NaN, or far off. */
export function largestError(name, result, exact, type) {
  if (result.length !== exact.length) throw new Error(`${name}: ${result.length} results instead of ${exact.length}`);
  const [digits, least] = type === 'float64' ? [52, -1022] : [23, -126];
  let most = 0;
  for (let i = 0; i < exact.length; i += 1) {
    const difference = Math.abs(result[i] - exact[i]);
    if (!(difference <= 1e-4 + 1e-2 * Math.abs(exact[i]))) {
      throw new Error(`${name}: element ${i} is ${result[i]} instead of ${exact[i]}`);
    }
    if (difference > most * 2 ** (least - digits)) {
      const exponent = exact[i] === 0 ? least : Math.floor(Math.log2(Math.abs(exact[i])));
      most = Math.max(most, difference / 2 ** (Math.max(exponent, least) - digits));
    }
  }
  return most;
}
