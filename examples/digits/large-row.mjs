// One row as long as a language model's vocabulary: the library against the loop one would write instead.
import { softmax } from 'softmax-native';
import { randomNumbers } from './digits.mjs';

export const VOCABULARY = 128_256;

/** Normally distributed logits (Box and Muller), as spread out as a language model's. */
export function drawLogits(count = VOCABULARY, { deviation = 3, seed = 7 } = {}) {
  const random = randomNumbers(seed);
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return deviation * radius * Math.cos(2 * Math.PI * random());
  });
}

/** Softmax as it is usually written by hand. Into a Float64Array it is the float64 answer. */
export function plainSoftmax(logits, out) {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i += 1) if (logits[i] > max) max = logits[i];
  let sum = 0;
  for (let i = 0; i < logits.length; i += 1) {
    const e = Math.exp(logits[i] - max);
    out[i] = e;
    sum += e;
  }
  for (let i = 0; i < logits.length; i += 1) out[i] /= sum;
  return out;
}

/** Both in turns, so that whatever else the machine does hits both alike. Medians, in microseconds. */
export function compare(logits, { rounds = 31 } = {}) {
  const ours = new Float32Array(logits.length);
  const plain = new Float32Array(logits.length);
  const times = { ours: [], plain: [] };
  for (let round = 0; round < rounds; round += 1) {
    times.ours.push(microseconds(() => softmax(logits, { out: ours })));
    times.plain.push(microseconds(() => plainSoftmax(logits, plain)));
  }
  const exact = plainSoftmax(logits, new Float64Array(logits.length));
  return {
    microseconds: { ours: median(times.ours), plain: median(times.plain) },
    ulps: {
      between: largest(ours, (p, i) => Math.abs(p - plain[i]) / ulp(exact[i])),
      ours: largest(ours, (p, i) => Math.abs(p - exact[i]) / ulp(exact[i])),
      plain: largest(plain, (p, i) => Math.abs(p - exact[i]) / ulp(exact[i])),
    },
  };
}

/** The distance between neighbouring float32 numbers around a positive x. */
function ulp(x) {
  const exponent = Math.floor(Math.log2(x));
  return 2 ** (Math.max(exponent, -126) - 23);
}

function largest(values, measure) {
  return values.reduce((most, value, i) => Math.max(most, measure(value, i)), 0);
}

function microseconds(run) {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / 1000;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
