// Continuous bags of words (Mikolov, Chen, Corrado and Dean 2013): the mean of the vectors around a word predicts it.
import { randomBits } from '../../examples/words/random.mjs';

const BAGS = 25_000;

/** As `pairsOf` of examples/words, with `offsets`: bag k is rows[offsets[k]] to rows[offsets[k + 1] - 1]. */
export function* bagsOf(blocks, { window = 5, seed = 1 } = {}) {
  const random = randomBits(seed);
  const rows = new Int32Array(BAGS * 2 * window);
  const offsets = new Int32Array(BAGS + 1);
  const targets = new Int32Array(BAGS);
  let bags = 0;
  let at = 0;
  const made = () => ({
    rows: rows.subarray(0, at),
    offsets: offsets.subarray(0, bags + 1),
    targets: targets.subarray(0, bags),
    words: bags,
  });
  for (const block of blocks) {
    if (block.length < 2) continue;
    for (let position = 0; position < block.length; position += 1) {
      if (bags === BAGS) {
        yield made();
        bags = 0;
        at = 0;
      }
      const width = 1 + (random() % window);
      const last = Math.min(position + width, block.length - 1);
      for (let neighbour = Math.max(position - width, 0); neighbour <= last; neighbour += 1) {
        if (neighbour === position) continue;
        rows[at] = block[neighbour];
        at += 1;
      }
      targets[bags] = block[position];
      bags += 1;
      offsets[bags] = at;
    }
  }
  if (bags > 0) yield made();
}
