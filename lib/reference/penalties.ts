// Logits after bias and penalties, and the tokens that may be drawn at all.
//   repetition r: z / r where z > 0, else z r;  presence a and frequency f: z - a - f c for a token that came c > 0 times
// Keskar et al., "CTRL: a conditional transformer language model for controllable generation", 2019 (repetition).
import type { SampleCall } from '../token-calls';

export function processed(call: SampleCall, r: number, z: Float64Array): { id: number; value: number }[] {
  const { stages, biasIds, biases, history, offsets, repetition, presence, frequency } = call;
  const values = Float64Array.from(z);
  const counts = new Map<number, number>();
  const end = offsets === undefined ? 0 : (offsets[r + 1] as number);
  for (let i = offsets === undefined ? 0 : (offsets[r] as number); i < end; i += 1) {
    const id = history?.[i] as number;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  for (const stage of stages) {
    if (stage === 'bias') {
      biasIds?.forEach((id, i) => {
        const bias = biases?.[i] as number;
        values[id] = bias === -Infinity ? NaN : (values[id] as number) + bias;
      });
    }
    if (stage === 'penalties') {
      for (const [id, count] of counts) {
        const value = values[id] as number;
        const repeated = value > 0 ? value / repetition : value * repetition;
        values[id] = repeated - presence - frequency * count;
      }
    }
  }
  // A ban is no logit.
  return Array.from(values, (value, id) => ({ id, value })).filter(({ value }) => !Number.isNaN(value));
}

export function isPresent({ allowed, n, outer }: SampleCall, r: number, id: number): boolean {
  if (allowed === undefined) return true;
  const words = Math.ceil(n / 32);
  const first = allowed.length === words * outer && outer > 1 ? r * words : 0;
  return (((allowed[first + (id >>> 5)] as number) >>> (id & 31)) & 1) === 1;
}
