// Stochastic gradient descent on targets and sampled candidates, by the gradients of lib/reference/candidates.ts:
// minibatch by minibatch, the sum of its gradients times the learning rate is subtracted from each parameter.
import type { CandidateCall, CandidateTraining, OwnTrainingCall, SharedTrainingCall } from '../candidate-calls';
import type { FloatArray, Verdict } from '../types';
import { candidateLoss } from './candidates';

/** What a minibatch is compared with. */
interface Compared {
  /** [n], or if `isOwn` [count, n] */
  readonly candidates: Int32Array;
  readonly isOwn: boolean;
  readonly correction: Float64Array;
  readonly targetCorrection: Float64Array;
  /** Of the gradient of an example in its scores. */
  readonly limit: number;
}

export function trainSharedCandidates(call: SharedTrainingCall): Verdict {
  const { n, batchSize } = call;
  for (let first = 0; first < call.outer; first += batchSize) {
    const set = (first / batchSize) * n;
    const last = Math.min(first + batchSize, call.outer);
    step(call, first, last, {
      candidates: call.candidates.slice(set, set + n),
      isOwn: false,
      correction: call.candidateCorrection.slice(set, set + n),
      targetCorrection: call.targetCorrection.slice(first, last),
      limit: call.scoreGradientLimit,
    });
  }
  return -1;
}

export function trainOwnCandidates(call: OwnTrainingCall): Verdict {
  for (let first = 0, last = 0; first < call.outer; first = last) {
    last = Math.min(first + call.batchSize, call.outer);
    if (call.window) last = first + runLength(call.targets, first, last);
    const sets: number[] = [];
    for (let e = first; e < last; e += 1) sets.push(...call.draw(call.window ? first : e));
    const candidates = Int32Array.from(sets);
    step(call, first, last, {
      candidates,
      isOwn: true,
      correction: Float64Array.from(candidates, (id) => logCount(call, id)),
      targetCorrection: targetCorrections(call, first, last, candidates),
      limit: Infinity,
    });
  }
  return -1;
}

function runLength(targets: Int32Array, first: number, last: number): number {
  let length = 1;
  while (first + length < last && targets[first + length] === targets[first]) length += 1;
  return length;
}

const logCount = ({ logCounts }: OwnTrainingCall, id: number): number =>
  logCounts === undefined ? 0 : at(logCounts, logCounts.length === 1 ? 0 : id);

/** By TargetCorrection; the candidates other than the target are draws from q / (1 - q_target), and maybe fewer. */
function targetCorrections(call: OwnTrainingCall, first: number, last: number, candidates: Int32Array): Float64Array {
  const { n, corrects, logCounts } = call;
  return Float64Array.from({ length: last - first }, (_, i) => {
    const target = at(call.targets, first + i);
    if (logCounts === undefined || corrects === 'none') return 0;
    if (corrects === 'count') return logCount(call, target);
    const others = candidates.slice(i * n, (i + 1) * n).filter((id) => id !== target).length;
    const q = Math.exp(logCount(call, target)) / n;
    return others === 0 ? 0 : Math.log1p(-q) - Math.log(others / n);
  });
}

function step(call: CandidateTraining, first: number, last: number, compared: Compared): void {
  const { depth, matrix, bias, classes, n } = call;
  const count = last - first;
  const hidden = new Float64Array(count * depth);
  for (let e = first; e < last; e += 1)
    addRows(call, e, (j, x, size) => add(hidden, (e - first) * depth + j, x / size));
  // Of all classes, although only some take part.
  const ids = Int32Array.from({ length: classes }, (_, id) => id);
  const gradients: CandidateCall = {
    ...call,
    outer: count,
    n,
    hidden,
    ids,
    targets: call.targets.slice(first, last),
    several: 1,
    candidates: compared.candidates,
    ownCandidates: compared.isOwn,
    targetCorrection: compared.targetCorrection,
    candidateCorrection: compared.correction,
    logPartition: Float64Array.from({ length: count }, (_, i) => partitionOf(call, first + i)),
    factor: 1,
    losses: new Float64Array(count),
    hiddenGradient: new Float64Array(count * depth),
    matrixGradient: new Float64Array(classes * depth),
    biasGradient: bias && new Float64Array(classes),
    reports: new Float64Array(4 * count),
  };
  candidateLoss(gradients, compared.limit);
  for (const loss of gradients.losses) call.totals.loss += loss;
  descend(matrix, gradients.matrixGradient, call.learningRate);
  if (bias !== undefined) descend(bias, gradients.biasGradient as FloatArray, call.learningRate);
  for (let e = first; e < last; e += 1) {
    const row = e - first;
    if (call.logPartition !== undefined) {
      // The score falls by as much as the log partition rises.
      add(call.logPartition, contextOf(call, e), call.learningRate * at(gradients.reports, 4 * row + 2));
    }
    addRows(call, e, (j, _, size, place) => {
      add(call.table, place, (-call.tableLearningRate * at(gradients.hiddenGradient, row * depth + j)) / size);
    });
  }
}

/** Calls `use` with each element of each row of the example: its column, its value, how many rows, where it stands. */
function addRows(
  { rows, offsets, table, depth }: CandidateTraining,
  example: number,
  use: (column: number, x: number, size: number, place: number) => void,
): void {
  const begin = offsets === undefined ? example : at(offsets, example);
  const end = offsets === undefined ? example + 1 : at(offsets, example + 1);
  for (let i = begin; i < end; i += 1) {
    for (let j = 0; j < depth; j += 1) {
      const place = at(rows, i) * depth + j;
      use(j, at(table, place), end - begin, place);
    }
  }
}

const contextOf = ({ contexts }: CandidateTraining, example: number): number =>
  contexts === undefined ? 0 : at(contexts, example);

const partitionOf = (call: CandidateTraining, example: number): number =>
  call.logPartition === undefined ? call.fixedLogPartition : at(call.logPartition, contextOf(call, example));

function descend(values: FloatArray, gradient: FloatArray, rate: number): void {
  for (let i = 0; i < values.length; i += 1) {
    if (at(gradient, i) !== 0) add(values, i, -rate * at(gradient, i));
  }
}

const at = (values: FloatArray | Int32Array, i: number): number => values[i] as number;

function add(sums: FloatArray, i: number, term: number): void {
  sums[i] = at(sums, i) + term;
}
