// How hierarchical softmax is put to the binary: positions and numbers as in native/binding/tree.hpp.
import type {
  TreeDistributionCall,
  TreeLossCall,
  TreeParameters,
  TreeSampleCall,
  TreeTopKCall,
  TreeTrainCall,
} from '../tree-calls';
import type { Canonical } from '../types';
import { type Description, numberOf } from './invoke';

/** The sizes, and what numbers the operation has of its own. */
function numbersOf({ dim, tree }: TreeParameters, ...own: number[]): number[] {
  const { nodes, children, depth, root } = tree;
  const numbers = [dim, children.length / 2, depth, nodes.length, root < 0 ? ~root : 0];
  for (const number of own) numbers.push(number);
  return numbers;
}

/** Steps of work for so many nodes. */
const workOf = ({ dim }: TreeParameters, nodes: number): number => nodes * (dim / 8 + 8);

/** About how many nodes the paths of all rows have. */
const visitsOf = ({ outer, n, tree }: TreeParameters & Canonical): number => (outer * tree.nodes.length) / n;

export const treeLoss: Description<TreeLossCall> = {
  name: 'treeLoss',
  describe: (call) => ({
    arrays: [
      call.hidden,
      call.losses,
      call.targets,
      call.weight,
      call.bias,
      call.tree.offsets,
      call.tree.nodes,
      call.tree.bits,
      call.hiddenGradient,
      call.ids,
      call.weightGradient,
      call.biasGradient,
    ],
    names: ['hidden', 'losses', 'targets', 'weight', 'bias', 'tree', 'tree', 'tree', 'hiddenGradient', 'ids'],
    results: [8, 10, 11],
    numbers: numbersOf(call, call.scale, call.ids?.length ?? 0),
    work: 2 * workOf(call, visitsOf(call)),
  }),
  afterwards: ({ totals }) => {
    totals.loss = numberOf(0);
  },
};

const searchNames = ['hidden', 'result', 'ids', 'weight', 'bias', 'tree'];

export const treeDistribution: Description<TreeDistributionCall> = {
  name: 'treeDistribution',
  describe: (call) => ({
    arrays: [call.hidden, call.out, undefined, call.weight, call.bias, call.tree.children],
    names: searchNames,
    numbers: numbersOf(call),
    work: workOf(call, call.outer * call.n),
  }),
};

export const treeTopK: Description<TreeTopKCall> = {
  name: 'treeTopK',
  describe: (call) => ({
    arrays: [call.hidden, call.out, call.ids, call.weight, call.bias, call.tree.children],
    names: searchNames,
    results: [2],
    numbers: numbersOf(call, call.k),
    // What is searched is not known before; mostly a few paths for each class that is wanted.
    work: workOf(call, 2 * call.k * visitsOf(call)),
  }),
};

export const treeSample: Description<TreeSampleCall> = {
  name: 'treeSample',
  describe: (call) => ({
    arrays: [call.hidden, call.out, undefined, call.weight, call.bias, call.tree.children],
    names: searchNames,
    numbers: numbersOf(call, call.seed[0], call.seed[1]),
    work: workOf(call, visitsOf(call)),
  }),
};

export const treeTrain: Description<TreeTrainCall> = {
  name: 'treeTrain',
  describe: (call) => ({
    arrays: [
      call.table,
      undefined,
      call.targets,
      call.weight,
      call.bias,
      call.tree.offsets,
      call.tree.nodes,
      call.tree.bits,
      call.rows,
      call.offsets,
      call.tree.children,
    ],
    names: [
      'examples.table',
      '',
      'targets',
      'weight',
      'bias',
      'tree',
      'tree',
      'tree',
      'examples.rows',
      'examples.offsets',
      'tree',
    ],
    updates: [0, 3, 4],
    numbers: numbersOf(
      call,
      call.learningRate,
      call.tableLearningRate,
      call.batchSize,
      call.threads,
      call.size,
      call.rows.length,
    ),
    work: 3 * workOf(call, visitsOf(call)),
  }),
  afterwards: ({ totals }) => {
    totals.loss = numberOf(0);
  },
};
