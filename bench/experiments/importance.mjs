// The mean of the classes' vectors under the model, estimated many times from draws of a proposal. Its bias is a small
// difference of large numbers: the plain estimator (1/m) sum (p/q)(f - mu), whose mean is 0 exactly, makes the same errors
// to first order, and is subtracted.
import { native } from '../library.mjs';

const { importanceSampling, Rng } = native;

/** @returns { bias (a vector), biasError, variance, relativeVarianceOfZ } of so many runs with m draws each */
export function estimate(problem, proposal, { draws, runs, seed = 7 }) {
  const { dim, features, mean, p, z } = problem;
  const rng = new Rng(seed, draws);
  const bias = new Float64Array(dim);
  const squares = new Float64Array(dim);
  const logZ = native.logSumExp(z);
  let variance = 0;
  let varianceOfZ = 0;
  for (let run = 0; run < runs; run += 1) {
    const ids = proposal.sample(draws, { rng });
    const logQ = proposal.logProbability(ids);
    const { weights, logZ: estimated } = importanceSampling(
      Array.from(ids, (id) => z[id]),
      logQ,
    );
    varianceOfZ += Math.expm1(estimated - logZ) ** 2 / runs;
    const normalised = new Float64Array(dim);
    const plain = new Float64Array(dim);
    ids.forEach((id, i) => {
      const ratio = p[id] / Math.exp(logQ[i]) / draws;
      for (let d = 0; d < dim; d += 1) {
        const difference = features[id * dim + d] - mean[d];
        normalised[d] += weights[i] * difference;
        plain[d] += ratio * difference;
      }
    });
    for (let d = 0; d < dim; d += 1) {
      variance += normalised[d] ** 2 / runs;
      bias[d] += (normalised[d] - plain[d]) / runs;
      squares[d] += (normalised[d] - plain[d]) ** 2 / runs;
    }
  }
  const biasError = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / runs);
  return { bias, biasError, variance, relativeVarianceOfZ: varianceOfZ };
}
