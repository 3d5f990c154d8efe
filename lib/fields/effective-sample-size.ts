// How many independent samples the correlated ones of a Markov chain are worth: Geyer, "Practical Markov chain Monte
// Carlo", Statistical Science 7, 1992, section 3.3, the initial positive sequence.
import { Float64Array, Int32Array } from '../intrinsics';

/** The shares of the states of one variable, whose samples are every `stride`th. */
export function sharesOfStates(
  samples: Int32Array,
  first: number,
  stride: number,
  count: number,
  states: number,
): Float64Array {
  const shares = new Float64Array(states);
  for (let i = 0; i < count; i += 1) {
    const state = samples[first + i * stride] as number;
    shares[state] = (shares[state] as number) + 1;
  }
  return shares.map((seen) => seen / count);
}

/**
 * The sum of the autocovariances of the indicators of all states, which of two states is twice that of the variable
 * itself. For lag t it is, with p the shares,
 *     (1/N) sum_i ([x_i = x_(i + t)] - p(x_i) - p(x_(i + t)) + sum p^2)
 */
export function effectiveSampleSize(
  samples: Int32Array,
  first: number,
  stride: number,
  count: number,
  shares: Float64Array,
): number {
  const states = new Int32Array(count);
  for (let i = 0; i < count; i += 1) states[i] = samples[first + i * stride] as number;
  // Sums of p(x_i) over the first samples.
  const sums = new Float64Array(count + 1);
  for (let i = 0; i < count; i += 1) sums[i + 1] = (sums[i] as number) + (shares[states[i] as number] as number);
  const squares = shares.reduce((sum, p) => sum + p * p, 0);
  const covariance = (lag: number): number => {
    const left = count - lag;
    let same = 0;
    for (let i = 0; i < left; i += 1) if (states[i] === states[i + lag]) same += 1;
    const edges = (sums[left] as number) + ((sums[count] as number) - (sums[lag] as number));
    return (same - edges + left * squares) / count;
  };
  const variance = covariance(0);
  if (!(variance > 0)) return NaN;
  let sum = 0;
  for (let lag = 0; lag + 1 < count; lag += 2) {
    const pair = (lag === 0 ? variance : covariance(lag)) + covariance(lag + 1);
    if (!(pair > 0)) break;
    sum += pair;
  }
  // What is worth more than the samples themselves, as that of a chain that goes to and fro, is cut off like Stan's.
  const inflation = (2 * sum) / variance - 1;
  return count / Math.max(inflation, 1 / Math.log10(Math.max(count, 10)));
}
