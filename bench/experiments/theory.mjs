// What theory says of self-normalised importance sampling with m draws (MATH.md 10), f being the classes' vectors and mu
// their mean under the model:
//     bias of the mean    -(1/m) sum p^2/q (f - mu)        its length is given
//     variance            (1/m) sum p^2/q |f - mu|^2
//     relative variance of Z^    chi^2/m, chi^2 = sum p^2/q - 1

/** The constants in front of 1/m: { chi2, bias (a vector), variance }. */
export function constantsOf({ classes, dim, features, p, mean }, proposal) {
  const logQ = proposal.logProbability(Int32Array.from({ length: classes }, (_, id) => id));
  const bias = new Float64Array(dim);
  let mass = 0;
  let variance = 0;
  for (let id = 0; id < classes; id += 1) {
    const weight = p[id] ** 2 / Math.exp(logQ[id]);
    mass += weight;
    for (let d = 0; d < dim; d += 1) {
      const difference = features[id * dim + d] - mean[d];
      bias[d] -= weight * difference;
      variance += weight * difference ** 2;
    }
  }
  return { chi2: mass - 1, bias, variance };
}
