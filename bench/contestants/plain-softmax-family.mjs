// The loops one would write instead of using a library, on [outer, n, inner] data and into memory that is reused.
// Each is made anew for each case: a function that has seen float32 and float64 arrays is slower on both.

/** Functions that make a loop (inputs, outputs, shape, options), for each operation. */
export const LOOPS = {
  softmax:
    () =>
    ({ logits: { data: x } }, { out: { data: out } }, { outer, n, inner }, { temperature = 1 }) => {
      const beta = 1 / temperature;
      for (let o = 0; o < outer; o += 1) {
        for (let i = 0; i < inner; i += 1) {
          const start = o * n * inner + i;
          const end = start + n * inner;
          let max = -Infinity;
          for (let k = start; k < end; k += inner) if (x[k] > max) max = x[k];
          let sum = 0;
          for (let k = start; k < end; k += inner) {
            const e = Math.exp(beta * (x[k] - max));
            out[k] = e;
            sum += e;
          }
          for (let k = start; k < end; k += inner) out[k] /= sum;
        }
      }
    },
  logSoftmax:
    () =>
    ({ logits: { data: x } }, { out: { data: out } }, { outer, n, inner }, { temperature = 1 }) => {
      const beta = 1 / temperature;
      for (let o = 0; o < outer; o += 1) {
        for (let i = 0; i < inner; i += 1) {
          const start = o * n * inner + i;
          const end = start + n * inner;
          let max = -Infinity;
          for (let k = start; k < end; k += inner) if (x[k] > max) max = x[k];
          let sum = 0;
          for (let k = start; k < end; k += inner) sum += Math.exp(beta * (x[k] - max));
          const logSum = Math.log(sum);
          for (let k = start; k < end; k += inner) out[k] = beta * (x[k] - max) - logSum;
        }
      }
    },
  logSumExp:
    () =>
    ({ logits: { data: x } }, { out: { data: out } }, { outer, n, inner }, { temperature = 1 }) => {
      const beta = 1 / temperature;
      for (let o = 0; o < outer; o += 1) {
        for (let i = 0; i < inner; i += 1) {
          const start = o * n * inner + i;
          const end = start + n * inner;
          let max = -Infinity;
          for (let k = start; k < end; k += inner) if (x[k] > max) max = x[k];
          let sum = 0;
          for (let k = start; k < end; k += inner) sum += Math.exp(beta * (x[k] - max));
          out[o * inner + i] = beta * max + Math.log(sum);
        }
      }
    },
  smoothMax:
    () =>
    ({ logits: { data: x } }, { out: { data: out } }, { outer, n, inner }, { temperature = 1 }) => {
      const beta = 1 / temperature;
      for (let o = 0; o < outer; o += 1) {
        for (let i = 0; i < inner; i += 1) {
          const start = o * n * inner + i;
          const end = start + n * inner;
          let max = -Infinity;
          for (let k = start; k < end; k += inner) if (x[k] > max) max = x[k];
          let sum = 0;
          for (let k = start; k < end; k += inner) sum += Math.exp(beta * (x[k] - max));
          out[o * inner + i] = max + Math.log(sum) / beta;
        }
      }
    },
  argmax:
    () =>
    ({ logits: { data: x } }, { out: { data: out } }, { outer, n, inner }) => {
      for (let o = 0; o < outer; o += 1) {
        for (let i = 0; i < inner; i += 1) {
          const start = o * n * inner + i;
          const end = start + n * inner;
          let best = start;
          for (let k = start; k < end; k += inner) if (x[k] > x[best]) best = k;
          out[o * inner + i] = (best - start) / inner;
        }
      }
    },
  hardmax:
    () =>
    ({ logits: { data: x } }, { out: { data: out } }, { outer, n, inner }) => {
      for (let o = 0; o < outer; o += 1) {
        for (let i = 0; i < inner; i += 1) {
          const start = o * n * inner + i;
          const end = start + n * inner;
          let best = start;
          for (let k = start; k < end; k += inner) if (x[k] > x[best]) best = k;
          for (let k = start; k < end; k += inner) out[k] = k === best ? 1 : 0;
        }
      }
    },
};

/** One row, written as it would be for that: the strictest opponent at small n. */
export function makePlainRow() {
  return (x, out) => {
    let max = -Infinity;
    for (let i = 0; i < x.length; i += 1) if (x[i] > max) max = x[i];
    let sum = 0;
    for (let i = 0; i < x.length; i += 1) {
      const e = Math.exp(x[i] - max);
      out[i] = e;
      sum += e;
    }
    for (let i = 0; i < x.length; i += 1) out[i] /= sum;
    return out;
  };
}
