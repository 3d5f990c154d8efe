// The loops one would write for losses, means over the rows, which lie one after another; and for the linear layer before.

/** Functions that make a loop (inputs, outputs, shape, options), for each operation. */
export const LOOPS = {
  crossEntropy: () => (inputs, outputs, shape, options) =>
    (inputs.target.type === 'int32' ? indexLoss : probabilityLoss)(inputs, outputs, shape, options),
  nllLoss:
    () =>
    ({ logits: { data: logP }, target: { data: classes } }, { loss, gradient }, { outer, n }) => {
      let sum = 0;
      gradient.data.fill(0);
      for (let row = 0; row < outer; row += 1) {
        sum -= logP[row * n + classes[row]];
        gradient.data[row * n + classes[row]] = -1 / outer;
      }
      loss.data[0] = sum / outer;
    },
  klDivergence:
    () =>
    ({ logits: { data: x }, others: { data: y } }, { out: { data: out } }, { n }) => {
      for (let start = 0, row = 0; start < x.length; start += n, row += 1) {
        const [logP, logQ] = [logSumExp(x, start, n), logSumExp(y, start, n)];
        let sum = 0;
        for (let k = start; k < start + n; k += 1) {
          const log = x[k] - logP;
          sum += Math.exp(log) * (log - (y[k] - logQ));
        }
        out[row] = sum;
      }
    },
  diagnose:
    () =>
    ({ logits: { data: x } }, { max, gap, pMax, entropy, jacobianTrace }, { n }) => {
      for (let start = 0, row = 0; start < x.length; start += n, row += 1) {
        let [first, second] = [-Infinity, -Infinity];
        for (let k = start; k < start + n; k += 1) {
          if (x[k] > first) [first, second] = [x[k], first];
          else if (x[k] > second) second = x[k];
        }
        const total = logSumExp(x, start, n);
        let [disorder, squares] = [0, 0];
        for (let k = start; k < start + n; k += 1) {
          const p = Math.exp(x[k] - total);
          disorder -= p * (x[k] - total);
          squares += p * p;
        }
        max.data[row] = first;
        gap.data[row] = first - second;
        pMax.data[row] = Math.exp(first - total);
        entropy.data[row] = disorder;
        jacobianTrace.data[row] = 1 - squares;
      }
    },
  linearCrossEntropy:
    () =>
    (
      { hidden: { data: h, dims }, weight: { data: w }, target: { data: classes } },
      { loss, hiddenGradient, weightGradient },
      { outer, n },
    ) => {
      const width = dims[1];
      const logits = new h.constructor(outer * n);
      for (let row = 0; row < outer; row += 1) {
        for (let c = 0; c < n; c += 1) {
          let sum = 0;
          for (let k = 0; k < width; k += 1) sum += h[row * width + k] * w[c * width + k];
          logits[row * n + c] = sum;
        }
      }
      const both = { data: logits };
      indexLoss({ logits: both, target: { data: classes } }, { loss, gradient: both }, { outer, n }, {});
      hiddenGradient.data.fill(0);
      weightGradient.data.fill(0);
      for (let row = 0; row < outer; row += 1) {
        for (let c = 0; c < n; c += 1) {
          const share = logits[row * n + c];
          for (let k = 0; k < width; k += 1) {
            hiddenGradient.data[row * width + k] += share * w[c * width + k];
            weightGradient.data[c * width + k] += share * h[row * width + k];
          }
        }
      }
    },
};

function indexLoss({ logits, target }, { loss, gradient }, { outer, n }, { labelSmoothing = 0 }) {
  const [x, classes, out] = [logits.data, target.data, gradient?.data];
  let sum = 0;
  for (let row = 0; row < outer; row += 1) {
    const start = row * n;
    const total = logSumExp(x, start, n);
    sum += (1 - labelSmoothing) * (total - x[start + classes[row]]);
    if (labelSmoothing !== 0) {
      for (let k = start; k < start + n; k += 1) sum += (labelSmoothing / n) * (total - x[k]);
    }
    if (out === undefined) continue;
    for (let k = start; k < start + n; k += 1) out[k] = (Math.exp(x[k] - total) - labelSmoothing / n) / outer;
    out[start + classes[row]] -= (1 - labelSmoothing) / outer;
  }
  loss.data[0] = sum / outer;
}

function probabilityLoss({ logits, target }, { loss, gradient }, { outer, n }) {
  const [x, q, out] = [logits.data, target.data, gradient.data];
  let sum = 0;
  for (let start = 0; start < x.length; start += n) {
    const total = logSumExp(x, start, n);
    let mass = 0;
    for (let k = start; k < start + n; k += 1) {
      sum += q[k] * (total - x[k]);
      mass += q[k];
    }
    for (let k = start; k < start + n; k += 1) out[k] = (mass * Math.exp(x[k] - total) - q[k]) / outer;
  }
  loss.data[0] = sum / outer;
}

function logSumExp(x, start, n) {
  let max = -Infinity;
  for (let k = start; k < start + n; k += 1) if (x[k] > max) max = x[k];
  let sum = 0;
  for (let k = start; k < start + n; k += 1) sum += Math.exp(x[k] - max);
  return max + Math.log(sum);
}
