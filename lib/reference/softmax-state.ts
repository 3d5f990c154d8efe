// The sums of a mergeable state: max, the logits that have it, and beside it
//   rest = sum over all others of e^(beta z),   gap = sum over all others of e^(beta z) beta (max - z)
// where each e^(beta z) is 2^k m with k = round(beta z / ln 2), so that it is the same whatever stands beside it.
import type { StateCall, StateProbabilitiesCall } from '../state-calls';
import type { Verdict } from '../types';
import { productError, Sum, sumError } from './precise';
import { isRegular, type Row, readRow } from './rows';
import { keyOf, sharersOf, standingOf } from './standing';

const unit = 900; // Sums are in units of 2^(k of the maximum - unit).
const far = 2 ** 40; // Beyond it what is summed is e^(beta (z - max)).

// ln 2 to 32 bits, and what that lacks.
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;

interface Scaled {
  readonly mantissa: number;
  readonly exponent: number;
}

/** e^(|beta| d) */
function exponential(beta: number, d: number): Scaled {
  const scale = Math.abs(beta);
  const p = scale * d;
  if (p === -Infinity) return { mantissa: 0, exponent: 0 };
  const k = Math.round(p / Math.LN2);
  const above = p - k * ln2High - productError(k, ln2High);
  const below = productError(scale, d) - k * ln2Low;
  const r = above + below;
  return { mantissa: Math.exp(r) * (1 + sumError(above, below)), exponent: k };
}

export function softmaxState(call: StateCall): Verdict {
  const { beta, rule, fields, n } = call;
  const row = readRow(call, 0);
  if (rule === 'throw' && !isRegular(row)) return 0;
  const standing = standingOf(row, beta);
  const { max } = standing;
  fields.fill(0);
  writeBest(call, row);
  fields[0] = standing.isNaN ? NaN : max;
  fields[1] = Math.max(0, standing.isNaN ? row.z.findIndex(Number.isNaN) : standing.first);
  if (standing.isNaN) return -1;
  const sharers = sharersOf(row, beta, standing);
  fields[9] = beta === 0 && rule === 'ieee' && standing.isInfinite ? 1 : 0;
  if (sharers !== undefined) {
    fields[2] = sharers.length;
    const shares = new Set(sharers);
    weigh(call, (j) => (shares.has(j) ? 1 : 0));
    return -1;
  }
  const keys = Array.from({ length: n }, (_, j) => keyOf(row.z[j] as number, beta));
  const anchor = Math.abs(beta * max) > far ? max : 0;
  const top = exponential(beta, max - anchor);
  const scaled = (j: number, by: number): number => {
    const { mantissa, exponent } = exponential(beta, (keys[j] as number) - anchor);
    return mantissa === 0 ? 0 : timesPower(mantissa, exponent - top.exponent + by);
  };
  const rest = new Pair();
  const gap = new Sum();
  keys.forEach((key, j) => {
    if (key === max) return;
    const e = scaled(j, unit);
    rest.add(e);
    if (e !== 0) gap.add(e * Math.abs(beta) * (max - key));
  });
  fields[2] = keys.filter((key) => key === max).length;
  fields[3] = rest.high;
  fields[4] = rest.low;
  fields[5] = gap.value;
  fields[6] = top.mantissa;
  fields[7] = top.exponent;
  fields[8] = anchor;
  weigh(call, (j) => scaled(j, 0));
  return -1;
}

/** x 2^k where 2^k itself may be 0. */
const timesPower = (x: number, k: number): number => x * 2 ** Math.trunc(k / 2) * 2 ** (k - Math.trunc(k / 2));

/** A sum and what it rounds off. */
class Pair {
  high = 0;
  low = 0;

  add(term: number): void {
    const lost = this.low + sumError(this.high, term);
    const sum = this.high + term;
    this.high = sum + lost;
    this.low = lost - (this.high - sum);
  }
}

function writeBest({ ids, best, beta }: StateCall, { n, z }: Row): void {
  if (ids === undefined || best === undefined) return;
  const rank = (j: number): number => (Number.isNaN(z[j]) ? -Infinity : keyOf(z[j] as number, beta));
  const order = Array.from({ length: n }, (_, j) => j).sort((a, b) =>
    rank(a) === rank(b) ? a - b : rank(b) - rank(a),
  );
  for (let i = 0; i < ids.length; i += 1) {
    ids[i] = order[i] as number;
    best[i] = z[order[i] as number] as number;
  }
}

function weigh({ n, width, values, valueSums }: StateCall, weight: (j: number) => number): void {
  if (values === undefined || valueSums === undefined) return;
  const weights = Array.from({ length: n }, (_, j) => weight(j));
  for (let c = 0; c < width; c += 1) {
    const sum = new Sum();
    weights.forEach((w, j) => {
      if (w !== 0) sum.add(w * (values[j * width + c] as number));
    });
    valueSums[c] = sum.value;
  }
}

export function stateProbabilities({ logits, out, beta, max, logTotal, n }: StateProbabilitiesCall): Verdict {
  for (let j = 0; j < n; j += 1) {
    out[j] = Math.exp(Math.abs(beta) * (keyOf(logits[j] as number, beta) - max) - logTotal);
  }
  return -1;
}
