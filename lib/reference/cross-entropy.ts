// Softmax cross-entropy, L = -sum_c u_c log p_c + (row weight) zLoss lse^2 with u_c = w_c y'_c, and its gradients:
//   dL/dz_c = beta cap'(z_c) (p_c (sum u + 2 (row weight) zLoss lse) - u_c),   dL/dy_c = -(1 - epsilon) w_c log p_c
import type { LossCall, Verdict } from '../types';
import { scaledGap } from './precise';
import { isRegular, placeOf, type Row, readRow } from './rows';
import { exponentials } from './softmax';
import { isUndefined, keyOf, sharersOf, standingOf } from './standing';
import { type Masses, massesOf, othersOf, Totals, weightedSum } from './targets';

export function crossEntropy(call: LossCall): Verdict {
  const rows = Array.from({ length: call.outer * call.inner }, (_, index) => index);
  const read = (index: number): { row: Row; masses: Masses } => {
    const row = readRow(call, index);
    return { row, masses: massesOf(call, index, row.counts) };
  };
  if (call.rule === 'throw') {
    const refused = rows.find((index) => {
      const { row, masses } = read(index);
      return !masses.isIgnored && !isRegular(row);
    });
    if (refused !== undefined) return refused;
  }
  const totals = new Totals(
    call.reduction,
    rows.map((index) => read(index).masses.rowWeight),
  );
  const losses = rows.map((index) => {
    const { row, masses } = read(index);
    const result = masses.isIgnored ? ignoredRow(call.n) : lossOf(call, row, masses, call.classes?.[index]);
    for (let c = 0; c < call.n; c += 1) {
      const place = placeOf(call, index, c);
      if (call.gradient) call.gradient[place] = totals.scale * (result.gradient[c] as number) + 0;
      if (call.targetGradient) call.targetGradient[place] = totals.scale * (result.targetGradient[c] as number);
    }
    call.logSumExp[index] = result.logSumExp;
    if (call.losses) call.losses[index] = result.loss;
    return result.loss;
  });
  call.totals.loss = totals.loss(losses);
  call.totals.totalWeight = totals.totalWeight;
  return -1;
}

interface RowLoss {
  readonly loss: number;
  readonly logSumExp: number;
  readonly gradient: Float64Array;
  readonly targetGradient: Float64Array;
}

const ignoredRow = (n: number): RowLoss => ({
  loss: 0,
  logSumExp: 0,
  gradient: new Float64Array(n),
  targetGradient: new Float64Array(n),
});

function lossOf(call: LossCall, given: Row, { u, ofTarget, rowWeight }: Masses, named?: number): RowLoss {
  const { n, beta, rule, softcap, zLoss } = call;
  const row = softcap === 0 ? given : { ...given, z: given.z.map((z) => softcap * Math.tanh(z / softcap)) };
  const distribution = distributionOf(row, call);
  if (distribution === undefined) {
    const nan = new Float64Array(n).fill(NaN);
    return { loss: NaN, logSumExp: NaN, gradient: nan, targetGradient: nan };
  }
  const { p, others, logP, logSumExp } = distribution;
  const mass = othersOf(u, -1);
  const pull = zLoss === 0 || rowWeight === 0 ? 0 : 2 * rowWeight * zLoss * logSumExp;
  const penalty = pull === 0 ? 0 : rowWeight * zLoss * logSumExp * logSumExp;
  const isFlat = beta === 0 || Math.abs(beta) === Infinity || p.every((probability) => probability === 0);
  const gradient = u.map((mine, c) => {
    if (given.counts[c] === 0 || isFlat) return 0;
    const probability = p[c] as number;
    // p (mass + pull) - mine, without cancelling where p is next to 1.
    const rest = mass === mine ? 0 : probability > 0.5 ? othersOf(u, c) : mass - mine;
    const product = probability === 0 ? 0 : probability * (rest + pull);
    const slope = softcap === 0 ? 1 : slopeOf((given.z[c] as number) / softcap);
    return beta * slope * (product - mine * (others[c] as number)) + 0;
  });
  const targetGradient = ofTarget.map((factor, c) =>
    factor === 0 || given.counts[c] === 0 ? 0 : 0 - factor * (logP[c] as number),
  );
  const undefinedProduct = rule === 'ieee' && hasUndefinedProduct(call, row, u, named);
  const loss = undefinedProduct ? NaN : 0 - weightedSum(u, (c) => logP[c] as number) + penalty;
  return { loss, logSumExp, gradient, targetGradient };
}

/** 1 - tanh^2 */
function slopeOf(x: number): number {
  const e = Math.exp(-2 * Math.abs(x));
  return (4 * e) / ((1 + e) * (1 + e));
}

interface Distribution {
  readonly p: Float64Array;
  /** 1 - p */
  readonly others: Float64Array;
  readonly logP: Float64Array;
  readonly logSumExp: number;
}

/** The softmax of a row, undefined where it is NaN. */
function distributionOf(row: Row, { beta, rule }: LossCall): Distribution | undefined {
  const { n, z, counts } = row;
  const standing = standingOf(row, beta);
  if (isUndefined(standing, beta, rule)) return undefined;
  const p = new Float64Array(n);
  const others = new Float64Array(n).fill(1);
  const logP = new Float64Array(n).fill(-Infinity);
  const sharers = sharersOf(row, beta, standing);
  if (sharers !== undefined) {
    for (const j of sharers) {
      p[j] = 1 / sharers.length;
      others[j] = 1 - 1 / sharers.length;
      logP[j] = 0 - Math.log(sharers.length);
    }
    return { p, others, logP, logSumExp: limitOf(beta, standing.max, sharers.length) };
  }
  const rest = exponentials(row, beta, standing, p);
  const logSum = Math.log1p(rest);
  const max = z[standing.first] as number;
  for (let j = 0; j < n; j += 1) {
    const { high, low } = scaledGap(beta, z[j] as number, max);
    if (counts[j] !== 0) logP[j] = high - logSum + low;
    p[j] = (p[j] as number) / (1 + rest);
    others[j] = j === standing.first ? rest / (1 + rest) : 1 - (p[j] as number);
  }
  return { p, others, logP, logSumExp: Math.abs(beta) * keyOf(max, beta) + logSum };
}

/** log sum e^(beta z) where all that counts is the greatest key, or how many share. */
function limitOf(beta: number, max: number, sharers: number): number {
  if (!Number.isFinite(max)) return max;
  if (beta === 0 || max === 0) return Math.log(sharers);
  return max > 0 ? Infinity : -Infinity;
}

/** Whether PyTorch meets 0 * Infinity: at a logit of -Infinity without mass, unless an index passes over it. */
function hasUndefinedProduct(
  { classes, smoothing, beta }: LossCall,
  { counts, z }: Row,
  u: Float64Array,
  named: number | undefined,
): boolean {
  const isPassedOver = (c: number): boolean => classes !== undefined && smoothing === 0 && c !== named;
  return u.some(
    (mass, c) => mass === 0 && counts[c] !== 0 && keyOf(z[c] as number, beta) === -Infinity && !isPassedOver(c),
  );
}
