// The greatest logits, best first; of equals the lower id. NaN is the least of all.

export interface Top {
  readonly ids: readonly number[];
  readonly logits: readonly number[];
}

export const none: Top = { ids: [], logits: [] };

const rankOf = (logit: number, beta: number): number => (logit !== logit ? -Infinity : beta < 0 ? -logit : logit);

/** The k best of both. */
export function best(a: Top, b: Top, k: number, beta: number): Top {
  if (a.ids.length === 0) return b;
  if (b.ids.length === 0) return a;
  const ids: number[] = [];
  const logits: number[] = [];
  let i = 0;
  let j = 0;
  while (ids.length < k && (i < a.ids.length || j < b.ids.length)) {
    const fromA = j === b.ids.length || (i < a.ids.length && isBefore(a, i, b, j, beta));
    const [from, at] = fromA ? [a, i] : [b, j];
    ids.push(from.ids[at] as number);
    logits.push(from.logits[at] as number);
    if (fromA) i += 1;
    else j += 1;
  }
  return { ids, logits };
}

function isBefore(a: Top, i: number, b: Top, j: number, beta: number): boolean {
  const x = rankOf(a.logits[i] as number, beta);
  const y = rankOf(b.logits[j] as number, beta);
  return x === y ? (a.ids[i] as number) <= (b.ids[j] as number) : x > y;
}
