// What is learnt, in the words of all programs: dimension 100, windows of up to 5 words, 5 negatives or a Huffman tree, a
// learning rate that falls from 0.05 to 0, no subsampling, one thread.
export const DIM = 100;
export const WINDOW = 5;
export const NEGATIVES = 5;
export const RATE = 0.05;

/** `target`: words a second as multiples of a peer's (PERFORMANCE: the goals of the project). */
export const modes = [
  { name: 'skip-gram, 5 negatives', bag: false, tree: false },
  { name: 'skip-gram, hierarchical', bag: false, tree: true },
  { name: 'bag of words, 5 negatives', bag: true, tree: false },
  { name: 'bag of words, hierarchical', bag: true, tree: true },
];
