// A tree of words by meaning (Mnih and Hinton 2009 made theirs with mixtures of Gaussians): each node parts its words
// along the direction in which their vectors differ most, where half of the mass is on either side. So a frequent word
// has a short path, and neighbours in the tree are neighbours in meaning.

/**
 * @param table vectors, [words, dim]
 * @param counts how often each word comes
 * @returns for each word { nodes, bits }: inner nodes from the root, which is 0, and which way to go at each
 */
export function pathsByMeaning({ data, dims: [words, dim] }, counts) {
  const paths = Array.from({ length: words }, () => ({ nodes: [], bits: [] }));
  const open = [Array.from({ length: words }, (_, id) => id)];
  let nodes = 0;
  while (open.length > 0) {
    const members = open.pop();
    if (members.length === 1) continue;
    const halves = part(members, principalCoordinates(data, dim, members), counts);
    halves.forEach((half, bit) => {
      for (const id of half) {
        paths[id].nodes.push(nodes);
        paths[id].bits.push(bit);
      }
    });
    nodes += 1;
    open.push(halves[1], halves[0]);
  }
  return paths;
}

// Where each vector lies along the first principal axis: power iteration, without the matrix.
function principalCoordinates(data, dim, members, iterations = 8) {
  const mean = new Float64Array(dim);
  for (const id of members) for (let d = 0; d < dim; d += 1) mean[d] += data[id * dim + d] / members.length;
  let axis = Float64Array.from({ length: dim }, (_, d) => data[members[0] * dim + d] - mean[d] + 1e-9);
  const coordinates = new Float64Array(members.length);
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    const length = Math.hypot(...axis);
    const next = new Float64Array(dim);
    members.forEach((id, i) => {
      let sum = 0;
      for (let d = 0; d < dim; d += 1) sum += (data[id * dim + d] - mean[d]) * axis[d];
      coordinates[i] = sum / length;
      for (let d = 0; d < dim; d += 1) next[d] += (data[id * dim + d] - mean[d]) * coordinates[i];
    });
    if (!next.some((x) => x !== 0)) break; // all alike
    axis = next;
  }
  return coordinates;
}

// Never an empty half.
function part(members, coordinates, counts) {
  const order = members.map((_, i) => i).sort((a, b) => coordinates[a] - coordinates[b] || a - b);
  const mass = (ids) => ids.reduce((sum, id) => sum + counts[id], 0);
  const half = mass(members) / 2;
  let cut = 0;
  let before = 0;
  // The word that straddles the middle goes to where it leaves the halves more equal.
  while (cut < order.length && before + counts[members[order[cut]]] / 2 < half) {
    before += counts[members[order[cut]]];
    cut += 1;
  }
  cut = Math.min(Math.max(cut, 1), order.length - 1);
  const ids = order.map((i) => members[i]);
  return [ids.slice(0, cut), ids.slice(cut)];
}
