// A token as programs in JavaScript draw it: penalties on a copy, a sort of the vocabulary, softmax of what top-k leaves,
// then top-p.

export function plainToken(logits, { temperature, topK, topP = 1, ...penalties }, uniform) {
  const z = penalised(logits, penalties);
  const order = Array.from(z.keys()).sort((a, b) => z[b] - z[a]);
  const best = order.slice(0, topK);
  const weights = best.map((id) => Math.exp((z[id] - z[best[0]]) / temperature));
  const total = weights.reduce((a, b) => a + b);
  let kept = 0;
  for (let mass = 0; kept < best.length && mass < topP * total; kept += 1) mass += weights[kept];
  let left = uniform() * weights.slice(0, kept).reduce((a, b) => a + b);
  for (let i = 0; i < kept; i += 1) {
    left -= weights[i];
    if (left <= 0) return best[i];
  }
  return best[kept - 1];
}

function penalised(logits, { history = [], repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0 }) {
  const z = Float32Array.from(logits);
  const counts = new Map();
  for (const id of history) counts.set(id, (counts.get(id) ?? 0) + 1);
  for (const [id, count] of counts) {
    z[id] = z[id] > 0 ? z[id] / repetitionPenalty : z[id] * repetitionPenalty;
    z[id] -= presencePenalty + frequencyPenalty * count;
  }
  return z;
}
