// softmax((z + G) / tau) and its derivative, by the formulas: Jang, Gu and Poole, "Categorical reparameterization with
// Gumbel-softmax", 2017.
import type { GumbelCall } from '../token-calls';
import type { Call, Verdict } from '../types';
import { hardmax } from './argmax';
import { numbersOf, patternOf } from './halves';
import { softmaxVjp } from './products';
import { softmax } from './softmax';

export function gumbelSoftmax(call: GumbelCall): Verdict {
  const y = new Float64Array(call.out.length);
  const verdict = (call.hard ? hardmax : softmax)(sampleCall(call, y));
  if (verdict < 0) write(call, y);
  return verdict;
}

export function gumbelSoftmaxVjp(call: GumbelCall): Verdict {
  const y = new Float64Array(call.out.length);
  const verdict = softmax(sampleCall(call, y));
  if (verdict >= 0) return verdict;
  const direction = numbersOf(call.direction as Float64Array, call.half);
  const product = softmaxVjp({ ...call, point: y, direction, out: y });
  if (product < 0) write(call, y);
  return product;
}

function sampleCall(call: GumbelCall, out: Float64Array): Call {
  const noise = call.noise();
  const logits = numbersOf(call.logits, call.half).map((z, i) => {
    const noisy = z + (noise[i] as number);
    return call.single ? Math.fround(noisy) : noisy;
  });
  return { ...call, logits, out, sign: undefined, weights: undefined, weightStrides: undefined, variant: false };
}

function write({ out, half }: GumbelCall, values: Float64Array): void {
  for (const [i, value] of values.entries()) out[i] = half === undefined ? value : patternOf(value, half);
}
