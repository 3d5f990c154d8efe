// The Huffman tree that fastText makes of counts which fall from word to word: leaves are taken from the rarest on, made
// nodes in the order they were made, and a leaf goes first only if it is strictly smaller.

/** @returns for each word { nodes, bits }, as fastText keeps them: from the leaf, node 0 being the first one made */
export function fastTextPaths(counts) {
  const words = counts.length;
  const size = 2 * words - 1;
  const mass = Float64Array.from({ length: size }, (_, i) => (i < words ? counts[i] : Infinity));
  const parent = new Int32Array(size).fill(-1);
  const bit = new Uint8Array(size);
  let leaf = words - 1;
  let node = words;
  const next = () => {
    if (leaf >= 0 && mass[leaf] < mass[node]) {
      leaf -= 1;
      return leaf + 1;
    }
    node += 1;
    return node - 1;
  };
  for (let made = words; made < size; made += 1) {
    const left = next();
    const right = next();
    mass[made] = mass[left] + mass[right];
    parent[left] = made;
    parent[right] = made;
    bit[right] = 1;
  }
  return Array.from({ length: words }, (_, word) => {
    const nodes = [];
    const bits = [];
    for (let at = word; parent[at] >= 0; at = parent[at]) {
      nodes.push(parent[at] - words);
      bits.push(bit[at]);
    }
    return { nodes, bits };
  });
}
