// The loss of targets against sampled candidates. With a the scores, less their corrections, of the T targets of a row
// and of its candidates:
//   softmax    L = log sum e^a - (1/T) sum over targets a          dL/da = e^a / sum e^a - (1/T at targets)
//   logistic   L = sum log(1 + e^a) - (1/T) sum over targets a     dL/da = 1 / (1 + e^-a) - (1/T at targets)
import type { CandidateCall } from '../candidate-calls';
import type { FloatArray, Verdict } from '../types';

/** Gradients in the scores of a row whose magnitudes sum to more than `limit` are scaled down to it. */
export function candidateLoss(call: CandidateCall, limit = Infinity): Verdict {
  const { outer, several, ids, depth, factor } = call;
  const ofHidden = new Float64Array(outer * depth);
  const ofMatrix = new Float64Array(ids.length * depth);
  const ofBias = new Float64Array(ids.length);
  for (let r = 0; r < outer; r += 1) {
    const terms = termsOf(call, r);
    const { loss, gradient: exact } = call.logistic ? logistic(terms, several) : crossEntropy(terms, several);
    const gradient = limited(exact, limit);
    call.losses[r] = loss;
    const drawn = terms.slice(several).map(({ a }) => a);
    call.reports[4 * r] = logSumExp(drawn);
    call.reports[4 * r + 1] = logSumExp(drawn.map((a) => 2 * a));
    call.reports[4 * r + 2] = gradient.reduce((sum, g) => sum + g, 0);
    call.reports[4 * r + 3] = logSumExp(
      terms.slice(0, several).map(({ a }, i) => a + at(call.targetCorrection, r * several + i)),
    );
    for (const [i, { position }] of terms.entries()) {
      const g = factor * (gradient[i] as number);
      const id = at(ids, position);
      add(ofBias, position, g);
      for (let k = 0; k < depth; k += 1) {
        add(ofHidden, r * depth + k, g * at(call.matrix, id * depth + k));
        add(ofMatrix, position * depth + k, g * at(call.hidden, r * depth + k));
      }
    }
  }
  write(ofHidden, call.hiddenGradient);
  write(ofMatrix, call.matrixGradient);
  if (call.biasGradient !== undefined) write(ofBias, call.biasGradient);
  return -1;
}

/** A score of a row, and which of the ids it is of. */
interface Term {
  readonly position: number;
  readonly a: number;
}

/** Those of the targets, then those of the candidates that take part. */
function termsOf(call: CandidateCall, r: number): Term[] {
  const { several, n, targets, candidates, targetCorrection, candidateCorrection } = call;
  const partition = call.logPartition === undefined ? 0 : at(call.logPartition, r);
  const term = (position: number, correction: number): Term => ({
    position,
    a: scoreOf(call, r, at(call.ids, position)) - partition - correction,
  });
  const terms: Term[] = [];
  const own: number[] = [];
  for (let i = r * several; i < (r + 1) * several; i += 1) {
    own.push(at(targets, i));
    terms.push(term(at(targets, i), at(targetCorrection, i)));
  }
  const first = call.ownCandidates ? r * n : 0;
  for (let i = first; i < first + n; i += 1) {
    const position = at(candidates, i);
    if (call.withoutHits && own.includes(position)) continue;
    terms.push(term(position, at(candidateCorrection, i)));
  }
  return terms;
}

function scoreOf({ hidden, matrix, bias, depth }: CandidateCall, r: number, id: number): number {
  let sum = 0;
  for (let k = 0; k < depth; k += 1) sum += at(hidden, r * depth + k) * at(matrix, id * depth + k);
  return bias === undefined ? sum : sum + at(bias, id);
}

interface RowLoss {
  readonly loss: number;
  readonly gradient: number[];
}

function crossEntropy(terms: readonly Term[], several: number): RowLoss {
  const total = logSumExp(terms.map(({ a }) => a));
  let loss = 0;
  for (const { a } of terms.slice(0, several)) loss += (total - a) / several;
  const gradient = terms.map(({ a }, i) => Math.exp(a - total) - (i < several ? 1 / several : 0));
  return { loss, gradient };
}

function logistic(terms: readonly Term[], several: number): RowLoss {
  let loss = 0;
  const gradient = terms.map(({ a }, i) => {
    const label = i < several ? 1 / several : 0;
    // log(1 + e^a) - label a; of a single target log(1 + e^-a), which is the same and does not cancel.
    loss += label === 1 ? softplus(-a) : label === 0 ? softplus(a) : softplus(a) - label * a;
    return label === 1 ? -1 / (1 + Math.exp(a)) : 1 / (1 + Math.exp(-a)) - label;
  });
  return { loss, gradient };
}

function limited(gradient: number[], limit: number): number[] {
  const magnitudes = gradient.reduce((sum, g) => sum + Math.abs(g), 0);
  return magnitudes > limit ? gradient.map((g) => (g * limit) / magnitudes) : gradient;
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function logSumExp(a: readonly number[]): number {
  const max = a.reduce((most, x) => Math.max(most, x), -Infinity);
  return max === -Infinity ? max : max + Math.log(a.reduce((sum, x) => sum + Math.exp(x - max), 0));
}

function write(values: Float64Array, out: FloatArray): void {
  for (let i = 0; i < values.length; i += 1) out[i] = at(values, i);
}

const at = (values: FloatArray | Int32Array, i: number): number => values[i] as number;

function add(sums: Float64Array, i: number, term: number): void {
  sums[i] = at(sums, i) + term;
}
