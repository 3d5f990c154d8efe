// Hierarchical softmax as an output layer: the path of a class through a binary tree in place of all classes.
import { atCallSite, invalidType } from '../errors';
import { allocateLike } from '../operations/arrange';
import { tensorOf } from '../operations/results';
import { own } from '../ownership';
import { drawSeed, exampleRng, validateRng } from '../random/rng';
import type { CodeTree, TreeLossCall, TreeSource, TreeTopKCall } from '../tree-calls';
import type { Backend, FloatArray, FloatType, Tensor } from '../types';
import { validateOptions } from '../validate';
import { decode, encode } from './bytes';
import { allocateTopK, drawn, negated } from './exact';
import { exposed } from './exposed';
import type { HierarchicalSoftmaxConstructor } from './hierarchical-types';
import { HuffmanTree, treeFrom } from './huffman-tree';
import {
  allocateFor,
  canonicalRows,
  type HiddenRows,
  measureHidden,
  measureIds,
  ownParameters,
  readHidden,
  readIds,
  readK,
  readReduction,
} from './layer';
import { adoptLinear, kindOfType, readLinear, readSize, readType, typeOf } from './parameters';
import { readStep } from './training';

interface Options {
  readonly tree?: unknown;
  readonly dim?: unknown;
  readonly type?: unknown;
  readonly bias?: unknown;
  readonly weight?: unknown;
}

