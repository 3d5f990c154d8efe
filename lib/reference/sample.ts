// Tokens by the definitions: all that may be drawn in a list, best first, from which each filter takes its part.
//
// The numbers that decide, in float64 and in any implementation:
//   x = |beta| (key - max) of those in the list at that stage, key = sign(beta) logit; w = e^x; sums right to a rounding
//   top-p keeps the shortest beginning with sum >= p total; min-p keeps x >= log p; equal keys stand by ascending id
//   a draw by u in (0, 1) is the first id, ascending, with w > 0 at which the sum reaches u total
import type { SampleCall, Stage } from '../token-calls';
import type { Verdict } from '../types';
import { numbersOf } from './halves';
import { isPresent, processed } from './penalties';
import { Sum } from './precise';

/** A token that may be drawn. */
export interface Candidate {
  readonly id: number;
  /** Its logit after bias and penalties. */
  readonly value: number;
}

interface Weighed extends Candidate {
  readonly key: number;
  readonly x: number;
  readonly w: number;
}

export function sample(call: SampleCall): Verdict {
  const { outer, n, logits, half, rule } = call;
  const rowOf = (r: number): Float64Array => numbersOf(logits.subarray(r * n, (r + 1) * n), half);
  if (rule === 'throw') {
    for (let r = 0; r < outer; r += 1) if (n === 0 || !rowOf(r).every(Number.isFinite)) return r;
  }
  for (let r = 0; r < outer; r += 1) sampleRow(call, r, rowOf(r));
  return -1;
}

function sampleRow(call: SampleCall, r: number, z: Float64Array): void {
  const { count, top, n, rule } = call;
  const ids = call.ids.subarray(r * (count + top), (r + 1) * (count + top));
  const values = call.values.subarray(r * (2 * (count + top) + 3), (r + 1) * (2 * (count + top) + 3));
  const raw = weigh(
    Array.from(z, (value, id) => ({ id, value })),
    1,
  );
  const greatest = raw.length === 0 ? -Infinity : Math.max(...raw.slice(0, 1).map(({ key }) => key));
  if (z.some(Number.isNaN) || (rule === 'ieee' && !Number.isFinite(greatest))) {
    ids.fill(-1);
    values.fill(NaN);
    return;
  }
  const best = Array.from({ length: n }, (_, id) => id).sort(
    (a, b) => (z[b] as number) - (z[a] as number) || a - b || 0,
  );
  const all = processed(call, r, z).filter(({ id }) => isPresent(call, r, id));
  let list: readonly Candidate[] = all;
  let beta = 1;
  for (const stage of call.stages) {
    if (stage === 'bias' || stage === 'penalties') continue;
    if (stage === 'temperature') beta = call.beta;
    list = take(call, stage, weigh(list, beta));
  }
  const kept = weigh(list, beta);
  const tokens = draw(call, r, kept);
  tokens.forEach((id, i) => {
    ids[i] = id;
  });
  best.slice(0, top).forEach((id, i) => {
    ids[count + i] = id;
  });
  const listed = ids.length;
  const [after, before] = [logProbabilities(kept), logProbabilities(raw)];
  ids.forEach((id, i) => {
    values[i] = after(id);
    values[listed + i] = before(id);
  });
  values[2 * listed] = kept.length;
  values[2 * listed + 1] = massOf(call, all, kept);
  values[2 * listed + 2] = entropyOf(kept);
}

/**
 * The candidates that take part, best first: x = |beta| (key - max), w = e^x. Where a key is +Infinity, or beta is
 * infinite, only the greatest keys do.
 */
function weigh(list: readonly Candidate[], beta: number): Weighed[] {
  const size = Math.abs(beta);
  const keys = list.map(({ value }) => (beta < 0 ? -value : value));
  const max = keys.reduce((a, b) => Math.max(a, b), -Infinity);
  const below = (key: number): number => {
    if (key === max) return 0;
    if (max === Infinity || size === Infinity || key === -Infinity) return -Infinity;
    const x = Number.isFinite(key - max) ? size * (key - max) : size * key - size * max;
    // However far below a finite logit is, it takes part.
    return Math.max(x, -Number.MAX_VALUE);
  };
  return list
    .map(({ id, value }, i) => {
      const key = keys[i] as number;
      const x = key === -Infinity ? -Infinity : below(key);
      return { id, value, key, x, w: Math.exp(x) };
    })
    .filter(({ x }) => x > -Infinity)
    .sort(bestFirst);
}

