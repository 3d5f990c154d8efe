// Attention, a row at a time: the scores of one query, their softmax, and the mean of the values that it weighs.
//   score_j = cap tanh(scale q.k_j / cap) + bias_j,   p = softmax(beta score),   output = sum_j p_j v_j
// Vaswani and others, "Attention is all you need", 2017. What has the weight 0 contributes nothing, whatever it is.
import type { AttentionCall, AttentionScores, AttentionVjpCall, ScoreStrides } from '../attention-calls';
import type { FloatArray, Verdict } from '../types';
import type { Row } from './rows';
import { exponentials, probabilities } from './softmax';
import { keyOf, type Standing, sharersOf, standingOf } from './standing';

export function attention(call: AttentionCall): Verdict {
  const { scores, out, logSumExp, weights } = call;
  const { outer, n, rule, beta, value, width } = scores;
  if (rule === 'throw') {
    for (let index = 0; index < outer; index += 1) if (!isRegular(standingOf(rowOf(scores, index), beta))) return index;
  }
  for (let index = 0; index < outer; index += 1) {
    const row = rowOf(scores, index);
    const p = weightsOf(scores, row);
    const { keys } = placeOf(scores, index);
    for (let c = 0; c < width; c += 1) {
      let sum = 0;
      for (let j = 0; j < n; j += 1) if (p[j] !== 0) sum += at(p, j) * at(value, (keys + j) * width + c);
      out[index * width + c] = sum;
    }
    if (logSumExp !== undefined) logSumExp[index] = logSumExpOf(scores, row);
    if (weights !== undefined) for (let j = 0; j < n; j += 1) weights[index * n + j] = at(p, j);
  }
  return -1;
}

/** dV = P^T dO,  dS = P (dO V^T - D) with D the mean of dO V^T under P,  dQ = scale dS K,  dK = scale dS^T Q. */
export function attentionVjp(call: AttentionVjpCall): Verdict {
  const { scores, direction } = call;
  const { outer, n, rule, beta, query, key, value, depth, width, scale, bias, biasStrides } = scores;
  if (rule === 'throw') {
    for (let index = 0; index < outer; index += 1) if (!isRegular(standingOf(rowOf(scores, index), beta))) return index;
  }
  const ofQuery = new Float64Array(query.length);
  const ofKey = new Float64Array(key.length);
  const ofValue = new Float64Array(value.length);
  const ofBias = new Float64Array(bias === undefined ? 0 : bias.length);
  for (let index = 0; index < outer; index += 1) {
    const row = rowOf(scores, index);
    // Of a row that is NaN: its query, and what takes part in it.
    const p = weightsOf(scores, row).map((weight, j) => (row.counts[j] === 0 ? 0 : weight));
    if (isUndefined(scores, row)) ofQuery.fill(NaN, index * depth, (index + 1) * depth);
    const { keys, biasAt } = placeOf(scores, index);
    const gradients = p.map((weight, j) => (weight === 0 ? 0 : dot(direction, index, value, keys + j, width)));
    const mean = p.reduce((sum, weight, j) => (weight === 0 ? sum : sum + weight * at(gradients, j)), 0);
    const isConstant = sharersOf(row, beta, standingOf(row, beta)) !== undefined;
    for (let j = 0; j < n; j += 1) {
      const weight = at(p, j);
      if (weight === 0) continue;
      for (let c = 0; c < width; c += 1) {
        add(ofValue, (keys + j) * width + c, weight * at(direction, index * width + c));
      }
      const slope = isConstant && weight === weight ? 0 : beta * weight * (at(gradients, j) - mean);
      if (slope === 0) continue;
      if (bias !== undefined) add(ofBias, biasAt + j * (biasStrides as ScoreStrides).key, slope);
      const step = scale * slope * slopeOfCap(scores, index, j);
      for (let k = 0; k < depth; k += 1) {
        add(ofQuery, index * depth + k, step * at(key, (keys + j) * depth + k));
        add(ofKey, (keys + j) * depth + k, step * at(query, index * depth + k));
      }
    }
  }
  write(ofQuery, call.queryGradient);
  write(ofKey, call.keyGradient);
  write(ofValue, call.valueGradient);
  write(ofBias, call.biasGradient);
  return -1;
}

