// Skip-gram vectors with several output layers, each given the same time; and whom they make neighbours.

import { cyan, dim, heading, print } from '../digits/terminal.mjs';
import { EmbeddingTable, Rng } from './library.mjs';
import { vectorLayers } from './methods.mjs';
import { timedProgress } from './progress.mjs';
import { randomBits, shuffled } from './random.mjs';
import { neighbours, pairsOf, thinned } from './skip-gram.mjs';

const WORDS = ['king', 'sea', 'whale', 'mother', 'water'];

/** Of the time of the whole demo, what one layer gets. */
const SHARE_OF_TIME = 1 / 40;

/** @returns the vectors learnt first, a table of dims [words, dim] */
export function learnVectors(text, { minutes, dim: width }) {
  const seconds = minutes * 60 * SHARE_OF_TIME;
  heading(`Word vectors by skip-gram, ${seconds.toFixed(1)} seconds for each output layer`);
  const size = text.vocabulary.length;
  const tables = vectorLayers({ classes: size, dim: width, counts: text.counts }).map((method) => {
    const table = new EmbeddingTable({ size, dim: width, seed: 1 });
    learn(method, table, thinned(text.available, text.counts), seconds);
    showNeighbours(table, text.vocabulary);
    return table;
  });
  return tables[0];
}

// As many epochs as there is time for; the learning rate falls with the time that is left.
function learn({ name, make, learningRate, batchSize, most }, table, blocks, seconds) {
  const layer = make();
  const rng = new Rng(1);
  const show = timedProgress(name);
  const start = performance.now();
  let words = 0;
  for (let epoch = 1; ; epoch += 1) {
    // All books in turns, as there may not be time for all of them.
    const mixed = Array.from(shuffled(blocks.length, randomBits(epoch)), (number) => blocks[number]);
    for (const pairs of pairsOf(mixed, { seed: epoch, most })) {
      const share = (performance.now() - start) / 1000 / seconds;
      if (share >= 1) return show(1, { words, loss: undefined });
      const rate = learningRate * (1 - share);
      const { loss } = layer.trainStep({ table, rows: pairs.rows }, pairs.targets, {
        learningRate: rate,
        batchSize,
        rng,
      });
      words += pairs.words;
      show(Math.min(share, 0.999), { words, loss });
    }
  }
}

function showNeighbours(table, vocabulary) {
  for (const word of WORDS) {
    const id = vocabulary.indexOf(word);
    if (id < 0) continue;
    const near = neighbours(table, id).map(({ id: other }) => vocabulary[other]);
    print(`    ${cyan(word.padEnd(8))}${dim(near.join(', '))}`);
  }
}
