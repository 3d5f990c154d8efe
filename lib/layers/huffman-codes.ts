// Optimal prefix codes of counts, as the children of the tree's inner nodes. Inner nodes are numbered as they are made,
// from the rarest classes up, and so the root is the last one. `children[2 n + bit]` is a class where it is not negative,
// else the inner node of that complement (~).
import { outOfRange } from '../errors';

/** What has no children yet is a class or a node, and both are written as children are. */
export interface Made {
  readonly children: Int32Array;
  /** The root, as a child. */
  readonly root: number;
}

/** The classes by count, rarest first; of equals the lower id. By digits of 16 bits, the lowest first. */
export function byCount(counts: Float64Array): Int32Array {
  let order = new Int32Array(counts.length);
  for (let id = 0; id < order.length; id += 1) order[id] = id;
  let next = new Int32Array(counts.length);
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  for (let unit = 1; unit <= most; unit *= 0x10000) {
    const starts = new Int32Array(0x10001);
    const digit = (id: number): number => Math.floor((counts[id] as number) / unit) % 0x10000;
    for (const id of order) starts[digit(id) + 1] = (starts[digit(id) + 1] as number) + 1;
    for (let d = 1; d <= 0x10000; d += 1) starts[d] = (starts[d] as number) + (starts[d - 1] as number);
    for (const id of order) {
      const d = digit(id);
      next[starts[d] as number] = id;
      starts[d] = (starts[d] as number) + 1;
    }
    [order, next] = [next, order];
  }
  return order;
}

/**
 * Huffman's algorithm on two queues, since nodes are made in the order of their counts (van Leeuwen, "On the construction
 * of Huffman trees", 1976). The two of the least count are joined; of equal ones those made first, and classes before
 * nodes. The first becomes the child by bit 0.
 */
export function huffman(counts: Float64Array, order: Int32Array): Made {
  const inner = order.length - 1;
  const children = new Int32Array(2 * inner);
  const sums = new Float64Array(inner);
  let leaf = 0;
  let node = 0;
  for (let made = 0; made < inner; made += 1) {
    let sum = 0;
    for (let bit = 0; bit < 2; bit += 1) {
      const count = counts[order[leaf] as number] as number;
      const takesLeaf = leaf <= inner && (node === made || count <= (sums[node] as number));
      children[2 * made + bit] = takesLeaf ? (order[leaf] as number) : ~node;
      sum += takesLeaf ? count : (sums[node] as number);
      if (takesLeaf) leaf += 1;
      else node += 1;
    }
    sums[made] = sum;
  }
  return { children, root: inner === 0 ? 0 : ~(inner - 1) };
}

/** The nodes of the longest path. */
export function depthOf({ children }: Made): number {
  const depths = new Int32Array(children.length / 2);
  let most = children.length === 0 ? 0 : 1;
  for (let node = depths.length - 1; node >= 0; node -= 1) {
    const depth = (depths[node] as number) + 1;
    for (let bit = 0; bit < 2; bit += 1) {
      const child = children[2 * node + bit] as number;
      if (child >= 0) continue;
      depths[~child] = depth;
      most = Math.max(most, depth + 1);
    }
  }
  return most;
}

/**
 * The best code of no more than `limit` bits for any class: package-merge (Larmore and Hirschberg, "A fast algorithm for
 * optimal length-limited Huffman codes", 1990), in O(classes limit).
 */
export function packageMerge(counts: Float64Array, order: Int32Array, limit: number, total: number): Made {
  if (total * limit > Number.MAX_SAFE_INTEGER) {
    throw outOfRange('counts', `of a sum <= ${Math.floor(Number.MAX_SAFE_INTEGER / limit)} with that maxLength`, total);
  }
  return treeOfLengths(order, lengthsOf(counts, order, limit));
}

/**
 * The bits of each class, rarest first. Each level has all classes as coins and pairs of the level below, sorted by
 * count; the 2 n - 2 first of the last level are bought, and a class has as many bits as coins of it are among them.
 */
function lengthsOf(counts: Float64Array, order: Int32Array, limit: number): Int32Array {
  const n = order.length;
  const levels: Uint8Array[] = [];
  let below = new Float64Array(0);
  for (let level = 0; level < limit; level += 1) {
    const pairs = below.length >> 1;
    const merged = new Float64Array(n + pairs);
    const isPair = new Uint8Array(n + pairs);
    let leaf = 0;
    let pair = 0;
    for (let i = 0; i < merged.length; i += 1) {
      const sum = (below[2 * pair] as number) + (below[2 * pair + 1] as number);
      const count = counts[order[leaf] as number] as number;
      const takesLeaf = leaf < n && (pair === pairs || count <= sum);
      merged[i] = takesLeaf ? count : sum;
      isPair[i] = takesLeaf ? 0 : 1;
      if (takesLeaf) leaf += 1;
      else pair += 1;
    }
    levels.push(isPair);
    below = merged;
  }
  const lengths = new Int32Array(n);
  let bought = 2 * n - 2;
  for (const isPair of levels.reverse()) {
    let pairs = 0;
    for (let i = 0; i < bought; i += 1) pairs += isPair[i] as number;
    for (let i = 0; i < bought - pairs; i += 1) lengths[i] = (lengths[i] as number) + 1;
    bought = 2 * pairs;
  }
  return lengths;
}

/** A tree whose classes, rarest and so deepest first, have those depths: pairs of each level, from the deepest up. */
function treeOfLengths(order: Int32Array, lengths: Int32Array): Made {
  const children = new Int32Array(2 * (order.length - 1));
  let made = 0;
  let leaf = 0;
  let level: number[] = [];
  for (let depth = lengths[0] as number; depth > 0; depth -= 1) {
    const here: number[] = [];
    for (; leaf < order.length && lengths[leaf] === depth; leaf += 1) here.push(order[leaf] as number);
    for (const child of level) here.push(child);
    level = [];
    for (let i = 0; i < here.length; i += 2) {
      children[2 * made] = here[i] as number;
      children[2 * made + 1] = here[i + 1] as number;
      level.push(~made);
      made += 1;
    }
  }
  return { children, root: level[0] as number };
}
