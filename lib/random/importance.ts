// Estimating a partition function from draws of a proposal.
import { shapeMismatch } from '../errors';
import { Float64Array } from '../intrinsics';
import { belowInfinity, called, finite, type Numbers, readNumbers } from './arguments';

export interface ImportanceEstimate {
  /** The logarithm of the estimate of Z. */
  readonly logZ: number;
  /** Its standard error, from the spread of the weights; NaN for a single draw. */
  readonly logZStandardError: number;
  /** The effective sample size (sum r)^2 / sum r^2, from 1 to the number of draws; 0 where all weights are. */
  readonly ess: number;
  /** The self-normalised weights r_i / sum r. */
  readonly weights: Float64Array;
}

/**
 * Importance sampling: the partition function Z = sum_j e^z_j from classes i = 1 ... m drawn with replacement from q.
 *
 *     r_i = e^z_i / q_i          Z^ = (1 / m) sum_i r_i          weights_i = r_i / sum r
 *
 * Z^ is unbiased, with relative variance chi^2(p || q) / m; its logarithm is biased by about -chi^2 / (2 m) (Jensen), and
 * the mean of f under the weights by about -(1 / m) sum_j (p_j^2 / q_j) (f_j - E f). The standard error is that of the
 * delta method, s(r) / (sqrt(m) mean(r)). Bengio and Senecal, "Quick training of probabilistic neural nets by importance
 * sampling", 2003; the effective sample size: Kong, "A note on importance sampling using standardized weights", 1992.
 *
 * For classes that were drawn without replacement give `logExpectedCount(ids, k, { unique: true })` less log(k) for logQ:
 * the estimate of Horvitz and Thompson, 1952, is unbiased, too; its standard error is then an upper guess.
 *
 * @param logits - of the classes that were drawn: a Float64Array, Float32Array or numbers, less than Infinity
 * @param logQ - the logarithms of their probabilities in one draw, finite: `logProbability` of a proposal
 * @throws TypeError (ERR_INVALID_ARG_TYPE; ERR_INVALID_ARG_VALUE for no draw at all); RangeError: ERR_OUT_OF_RANGE for a
 * number that is none of these, with position, ERR_SOFTMAX_SHAPE_MISMATCH where the lengths differ
 * @example
 * importanceSampling([1, 2, 4, 0], [-1, -1, -1, -1]).logZ; // 3.798...
 * importanceSampling([1, 2, 4, 0], [-1, -1, -1, -1]).ess; // 1.418...
 */
export function importanceSampling(logits: Numbers, logQ: Numbers): ImportanceEstimate {
  return called(importanceSampling, () => {
    const z = readNumbers('logits', logits, belowInfinity);
    const log = readNumbers('logQ', logQ, finite);
    const m = z.length;
    if (log.length !== m) throw shapeMismatch('logQ', `have ${m} elements, one for each logit`, String(log.length));
    return estimate(z.map((value, i) => value - (log[i] as number)));
  });
}

/** By the logarithms of the r_i. */
function estimate(logWeights: Float64Array): ImportanceEstimate {
  const m = logWeights.length;
  let greatest = -Infinity;
  for (const value of logWeights) greatest = Math.max(greatest, value);
  if (greatest === -Infinity) {
    return { logZ: -Infinity, logZStandardError: Number.NaN, ess: 0, weights: new Float64Array(m) };
  }
  const weights = logWeights.map((value) => Math.exp(value - greatest));
  let sum = 0;
  for (const value of weights) sum += value;
  let squares = 0;
  let spread = 0;
  for (let i = 0; i < m; i += 1) {
    const weight = (weights[i] as number) / sum;
    weights[i] = weight;
    squares += weight * weight;
    spread += (weight - 1 / m) ** 2;
  }
  const logZ = greatest + Math.log(sum / m);
  return { logZ, logZStandardError: Math.sqrt((spread * m) / (m - 1)), ess: 1 / squares, weights };
}
