// One text for everybody: the books of examples/words, without the words that come fewer than five times, a line for each
// thousand words.
import { mkdirSync, writeFileSync } from 'node:fs';
import { installTexts } from '../../examples/words/install.mjs';
import { loadText, UNKNOWN } from '../../examples/words/text.mjs';
import { cache } from './builds.mjs';

export const MIN_COUNT = 5;

/**
 * @returns `path` of the text; `words` in the library's order and how often each comes; `training` and `heldOut` blocks of
 *   numbers, the same words
 */
export function writeCorpus(tokens) {
  installTexts();
  const text = loadText({ tokens, classes: Infinity, minCount: MIN_COUNT });
  // Number 0, <unk>, is dropped as the peers drop it, so that all others move down by one.
  const known = (blocks) => blocks.map((block) => block.filter((word) => word !== UNKNOWN).map((word) => word - 1));
  const words = text.vocabulary.slice(1);
  const training = known(text.training);
  mkdirSync(cache, { recursive: true });
  const path = `${cache}text-${tokens}.txt`;
  const line = (block) => `${Array.from(block, (word) => words[word]).join(' ')}\n`;
  writeFileSync(path, training.map(line).join(''));
  return { path, words, counts: text.counts.slice(1), training, heldOut: known(text.heldOut) };
}
