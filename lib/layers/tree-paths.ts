// The same tree twice: the children of each inner node, by which one searches, and the path of each class, along which
// one trains. `children[2 n + bit]` is a class where it is not negative, else the inner node of that complement (~).
import { corrupted, invalidValue, outOfRange, shapeMismatch } from '../errors';
import { Float64Array, Int32Array, Uint8Array } from '../intrinsics';
import type { Made } from './huffman-codes';

/** The path of class c, from the root on: `nodes` and `bits` from offsets[c] to offsets[c + 1] - 1. */
export interface Paths {
  readonly offsets: Int32Array;
  readonly nodes: Int32Array;
  readonly bits: Uint8Array;
  /** Nodes of the longest path. */
  readonly depth: number;
}

const mostNodes = 0x7fffffff;

/** Calls `leave` for each leaf in turn, with its class and its depth, the way to it in `nodes` and `bits`. */
function walk(
  { children, root }: Made,
  depth: number,
  visit: (id: number, length: number, nodes: Int32Array, bits: Uint8Array) => void,
): void {
  const nodes = new Int32Array(depth);
  const bits = new Uint8Array(depth);
  let length = 0;
  let child = root;
  for (;;) {
    if (child < 0) {
      nodes[length] = ~child;
      bits[length] = 0;
      length += 1;
      child = children[2 * ~child] as number;
      continue;
    }
    visit(child, length, nodes, bits);
    while (length > 0 && bits[length - 1] === 1) length -= 1;
    if (length === 0) return;
    bits[length - 1] = 1;
    child = children[2 * (nodes[length - 1] as number) + 1] as number;
  }
}

/** The paths of a tree that is one. */
export function pathsOf(tree: Made): Paths {
  const inner = tree.children.length / 2;
  const lengths = new Int32Array(inner + 1);
  let depth = 0;
  let total = 0;
  walk(tree, inner, (id, length) => {
    lengths[id] = length;
    depth = Math.max(depth, length);
    total += length;
  });
  if (total > mostNodes) throw outOfRange('tree', `of paths that have <= ${mostNodes} nodes together`, total);
  const offsets = new Int32Array(inner + 2);
  for (let id = 0; id <= inner; id += 1) offsets[id + 1] = (offsets[id] as number) + (lengths[id] as number);
  const nodes = new Int32Array(total);
  const bits = new Uint8Array(total);
  walk(tree, depth, (id, length, wayNodes, wayBits) => {
    const start = offsets[id] as number;
    for (let i = 0; i < length; i += 1) {
      nodes[start + i] = wayNodes[i] as number;
      bits[start + i] = wayBits[i] as number;
    }
  });
  return { offsets, nodes, bits, depth };
}

/** Which way a tree's own words turn: see HuffmanTree.fromPaths. */
export interface GivenPath {
  readonly nodes: Float64Array;
  readonly bits: Float64Array;
}

/**
 * The children that paths say, one path from the root for each class. They must be those of a full binary tree: the paths
 * begin at one node, agree on where each bit leads, and leave no node with one child.
 */
export function childrenOf(paths: readonly GivenPath[]): Made {
  const inner = paths.length - 1;
  const children = new Float64Array(2 * inner).fill(NaN);
  const isBelow = new Uint8Array(inner);
  const root = inner === 0 ? 0 : ~(paths[0]?.nodes[0] ?? NaN);
  paths.forEach(({ nodes, bits }, id) => {
    const name = `paths[${id}]`;
    if (nodes.length !== bits.length) {
      throw shapeMismatch(`${name}.bits`, `have ${nodes.length} elements, one for each node`, String(bits.length));
    }
    if (nodes.length === 0 && inner > 0) {
      throw invalidValue(`${name}.nodes`, 'must not be empty where there is another class', []);
    }
    for (let i = 0; i < nodes.length; i += 1) {
      const node = nodes[i] as number;
      const bit = bits[i] as number;
      if (!(node >= 0 && node < inner && Number.isInteger(node))) {
        throw outOfRange(`${name}.nodes[${i}]`, `an integer >= 0 and < ${inner}, one less than the classes`, node);
      }
      if (bit !== 0 && bit !== 1) throw outOfRange(`${name}.bits[${i}]`, '0 or 1', bit);
      if (i === 0 && node !== ~root) throw invalidValue(`${name}.nodes[0]`, `must be the root, ${~root}`, node);
      const child = i + 1 === nodes.length ? id : ~(nodes[i + 1] as number);
      enter(`${name}.nodes[${i}]`, children, isBelow, root, 2 * node + bit, child);
    }
  });
  const missing = children.findIndex((child) => Number.isNaN(child));
  if (missing >= 0) {
    throw invalidValue(
      'paths',
      `must lead on from node ${missing >> 1} by bit ${missing & 1}`,
      `${paths.length} paths`,
    );
  }
  return { children: Int32Array.from(children), root };
}

function enter(
  name: string,
  children: Float64Array,
  isBelow: Uint8Array,
  root: number,
  place: number,
  child: number,
): void {
  const known = children[place] as number;
  const way = `lead from node ${place >> 1} by bit ${place & 1} to`;
  const words = (to: number): string => (to < 0 ? `node ${~to}` : `class ${to}`);
  if (known === child && child < 0) return;
  if (!Number.isNaN(known)) throw invalidValue(name, `must ${way} ${words(known)}, as another path does`, words(child));
  children[place] = child;
  if (child >= 0) return;
  if (child === root || isBelow[~child] === 1) throw invalidValue(name, `must not ${way} a node that is above`, ~child);
  if (~child < isBelow.length) isBelow[~child] = 1;
}

/** Children that came from bytes: those of a full binary tree. */
export function validateTree({ children, root }: Made): Made {
  const inner = children.length / 2;
  const seen = new Uint8Array(2 * inner + 1);
  const open = [root];
  let count = 0;
  for (let child = open.pop(); child !== undefined; child = open.pop()) {
    const place = child >= 0 ? inner + child : ~child;
    const isThere = Number.isInteger(child) && (child >= 0 ? child <= inner : ~child < inner);
    if (!isThere || seen[place] === 1) throw corrupted('bytes', 'be those of a full binary tree');
    seen[place] = 1;
    count += 1;
    if (child < 0) open.push(children[2 * ~child + 1] as number, children[2 * ~child] as number);
  }
  if (count !== 2 * inner + 1) throw corrupted('bytes', 'be those of a full binary tree');
  return { children, root };
}