const bestFirst = (a: Weighed, b: Weighed): number => (a.key === b.key ? a.id - b.id : a.key < b.key ? 1 : -1);

const total = (list: readonly Weighed[]): number => sumOf(list.map(({ w }) => w));

function sumOf(terms: Iterable<number>): number {
  const sum = new Sum();
  for (const term of terms) sum.add(term);
  return sum.value;
}

/** log of the total, from all but one of the greatest terms, which are 1. */
const logTotal = (list: readonly Weighed[]): number => Math.log1p(sumOf(list.slice(1).map(({ w }) => w)));

/** What a stage leaves of a list. */
function take(call: SampleCall, stage: Stage, list: readonly Weighed[]): readonly Weighed[] {
  if (list.length === 0) return list;
  const { topK, topP, typicalP, leastLog, beta, keepsTies } = call;
  const isTie = (a: Weighed, b: Weighed): boolean => keepsTies && a.key === b.key;
  switch (stage) {
    case 'temperature':
      return Math.abs(beta) === Infinity ? beginning(list, 1, isTie) : list;
    case 'topK':
      return beginning(list, topK, isTie);
    case 'minP':
      return list.filter(({ x }) => x >= leastLog);
    case 'topP':
      return beginning(list, lengthOfMass(list, topP), isTie);
    case 'typicalP': {
      const h = entropyOf(list);
      const log = logTotal(list);
      const distance = ({ x }: Weighed): number => Math.abs(log - x - h);
      const typical = [...list].sort((a, b) => distance(a) - distance(b) || bestFirst(a, b));
      return beginning(typical, lengthOfMass(typical, typicalP), isTie);
    }
    default:
      return list;
  }
}

/** The first `length`, and what ties with the last of them. */
function beginning(
  list: readonly Weighed[],
  length: number,
  isTie: (a: Weighed, b: Weighed) => boolean,
): readonly Weighed[] {
  let end = Math.min(length, list.length);
  while (end < list.length && isTie(list[end] as Weighed, list[end - 1] as Weighed)) end += 1;
  return list.slice(0, end);
}

/** How long the shortest beginning is that has this part of the mass. */
function lengthOfMass(list: readonly Weighed[], part: number): number {
  const wanted = part * total(list);
  const sum = new Sum();
  for (const [i, { w }] of list.entries()) {
    sum.add(w);
    if (sum.value >= wanted) return i + 1;
  }
  return list.length;
}

/** -sum p log p = log total - sum w x / total, in nats. */
function entropyOf(list: readonly Weighed[]): number {
  if (list.length === 0) return NaN;
  return logTotal(list) - sumOf(list.map(({ x, w }) => (w === 0 ? 0 : w * x))) / total(list);
}

function draw({ count, replace, uniforms }: SampleCall, r: number, kept: readonly Weighed[]): number[] {
  let left = kept.filter(({ w }) => w > 0).sort((a, b) => a.id - b.id);
  if (left.length === 0 || (!replace && left.length < count)) return new Array<number>(count).fill(-2);
  return Array.from({ length: count }, (_, i) => {
    const wanted = (uniforms[r * count + i] as number) * total(left);
    const sum = new Sum();
    const drawn = left.find(({ w }) => {
      sum.add(w);
      return sum.value >= wanted;
    });
    const { id } = drawn ?? (left[left.length - 1] as Weighed);
    if (!replace) left = left.filter((other) => other.id !== id);
    return id;
  });
}

function logProbabilities(list: readonly Weighed[]): (id: number) => number {
  const log = logTotal(list);
  const known = new Map(list.map(({ id, x }) => [id, x - log]));
  return (id) => known.get(id) ?? (id < 0 ? NaN : -Infinity);
}

/** The part of the mass, after all stages but the filters, that the kept ones have. */
function massOf(call: SampleCall, all: readonly Candidate[], kept: readonly Weighed[]): number {
  const whole = weigh(all, call.stages.includes('temperature') ? call.beta : 1);
  const ids = new Set(kept.map(({ id }) => id));
  return total(whole.filter(({ id }) => ids.has(id))) / total(whole);
}
