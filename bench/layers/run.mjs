// npm run bench:layers [-- --words=1000000 --rounds=3]: word vectors against word2vec.c, fastText and gensim on one text;
// a sampled training step against PyTorch; how long a prediction takes.
import { parseArgs } from 'node:util';
import { describeRun, native, printRun } from '../library.mjs';
import { writeResults } from '../report.mjs';
import { writeCorpus } from './corpus.mjs';
import { heldOutExamples, heldOutLosses } from './held-out.mjs';
import { modes } from './modes.mjs';
import { ours } from './ours.mjs';
import { findPeers } from './peers.mjs';
import { comparePredictions } from './prediction.mjs';
import { compareSampledSteps } from './sampled-step.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    words: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '1' },
  },
});
// Whoever takes longer than this for a run gives one only.
const PATIENCE_MS = 7000;

const wants = (name) => positionals.every((word) => name.includes(word));
native.setThreads(1);
const run = describeRun();
printRun(run);

const { peers, absent } = findPeers();
if (absent.length > 0) console.log(`Not to be had here, and left out: ${absent.join(', ')}`);
const results = { run, vectors: [], steps: [], predictions: [] };
const chosen = modes.filter(({ name }) => wants(name));
if (chosen.length > 0) {
  const corpus = writeCorpus(Number(values.words));
  const words = corpus.training.reduce((sum, block) => sum + block.length, 0);
  console.log(`\n${words.toLocaleString('en')} words, vocabulary ${corpus.words.length.toLocaleString('en')}`);
  for (const mode of chosen) results.vectors.push(compareVectors(mode, corpus));
}
if (wants('sampled step')) results.steps = await compareSampledSteps();
if (wants('prediction')) results.predictions = await comparePredictions();
console.log(`\nWritten to ${writeResults('layers', results)}`);

// In turns, in an order that rotates.
function compareVectors(mode, corpus) {
  const own = contestantsOfOurs(mode).map(({ name, train }) => ({
    name,
    train: (epochs) => train(mode, corpus, epochs),
  }));
  const others = peers.map(({ name, train }) => ({ name, train: (epochs) => train(mode, corpus.path, epochs) }));
  const entrants = [...own, ...others].map((contestant) => ({ ...contestant, speeds: [] }));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (let turn = 0; turn < entrants.length; turn += 1) {
      const entrant = entrants[(round + turn) % entrants.length];
      if (entrant.isSlow) continue;
      const start = performance.now();
      const { wordsPerSecond, model } = entrant.train(Number(values.epochs));
      entrant.isSlow = performance.now() - start > PATIENCE_MS;
      entrant.speeds.push(wordsPerSecond);
      entrant.model = model;
    }
  }
  const examples = heldOutExamples(corpus.heldOut, mode);
  const rows = entrants.map(({ name, speeds, model }) => {
    const sorted = speeds.sort((a, b) => a - b);
    // Noise by both powers: what was trained with one is not as good by the other.
    const losses = model ? heldOutLosses(model, corpus.words, examples, { tree: mode.tree, powers: [0.75, 0.5] }) : [];
    return { name, wordsPerSecond: sorted[sorted.length >> 1], losses };
  });
  printVectors(mode, rows);
  return { mode: mode.name, rows };
}

function contestantsOfOurs({ tree, bag }) {
  if (tree) return [ours()];
  return [ours(), ours({ power: 0.5 }), ...(bag ? [] : [ours({ share: 'window' })])];
}

function printVectors({ name, tree }, rows) {
  const losses = tree ? ['held-out loss'] : ['loss, q = f^0.75', 'loss, q = f^0.5'];
  console.log(
    `\n${name.padEnd(44)}${'words/s'.padStart(12)}${'ours'.padStart(8)}${losses.map((l) => l.padStart(18)).join('')}`,
  );
  for (const { name: contestant, wordsPerSecond, losses: reached } of rows) {
    const cells = [
      `  ${contestant.padEnd(42)}`,
      Math.round(wordsPerSecond).toLocaleString('en').padStart(12),
      `${(rows[0].wordsPerSecond / wordsPerSecond).toFixed(2)}x`.padStart(8),
      ...reached.map((loss) => (loss?.toFixed(4) ?? '').padStart(18)),
    ];
    console.log(cells.join(''));
  }
}
