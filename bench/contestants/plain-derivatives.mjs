// The loops one would write for derivatives, on rows of n that lie one after another.

// The Jacobian matrix is symmetric, so the product is the same from either side.
const softmaxProduct =
  () =>
  ({ y: { data: p }, vector: { data: v } }, { out: { data: out } }, { n }) => {
    for (let start = 0; start < p.length; start += n) {
      let mean = 0;
      for (let k = start; k < start + n; k += 1) mean += p[k] * v[k];
      for (let k = start; k < start + n; k += 1) out[k] = p[k] * (v[k] - mean);
    }
  };

/** Functions that make a loop (inputs, outputs, shape, options), for each operation. */
export const LOOPS = {
  softmaxVjp: softmaxProduct,
  softmaxJvp: softmaxProduct,
  logSoftmaxVjp:
    () =>
    ({ y: { data: logP }, vector: { data: v } }, { out: { data: out } }, { n }) => {
      for (let start = 0; start < logP.length; start += n) {
        let sum = 0;
        for (let k = start; k < start + n; k += 1) sum += v[k];
        for (let k = start; k < start + n; k += 1) out[k] = v[k] - Math.exp(logP[k]) * sum;
      }
    },
  logSoftmaxJvp:
    () =>
    ({ y: { data: logP }, vector: { data: v } }, { out: { data: out } }, { n }) => {
      for (let start = 0; start < logP.length; start += n) {
        let mean = 0;
        for (let k = start; k < start + n; k += 1) mean += Math.exp(logP[k]) * v[k];
        for (let k = start; k < start + n; k += 1) out[k] = v[k] - mean;
      }
    },
  logSumExpVjp:
    () =>
    ({ logits: { data: x }, vector: { data: v } }, { out: { data: out } }, { n }) => {
      for (let start = 0, row = 0; start < x.length; start += n, row += 1) {
        const sum = exponentials(x, out, start, n);
        for (let k = start; k < start + n; k += 1) out[k] *= v[row] / sum;
      }
    },
  softmaxBetaGradient:
    () =>
    ({ logits: { data: x } }, { out: { data: out } }, { n }) => {
      for (let start = 0; start < x.length; start += n) {
        const sum = exponentials(x, out, start, n);
        let mean = 0;
        for (let k = start; k < start + n; k += 1) mean += out[k] * x[k];
        mean /= sum;
        for (let k = start; k < start + n; k += 1) out[k] *= (x[k] - mean) / sum;
      }
    },
  softmaxJacobian:
    () =>
    ({ logits: { data: x } }, { out: { data: out } }, { n }) => {
      const p = new Float64Array(n);
      for (let start = 0; start < x.length; start += n) {
        probabilities(x, p, start);
        for (let i = 0, k = start * n; i < n; i += 1) {
          for (let j = 0; j < n; j += 1, k += 1) out[k] = (i === j ? p[i] : 0) - p[i] * p[j];
        }
      }
    },
  logSoftmaxJacobian:
    () =>
    ({ logits: { data: x } }, { out: { data: out } }, { n }) => {
      const p = new Float64Array(n);
      for (let start = 0; start < x.length; start += n) {
        probabilities(x, p, start);
        for (let i = 0, k = start * n; i < n; i += 1) {
          for (let j = 0; j < n; j += 1, k += 1) out[k] = (i === j ? 1 : 0) - p[j];
        }
      }
    },
};

// e^(x - max) of the row into the same places of out.
function exponentials(x, out, start, n) {
  let max = -Infinity;
  for (let k = start; k < start + n; k += 1) if (x[k] > max) max = x[k];
  let sum = 0;
  for (let k = start; k < start + n; k += 1) {
    const e = Math.exp(x[k] - max);
    out[k] = e;
    sum += e;
  }
  return sum;
}

// Softmax of one row into p, which has its length.
function probabilities(x, p, start) {
  let max = -Infinity;
  for (let k = 0; k < p.length; k += 1) if (x[start + k] > max) max = x[start + k];
  let sum = 0;
  for (let k = 0; k < p.length; k += 1) {
    p[k] = Math.exp(x[start + k] - max);
    sum += p[k];
  }
  for (let k = 0; k < p.length; k += 1) p[k] /= sum;
}