/** The class that computes with a backend: now, or for promises. */
export function hierarchicalSoftmax<Constructor = HierarchicalSoftmaxConstructor>(backend: Backend): Constructor {
  class HierarchicalSoftmax {
    readonly tree: HuffmanTree;
    readonly classes: number;
    readonly dim: number;
    readonly type: FloatType;
    readonly weight: Tensor;
    readonly bias: Tensor | undefined;
    readonly #tree: CodeTree;

    constructor(options: Options) {
      try {
        validateOptions(options);
        const { tree, dim, type, bias, weight } = options;
        if (!(tree instanceof HuffmanTree)) throw invalidType('options.tree', 'an instance of HuffmanTree', tree);
        this.tree = tree;
        this.#tree = HuffmanTree.arraysOf(tree);
        this.classes = tree.classes;
        this.dim = readSize('options.dim', dim);
        this.type = readType(type);
        const given = readLinear({ weight, bias }, this.type);
        ({ weight: this.weight, bias: this.bias } = adoptLinear(given, this.type, this.classes - 1, this.dim));
      } catch (error) {
        throw atCallSite(error, new.target);
      }
    }

    logProbability(hidden: unknown, ids: unknown): unknown {
      const vectors = readHidden(hidden, this.type);
      const given = readIds('ids', ids);
      const rows = measureHidden(vectors, this.dim);
      const targets = measureIds(given, rows.count, this.classes);
      const losses = allocateLike(kindOfType[this.type], rows.count);
      // Property by property: to spread an object takes longer than to follow a path.
      const call: TreeLossCall = {
        outer: rows.count,
        n: this.classes,
        inner: 1,
        mask: undefined,
        maskStrides: undefined,
        beta: 1,
        rule: 'limit',
        tree: this.#ownTree(),
        dim: this.dim,
        weight: this.weight.data,
        bias: this.bias?.data,
        hidden: rows.data,
        targets,
        losses,
        scale: 1,
        hiddenGradient: undefined,
        ids: undefined,
        weightGradient: undefined,
        biasGradient: undefined,
        totals: { loss: 0 },
      };
      return backend.treeLoss.perform(call, () => negated(losses, rows));
    }

    lossAndGradient(hidden: unknown, targets: unknown, options: object = {}): unknown {
      const isMean = readReduction(options);
      const vectors = readHidden(hidden, this.type);
      const given = readIds('targets', targets);
      const rows = measureHidden(vectors, this.dim);
      const classes = measureIds(given, rows.count, this.classes);
      const kind = kindOfType[this.type];
      const ids = nodesOf(this.#tree, classes);
      const scale = isMean ? 1 / rows.count : 1;
      const call = {
        ...this.#source(rows),
        targets: classes,
        losses: allocateLike(kind, rows.count),
        scale,
        hiddenGradient: allocateLike(kind, rows.count * this.dim),
        ids,
        weightGradient: allocateLike(kind, ids.length * this.dim),
        biasGradient: this.bias && allocateLike(kind, ids.length),
        totals: { loss: 0 },
      };
      return backend.treeLoss.perform(call, () => {
        const { losses, hiddenGradient, weightGradient, biasGradient, totals } = call;
        return {
          loss: isMean ? totals.loss / rows.count : totals.loss,
          losses,
          hiddenGradient: tensorOf(hiddenGradient, rows.dims),
          weightGradient: { ids, values: tensorOf(weightGradient, [ids.length, this.dim]) },
          ...(biasGradient && { biasGradient: { ids, values: tensorOf(biasGradient, [ids.length]) } }),
        };
      });
    }

    distribution(hidden: unknown): unknown {
      const rows = measureHidden(readHidden(hidden, this.type), this.dim);
      const result = allocateFor(rows, this.classes);
      const call = { ...this.#source(rows), out: result.data };
      return backend.treeDistribution.perform(call, () => result);
    }

    topK(hidden: unknown, k: unknown): unknown {
      const vectors = readHidden(hidden, this.type);
      const count = readK(k, this.classes);
      const rows = measureHidden(vectors, this.dim);
      const result = allocateTopK(rows, count);
      // Property by property: to spread an object takes as long as to find the best class.
      const call: TreeTopKCall = {
        outer: rows.count,
        n: this.classes,
        inner: 1,
        mask: undefined,
        maskStrides: undefined,
        beta: 1,
        rule: 'limit',
        tree: this.#ownTree(),
        dim: this.dim,
        weight: this.weight.data,
        bias: this.bias?.data,
        hidden: rows.data,
        k: count,
        ids: result.ids.data,
        out: result.logProbabilities.data,
      };
      return backend.treeTopK.perform(call, () => result);
    }

    sample(hidden: unknown, rng: unknown): unknown {
      const vectors = readHidden(hidden, this.type);
      const source = validateRng('rng', rng);
      const rows = measureHidden(vectors, this.dim);
      const out = own(new Int32Array(rows.count));
      const seed = drawSeed(source);
      const call = { ...this.#source(rows), seed, randomOf: (row: number) => exampleRng(seed, row), out };
      return backend.treeSample.perform(call, () => drawn(out, rows));
    }

    trainStep(examples: unknown, targets: unknown, options: unknown): unknown {
      const parameters = { weight: this.weight.data, bias: this.bias?.data };
      const { count, training, call: common } = readStep(this, parameters, { examples, targets, options });
      const call = {
        ...common,
        ...parameters,
        tree: this.#ownTree(),
        dim: this.dim,
        batchSize: Math.min(training.batchSize || 1, Math.max(count, 1)),
        threads: training.threads,
      };
      return backend.treeTrain.perform(call, () => ({ loss: call.totals.loss / count }));
    }

    toBytes(): Uint8Array {
      const { dim, weight, bias } = this;
      const { children, root } = this.#tree;
      const arrays = bias === undefined ? [children, weight.data] : [children, weight.data, bias.data];
      return encode('HierarchicalSoftmax', { numbers: [root, dim], arrays });
    }

    static fromBytes(bytes: unknown): HierarchicalSoftmax {
      const { numbers, arrays } = decode('HierarchicalSoftmax', 'bytes', bytes);
      const [root, dim] = numbers;
      const [children, weight, bias] = arrays;
      const type = typeOf(weight as FloatArray);
      return new HierarchicalSoftmax({ tree: treeFrom(root, children), dim, type, weight, bias });
    }

    #source({ data, count }: HiddenRows): TreeSource {
      const { dim, weight, bias } = this;
      const parameters = { tree: this.#ownTree(), dim, weight: weight.data, bias: bias?.data };
      return { ...canonicalRows(count, this.classes), ...parameters, hidden: data };
    }

    /** Nobody has hold of the tree's arrays, and they never change. */
    #ownTree(): CodeTree {
      const tree = this.#tree;
      own(tree.offsets);
      own(tree.nodes);
      own(tree.bits);
      own(tree.children);
      ownParameters(this.weight.data, this.bias?.data);
      return tree;
    }
  }
  return exposed(HierarchicalSoftmax) as unknown as Constructor;
}

/** The nodes on the paths of classes, ascending and each once. */
function nodesOf({ offsets, nodes }: CodeTree, classes: Int32Array): Int32Array {
  const seen = new Set<number>();
  for (const id of classes) {
    // From the leaf up: above a node that was seen all have been.
    for (let i = (offsets[id + 1] as number) - 1; i >= (offsets[id] as number); i -= 1) {
      const node = nodes[i] as number;
      if (seen.has(node)) break;
      seen.add(node);
    }
  }
  return own(Int32Array.from(seen).sort());
}