/** Where the row's head has its first key, over all heads, and its first element in the arrays broadcast to the scores. */
function placeOf(scores: AttentionScores, index: number): { keys: number; maskAt: number; biasAt: number } {
  const { heads, keyHeads, queries, n, scoreMaskStrides, biasStrides } = scores;
  const i = index % queries;
  const head = Math.floor(index / queries) % heads;
  const batch = Math.floor(index / queries / heads);
  const keyHead = batch * keyHeads + Math.floor(head / (heads / keyHeads));
  const first = (s: ScoreStrides | undefined): number => (s ? batch * s.batch + head * s.head + i * s.query : 0);
  return { keys: keyHead * n, maskAt: first(scoreMaskStrides), biasAt: first(biasStrides) };
}

/** The scores of a row, and which of them count. */
function rowOf(scores: AttentionScores, index: number): Row {
  const { n, softcap, mask, scoreMaskStrides, bias, biasStrides, queries, first, last } = scores;
  const { maskAt, biasAt } = placeOf(scores, index);
  const row = { n, z: new Float64Array(n), counts: new Uint8Array(n), weights: new Float64Array(n).fill(1) };
  for (let j = 0; j < n; j += 1) {
    const product = productOf(scores, index, j);
    const score = softcap === 0 ? product : softcap * Math.tanh(product / softcap);
    row.z[j] = bias === undefined ? score : score + at(bias, biasAt + j * (biasStrides as ScoreStrides).key);
    const ahead = j - (index % queries);
    const masked = mask !== undefined && mask[maskAt + j * (scoreMaskStrides as ScoreStrides).key] === 0;
    row.counts[j] = masked || ahead < first || ahead > last ? 0 : 1;
  }
  return row;
}

const productOf = (scores: AttentionScores, index: number, j: number): number =>
  scores.scale * dot(scores.query, index, scores.key, placeOf(scores, index).keys + j, scores.depth);

function slopeOfCap(scores: AttentionScores, index: number, j: number): number {
  if (scores.softcap === 0) return 1;
  return 1 / Math.cosh(productOf(scores, index, j) / scores.softcap) ** 2;
}

/** What takes no part has no weight, but in a row that is NaN all weights are. */
function weightsOf(scores: AttentionScores, row: Row): Float64Array {
  const p = new Float64Array(scores.n);
  if (isUndefined(scores, row)) p.fill(NaN);
  else probabilities(row, scores.beta, 'limit', p);
  return p;
}

function isUndefined({ beta, rule }: AttentionScores, row: Row): boolean {
  const standing = standingOf(row, beta);
  return standing.isNaN || (rule === 'ieee' && !isRegular(standing));
}

/** Whether no NaN and no +Infinity takes part, and something does. */
const isRegular = ({ isNaN, max }: Standing): boolean => !isNaN && Number.isFinite(max);

function logSumExpOf({ beta, n }: AttentionScores, row: Row): number {
  const standing = standingOf(row, beta);
  if (standing.isNaN) return NaN;
  if (!Number.isFinite(standing.max)) return standing.max;
  const sharers = sharersOf(row, beta, standing);
  const max = beta === 0 ? 0 : beta * keyOf(standing.max, beta) || 0;
  if (sharers !== undefined) return max + Math.log(sharers.length);
  return max + Math.log1p(exponentials(row, beta, standing, new Float64Array(n)));
}

/** Of row i of one matrix of `columns` and row j of another. */
function dot(x: FloatArray, i: number, y: FloatArray, j: number, columns: number): number {
  let sum = 0;
  for (let k = 0; k < columns; k += 1) sum += at(x, i * columns + k) * at(y, j * columns + k);
  return sum;
}

// By no method of the array: it is the user's.
function write(values: Float64Array, out: FloatArray | undefined): void {
  if (out !== undefined) for (let i = 0; i < values.length; i += 1) out[i] = at(values, i);
}

const at = (values: FloatArray, i: number): number => values[i] as number;

function add(sums: Float64Array, i: number, term: number): void {
  sums[i] = at(sums, i) + term;
}
