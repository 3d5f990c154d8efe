// How long one synchronous call takes that predicts among 10,000 labels: the best, ten, the whole distribution.
import { randomBits } from '../../examples/words/random.mjs';
import { native } from '../library.mjs';
import { measure } from '../measure.mjs';
import { duration } from '../report.mjs';

const CLASSES = 10_000;
const DIM = 100;

/** @returns [{ name, time }], the medians in nanoseconds, with the goal of the project and what fastText's C++ takes */
export async function comparePredictions() {
  const layers = layersOf();
  const cases = [
    ['hierarchical, the best', () => layers.tree.topK(layers.hidden(), 1), '5 us; fastText 4 to 7'],
    ['hierarchical, ten', () => layers.tree.topK(layers.hidden(), 10), '25 us; fastText 33 to 40'],
    ['full softmax, the distribution', () => layers.full.distribution(layers.hidden()), '80 us; fastText 120 to 250'],
    ['full softmax, ten', () => layers.full.topK(layers.hidden(), 10), ''],
    ['adaptive softmax, ten', () => layers.adaptive.topK(layers.hidden(), 10), ''],
  ];
  const times = await measure(cases.map(([name, run]) => ({ name, run })));
  console.log(`\n${`prediction, ${CLASSES} labels, dim ${DIM}`.padEnd(44)}${'ours'.padStart(12)}   goal`);
  return cases.map(([name, , goal], i) => {
    console.log(`  ${name.padEnd(42)}${duration(times[i].median).padStart(12)}   ${goal}`.trimEnd());
    return { name, time: times[i] };
  });
}

// Trained a little, so that the tree has something to prefer: a random model would make it open every node.
function layersOf() {
  const { AdaptiveSoftmax, EmbeddingTable, FullSoftmax, HierarchicalSoftmax, HuffmanTree } = native;
  const random = randomBits(1);
  const counts = Array.from({ length: CLASSES }, (_, i) => Math.ceil(1e6 / (i + 1)));
  const table = new EmbeddingTable({ size: CLASSES, dim: DIM, seed: 1 });
  const tree = new HierarchicalSoftmax({ tree: HuffmanTree.fromCounts(counts), dim: DIM });
  const full = new FullSoftmax({ classes: CLASSES, dim: DIM });
  const adaptive = new AdaptiveSoftmax({ classes: CLASSES, dim: DIM, cutoffs: [1000, 4000] });
  // Label l is that of row l.
  const rows = Int32Array.from({ length: 400_000 }, () => Math.floor(CLASSES ** (random() / 2 ** 32)) % CLASSES);
  tree.trainStep({ table, rows }, rows, { learningRate: 0.2 });
  for (const layer of [full, adaptive]) {
    for (let start = 0; start < 2560; start += 256) {
      const part = rows.subarray(start, start + 256);
      layer.trainStep({ table, rows: part }, part, { learningRate: 0.02 });
    }
  }
  let call = 0;
  const hidden = () => {
    const row = rows[call % 1000];
    call += 1;
    return table.data.subarray(row * DIM, (row + 1) * DIM);
  };
  return { tree, full, adaptive, hidden };
}
