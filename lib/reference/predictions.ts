// What is asked of distributions over classes: `logits` are [outer, n], numbers whose softmax they are.
import type { Best, Distribution, Drawn } from '../layer-calls';
import type { Canonical, Verdict } from '../types';
import { logSoftmax } from './log-softmax';
import { softmax } from './softmax';

type Numbers = Float64Array;

const inForm = (
  of: typeof softmax,
  { outer, n, inner, mask, maskStrides, beta, rule }: Canonical,
  logits: Numbers,
): Numbers => {
  const out = new Float64Array(outer * n);
  const family = { sign: undefined, weights: undefined, weightStrides: undefined, variant: false };
  of({ ...family, outer, n, inner, mask, maskStrides, beta, rule, logits, out });
  return out;
};

export function distribution(call: Distribution<Canonical>, logits: Numbers): Verdict {
  const of = { probabilities: softmax, logProbabilities: logSoftmax, logits: undefined }[call.form];
  call.out.set(of === undefined ? logits : inForm(of, call, logits));
  return -1;
}

export function topK(call: Best<Canonical>, logits: Numbers): Verdict {
  const { outer, n, k, ids, out } = call;
  const logProbabilities = inForm(logSoftmax, call, logits);
  const key = (at: number): number => {
    const x = logits[at] as number;
    return x === x ? x : -Infinity;
  };
  for (let r = 0; r < outer; r += 1) {
    const best = Array.from({ length: n }, (_, c) => c)
      .sort((a, b) => {
        const [x, y] = [key(r * n + a), key(r * n + b)];
        return x === y ? a - b : y - x;
      })
      .slice(0, k);
    best.forEach((c, i) => {
      ids[r * k + i] = c;
      out[r * k + i] = logProbabilities[r * n + c] as number;
    });
  }
  return -1;
}

export function sample(call: Drawn<Canonical>, logits: Numbers): Verdict {
  const { outer, n, uniforms, out } = call;
  const p = inForm(softmax, call, logits);
  for (let r = 0; r < outer; r += 1) out[r] = draw(p.subarray(r * n, (r + 1) * n), uniforms[r] as number);
  return -1;
}

/** The class in whose part of the sum the number falls. */
function draw(p: Numbers, uniform: number): number {
  const total = p.reduce((sum, x) => sum + x, 0);
  if (!(total > 0)) return -1;
  let sum = 0;
  let last = 0;
  for (let c = 0; c < p.length && (sum < uniform * total || sum === 0); c += 1) {
    if (p[c] === 0) continue;
    sum += p[c] as number;
    last = c;
  }
  return last;
}
