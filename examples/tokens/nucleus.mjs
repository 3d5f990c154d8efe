// Whether top-p does what it says, from its definition: the likely tokens, by a sort, and how many draws are none of them.
import { transformers } from './library.mjs';

/** The ids of the shortest list of the most likely tokens whose probabilities sum up to topP. */
export function nucleus(logits, topP) {
  const max = Math.max(...logits);
  const weights = Array.from(logits, (z) => Math.exp(z - max));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const order = [...weights.keys()].sort((a, b) => weights[b] - weights[a] || a - b);
  let mass = 0;
  const end = order.findIndex((id) => {
    mass += weights[id];
    return mass >= topP * total;
  });
  return new Set(order.slice(0, end < 0 ? order.length : end + 1));
}

/** The next token after the prompt, drawn by `generate` of transformers.js so many times; in batches of one prompt. */
export async function drawNext(model, prompt, { draws, options, batch = 250 }) {
  const drawn = [];
  while (drawn.length < draws) {
    const rows = Math.min(batch, draws - drawn.length);
    const ids = BigInt64Array.from({ length: rows * prompt.length }, (_, i) => BigInt(prompt[i % prompt.length]));
    const inputs = new transformers.Tensor('int64', ids, [rows, prompt.length]);
    const sequences = await model.generate({ ...options, inputs, max_new_tokens: 1 });
    for (const sequence of sequences.tolist()) drawn.push(Number(sequence.at(-1)));
  }
  return drawn;
}

/** The model's logits of the token after the prompt. */
export async function logitsAfter(model, prompt) {
  const input_ids = new transformers.Tensor('int64', BigInt64Array.from(prompt, BigInt), [1, prompt.length]);
  const { logits } = await model({ input_ids });
  return logits.data;
}

export async function drawsOutside(model, prompt, { topP, ...how }) {
  const likely = nucleus(await logitsAfter(model, prompt), topP);
  return (await drawNext(model, prompt, how)).filter((id) => !likely.has(id)).length;
}
