// Skip-gram (Mikolov, Chen, Corrado and Dean 2013): a word's vector has to predict the words around it. What is made here
// are the pairs; learning from them is one call of the output layer for each hundred thousand.
import { randomBits } from './random.mjs';

/** How many pairs one call of a layer gets: of a layer that is slow, fewer. */
const PAIRS = 100_000;

/**
 * Pairs of running text: around each word a window of random width, 1 to `window` words to either side, so that nearer
 * words count more. The neighbour's vector predicts the word in the middle.
 *
 * @param most pairs at once
 * @yields { rows, targets, words }: of pair k the neighbour rows[k] and the word targets[k], and how many words of text
 *   the pairs are of. The arrays are used again
 */
export function* pairsOf(blocks, { window = 5, seed = 1, most = PAIRS } = {}) {
  const random = randomBits(seed);
  const rows = new Int32Array(most);
  const targets = new Int32Array(most);
  let pairs = 0;
  let words = 0;
  for (const block of blocks) {
    for (let position = 0; position < block.length; position += 1) {
      if (pairs + 2 * window > most) {
        yield { rows: rows.subarray(0, pairs), targets: targets.subarray(0, pairs), words };
        pairs = 0;
        words = 0;
      }
      const width = 1 + (random() % window);
      const last = Math.min(position + width, block.length - 1);
      for (let neighbour = Math.max(position - width, 0); neighbour <= last; neighbour += 1) {
        if (neighbour === position) continue;
        rows[pairs] = block[neighbour];
        targets[pairs] = block[position];
        pairs += 1;
      }
      words += 1;
    }
  }
  if (pairs > 0) yield { rows: rows.subarray(0, pairs), targets: targets.subarray(0, pairs), words };
}

/** The same text without most of the words that stand everywhere: a word of share f stays with probability sqrt(t/f) + t/f. */
export function thinned(blocks, counts, { threshold = 1e-3, seed = 1 } = {}) {
  const random = randomBits(seed);
  const words = counts.reduce((sum, count) => sum + count, 0);
  const kept = counts.map((count) => {
    const ratio = (threshold * words) / count;
    return (Math.sqrt(ratio) + ratio) * 2 ** 32;
  });
  return blocks.map((block) => block.filter((word) => random() < kept[word]));
}

/** The `count` words whose vectors point most nearly the way of the given one's. */
export function neighbours({ data, dims: [words, dim] }, word, count = 5) {
  const vector = (id) => data.subarray(id * dim, (id + 1) * dim);
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const given = vector(word);
  const cosines = Array.from({ length: words }, (_, id) => {
    const other = vector(id);
    return { id, cosine: dot(given, other) / Math.sqrt(dot(given, given) * dot(other, other) || 1) };
  });
  return cosines
    .filter(({ id }) => id !== word)
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, count);
}
