// Hierarchical softmax by its definition: with a = <v, h> + bias of each inner node, the way down the tree goes on by bit
// 0 with probability sigma(a) = 1 / (1 + e^-a), by bit 1 with sigma(-a).
//   log P(w | h) = -sum_j softplus(-s_j a_j),  s_j = 1 - 2 bit_j;   g_j = d loss / d a_j = -s_j sigma(-s_j a_j)
//   d loss / d v_j = g_j h,   d loss / d bias_j = g_j,   d loss / d h = sum_j g_j v_j
import type {
  TreeDistributionCall,
  TreeLossCall,
  TreeParameters,
  TreeSampleCall,
  TreeSource,
  TreeTopKCall,
  TreeTrainCall,
} from '../tree-calls';
import type { FloatArray, Verdict } from '../types';

/** log(1 + e^x) */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** e^x / (1 + e^x), right for small results, too. */
const sigma = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

const at = (values: FloatArray | Int32Array | Uint8Array, i: number): number => values[i] as number;

/** What a node makes of a hidden vector. */
function scoreOf({ weight, bias, dim }: TreeParameters, hidden: FloatArray, node: number): number {
  let score = bias === undefined ? 0 : at(bias, node);
  for (let k = 0; k < dim; k += 1) score += at(hidden, k) * at(weight, node * dim + k);
  return score;
}

const hiddenRow = ({ hidden, dim }: TreeSource, r: number): Float64Array =>
  Float64Array.from({ length: dim }, (_, k) => at(hidden, r * dim + k));

interface Step {
  readonly node: number;
  /** d loss / d score */
  readonly g: number;
}

/** The loss of a class, and its derivatives by the scores along its path. */
function pathOf(call: TreeParameters, hidden: FloatArray, id: number): { loss: number; steps: Step[] } {
  const { offsets, nodes, bits } = call.tree;
  const steps: Step[] = [];
  let loss = 0;
  for (let i = at(offsets, id); i < at(offsets, id + 1); i += 1) {
    const node = at(nodes, i);
    const sign = 1 - 2 * at(bits, i);
    const score = scoreOf(call, hidden, node);
    loss += softplus(-sign * score);
    steps.push({ node, g: -sign * sigma(-sign * score) });
  }
  return { loss, steps };
}

/** d loss / d hidden, added to `sum`. */
function addHiddenGradient(call: TreeParameters, steps: readonly Step[], sum: Float64Array): void {
  const { weight, dim } = call;
  for (const { node, g } of steps) {
    for (let k = 0; k < dim; k += 1) sum[k] = at(sum, k) + g * at(weight, node * dim + k);
  }
}

export function treeLoss(call: TreeLossCall): Verdict {
  const { outer, dim, targets, losses, scale, totals, hiddenGradient, ids, weightGradient, biasGradient } = call;
  const ofWeight = new Float64Array((ids?.length ?? 0) * dim);
  const ofBias = new Float64Array(ids?.length ?? 0);
  const places = new Map(Array.from(ids ?? [], (id, place) => [id, place]));
  totals.loss = 0;
  for (let r = 0; r < outer; r += 1) {
    const hidden = hiddenRow(call, r);
    const { loss, steps } = pathOf(call, hidden, at(targets, r));
    losses[r] = loss;
    totals.loss += loss;
    if (hiddenGradient === undefined) continue;
    const sum = new Float64Array(dim);
    addHiddenGradient(call, steps, sum);
    for (let k = 0; k < dim; k += 1) hiddenGradient[r * dim + k] = scale * at(sum, k);
    for (const { node, g } of steps) {
      const place = places.get(node) as number;
      ofBias[place] = at(ofBias, place) + scale * g;
      for (let k = 0; k < dim; k += 1) {
        ofWeight[place * dim + k] = at(ofWeight, place * dim + k) + scale * g * at(hidden, k);
      }
    }
  }
  weightGradient?.set(ofWeight);
  biasGradient?.set(ofBias);
  return -1;
}

/** The leaves below a node, with the logarithm of their probability; in the order of the bits. */
function* leavesOf(call: TreeParameters, hidden: FloatArray): Generator<{ id: number; logProbability: number }> {
  const { children, root } = call.tree;
  const open = [{ child: root, logProbability: 0 }];
  for (let way = open.pop(); way !== undefined; way = open.pop()) {
    const { child, logProbability } = way;
    if (child >= 0) {
      yield { id: child, logProbability };
      continue;
    }
    const score = scoreOf(call, hidden, ~child);
    open.push({ child: at(children, 2 * ~child + 1), logProbability: logProbability - softplus(score) });
    open.push({ child: at(children, 2 * ~child), logProbability: logProbability - softplus(-score) });
  }
}

export function treeDistribution(call: TreeDistributionCall): Verdict {
  for (let r = 0; r < call.outer; r += 1) {
    for (const { id, logProbability } of leavesOf(call, hiddenRow(call, r))) {
      call.out[r * call.n + id] = Math.exp(logProbability);
    }
  }
  return -1;
}

export function treeTopK(call: TreeTopKCall): Verdict {
  const { outer, k, out, ids } = call;
  for (let r = 0; r < outer; r += 1) {
    const leaves = [...leavesOf(call, hiddenRow(call, r))];
    leaves.sort((a, b) => b.logProbability - a.logProbability || a.id - b.id);
    leaves.slice(0, k).forEach(({ id, logProbability }, i) => {
      ids[r * k + i] = id;
      out[r * k + i] = logProbability;
    });
  }
  return -1;
}

export function treeSample(call: TreeSampleCall): Verdict {
  const { outer, out, tree, randomOf } = call;
  for (let r = 0; r < outer; r += 1) {
    const hidden = hiddenRow(call, r);
    const random = randomOf(r);
    let child = tree.root;
    while (child < 0) {
      const isZero = random.uniform() < sigma(scoreOf(call, hidden, ~child));
      child = at(tree.children, 2 * ~child + (isZero ? 0 : 1));
    }
    out[r] = child;
  }
  return -1;
}

/** The mean of the rows of an example's bag. */
function meanOf({ table, dim, rows }: TreeTrainCall, first: number, last: number): Float64Array {
  const mean = new Float64Array(dim);
  for (let i = first; i < last; i += 1) {
    for (let k = 0; k < dim; k += 1) mean[k] = at(mean, k) + at(table, at(rows, i) * dim + k) / (last - first);
  }
  return mean;
}

export function treeTrain(call: TreeTrainCall): Verdict {
  const { outer, dim, rows, offsets, targets, table, weight, bias, batchSize, totals } = call;
  totals.loss = 0;
  for (let start = 0; start < outer; start += batchSize) {
    const batch = Array.from({ length: Math.min(batchSize, outer - start) }, (_, i) => {
      const k = start + i;
      const [first, last] = offsets === undefined ? [k, k + 1] : [at(offsets, k), at(offsets, k + 1)];
      const hidden = meanOf(call, first, last);
      const { loss, steps } = pathOf(call, hidden, at(targets, k));
      const gradient = new Float64Array(dim);
      addHiddenGradient(call, steps, gradient);
      totals.loss += loss;
      return { hidden, steps, gradient, of: rows.subarray(first, last) };
    });
    // All have seen the same parameters; now these change.
    for (const { hidden, steps, gradient, of } of batch) {
      for (const { node, g } of steps) {
        const change = call.learningRate * g;
        if (bias !== undefined) bias[node] = at(bias, node) - change;
        for (let k = 0; k < dim; k += 1) weight[node * dim + k] = at(weight, node * dim + k) - change * at(hidden, k);
      }
      for (const row of of) {
        for (let k = 0; k < dim; k += 1) {
          const change = (call.tableLearningRate / of.length) * at(gradient, k);
          table[row * dim + k] = at(table, row * dim + k) - change;
        }
      }
    }
  }
  return -1;
}
