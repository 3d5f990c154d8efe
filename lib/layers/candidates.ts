// Candidates of a call: drawn from the proposal or given, with what is subtracted from scores, and the classes that
// take part.
import type { OwnTrainingCall, Share, TargetCorrection } from '../candidate-calls';
import { invalidType, outOfRange, printShape, shapeMismatch } from '../errors';
import { Float64Array, Int32Array, lengthOf } from '../intrinsics';
import { type Given, measure, readFloats } from '../operations/arguments';
import type { GivenTarget } from '../operations/targets';
import { own } from '../ownership';
import type { Proposal } from '../random/proposal';
import { exampleRng } from '../random/rng';
import type { FloatArray } from '../types';
import { measureIds, readIds } from './layer';

/** How a layer samples: fixed when it is made. */
export interface Sampling {
  readonly proposal: Proposal;
  readonly samples: number;
  readonly unique: boolean;
  readonly share: Share;
  /** Whether scores are corrected at all: negative sampling does not. */
  readonly counts: boolean;
  readonly corrects: TargetCorrection;
  readonly withoutHits: boolean;
  readonly logistic: boolean;
}

/** Targets of each row: `several` of them. */
export interface RowTargets {
  readonly ids: Int32Array;
  readonly count: number;
  readonly several: number;
}

/** Classes [rows] or, several a row, [rows, several]. */
export function measureTargets(given: GivenTarget, rows: number, classes: number): RowTargets {
  const dims = measure(given);
  const several = dims.length === 2 && dims[0] === rows && rows > 0 ? (dims[1] as number) : 1;
  if (several === 0) throw shapeMismatch(given.name, 'have at least one target for each row', printShape(dims));
  const flat = dims.length === 2 ? { ...given, dims: [rows * several] } : given;
  return { ids: measureIds(flat, rows * several, classes), count: rows, several };
}

/** What is drawn, and subtracted from the scores. */
export interface Candidates {
  /** [n], or if `isOwn` [rows, n] */
  readonly ids: Int32Array;
  readonly n: number;
  readonly isOwn: boolean;
  readonly correction: Float64Array;
  readonly targetCorrection: Float64Array;
}

/** The seed of a call's draws: lib/random/rng's drawSeed. */
export type Seed = OwnTrainingCall['seed'];

/** The candidates that a group of examples shares, of which `first` is the first. */
export const drawSet = ({ proposal, samples, unique }: Sampling, seed: Seed, first: number): Int32Array =>
  proposal.sample(samples, { unique, rng: exampleRng(seed, first) });

export function drawCandidates(sampling: Sampling, seed: Seed, targets: RowTargets): Candidates {
  const { samples, share } = sampling;
  const isOwn = share !== 'batch';
  const ids = isOwn ? own(new Int32Array(targets.count * samples)) : drawSet(sampling, seed, 0);
  if (isOwn) {
    for (let row = 0, first = 0; row < targets.count; row += 1) {
      if (row > 0 && !(share === 'window' && sameTargets(targets, row - 1, row))) first = row;
      if (first === row) ids.set(drawSet(sampling, seed, row), row * samples);
      else ids.copyWithin(row * samples, first * samples, (first + 1) * samples);
    }
  }
  const correction = countsOf(sampling, ids, samples);
  return { ids, n: samples, isOwn, correction, targetCorrection: correctTargets(sampling, targets, ids, isOwn) };
}

function sameTargets({ ids, several }: RowTargets, a: number, b: number): boolean {
  for (let i = 0; i < several; i += 1) if (ids[a * several + i] !== ids[b * several + i]) return false;
  return true;
}

/** What is subtracted from the scores of drawn classes: the logarithm of how often they are expected among k draws. */
export function countsOf({ counts, proposal, unique }: Sampling, ids: Int32Array, k: number): Float64Array {
  return own(counts ? proposal.logExpectedCount(ids, k, { unique }) : new Float64Array(lengthOf(ids)));
}

/** What is subtracted from the scores of the targets, whose candidates are `drawn`: [n], or if `isOwn` [rows, n]. */
export function correctTargets(
  sampling: Sampling,
  targets: RowTargets,
  drawn: Int32Array,
  isOwn: boolean,
): Float64Array {
  const { counts, corrects, logistic } = sampling;
  const size = lengthOf(targets.ids);
  if (!counts || corrects === 'none') return own(new Float64Array(size));
  const n = isOwn && targets.count > 0 ? lengthOf(drawn) / targets.count : lengthOf(drawn);
  const correction = countsOf(sampling, targets.ids, n);
  if (corrects === 'negatives') return negativesOnly(correction, targets, drawn, n, isOwn);
  if (!logistic) refuseUndrawable(correction, targets.ids);
  return correction;
}

/** A target that is never drawn would have an infinite score. */
export function refuseUndrawable(correction: Float64Array, targets: Int32Array): void {
  for (let i = 0; i < correction.length; i += 1) {
    if (correction[i] === -Infinity) {
      throw outOfRange(`targets[${i}]`, 'a class that the proposal gives a probability', targets[i]);
    }
  }
}

/**
 * The candidates of a row that are not its target are m draws from q / (1 - q_target): their correction would be
 * log(m q / (1 - q_target)), and is log(n q). The difference is made up for at the target.
 */
function negativesOnly(
  logCounts: Float64Array,
  { ids, several }: RowTargets,
  drawn: Int32Array,
  n: number,
  isOwn: boolean,
): Float64Array {
  const times = isOwn ? undefined : multiplicities(drawn, 0, n);
  for (let i = 0; i < logCounts.length; i += 1) {
    const row = Math.floor(i / several);
    const hits = (times ?? multiplicities(drawn, row * n, (row + 1) * n)).get(ids[i] as number) ?? 0;
    const left = (n - hits) / n;
    const others = Math.log1p(-Math.exp((logCounts[i] as number) - Math.log(n)));
    logCounts[i] = left === 0 ? 0 : others - Math.log(left);
  }
  return logCounts;
}

function multiplicities(ids: Int32Array, begin: number, end: number): Map<number, number> {
  const times = new Map<number, number>();
  for (let i = begin; i < end; i += 1) times.set(ids[i] as number, (times.get(ids[i] as number) ?? 0) + 1);
  return times;
}

/** Candidates as the caller gives them. */
export interface GivenCandidates {
  readonly ids: GivenTarget;
  readonly logExpectedCount: Given<FloatArray> | undefined;
  readonly targetLogExpectedCount: Given<FloatArray> | undefined;
}

export function readCandidates(value: unknown): GivenCandidates {
  const name = 'options.candidates';
  if (typeof value !== 'object' || value === null) throw invalidType(name, 'of type object', value);
  const { ids, logExpectedCount, targetLogExpectedCount } = value as Record<keyof GivenCandidates, unknown>;
  const floats = (key: string, given: unknown): Given<FloatArray> | undefined =>
    given === undefined ? undefined : readFloats(`${name}.${key}`, given);
  return {
    ids: readIds(`${name}.ids`, ids),
    logExpectedCount: floats('logExpectedCount', logExpectedCount),
    targetLogExpectedCount: floats('targetLogExpectedCount', targetLogExpectedCount),
  };
}

export function measureCandidates(
  given: GivenCandidates,
  sampling: Sampling,
  targets: RowTargets,
  classes: number,
): Candidates {
  const dims = measure(given.ids);
  const isOwn = dims.length === 2;
  if (isOwn && dims[0] !== targets.count) {
    throw shapeMismatch(given.ids.name, `have shape [n] or [${targets.count}, n]`, `shape ${printShape(dims)}`);
  }
  const size = dims.reduce((product, dim) => product * dim, 1);
  const ids = measureIds(isOwn ? { ...given.ids, dims: [size] } : given.ids, size, classes);
  const n = isOwn ? (dims[1] as number) : size;
  const { logExpectedCount, targetLogExpectedCount } = given;
  // Counts of the other classes alone say all that there is to say.
  const areNegatives = sampling.corrects === 'negatives' && logExpectedCount !== undefined;
  const correctsTargets: Sampling = areNegatives ? { ...sampling, corrects: 'none' } : sampling;
  return {
    ids,
    n,
    isOwn,
    correction: logExpectedCount === undefined ? countsOf(sampling, ids, n) : measureCounts(logExpectedCount, size),
    targetCorrection:
      targetLogExpectedCount === undefined
        ? correctTargets(correctsTargets, targets, ids, isOwn)
        : measureCounts(targetLogExpectedCount, lengthOf(targets.ids)),
  };
}

function measureCounts(given: Given<FloatArray>, size: number): Float64Array {
  const dims = measure(given);
  if (dims.reduce((product, dim) => product * dim, 1) !== size) {
    throw shapeMismatch(given.name, `have ${size} elements, one for each id`, `shape ${printShape(dims)}`);
  }
  const counts = own(new Float64Array(size));
  for (let i = 0; i < size; i += 1) {
    const value = given.data[i] as number;
    if (!(value - value === 0)) throw outOfRange(`${given.name}[${i}]`, 'finite', value);
    counts[i] = value;
  }
  return counts;
}

/** The classes that take part, ascending and each once, and where among them ids stand. */
export interface Participants {
  readonly ids: Int32Array;
  readonly positions: readonly Int32Array[];
}

export function participants(...groups: readonly Int32Array[]): Participants {
  const all = new Int32Array(groups.reduce((sum, group) => sum + group.length, 0));
  let at = 0;
  for (const group of groups) {
    all.set(group, at);
    at += group.length;
  }
  all.sort();
  let count = 0;
  for (let i = 0; i < all.length; i += 1) {
    if (i > 0 && all[i] === all[i - 1]) continue;
    all[count] = all[i] as number;
    count += 1;
  }
  const ids = own(all.slice(0, count));
  return { ids, positions: groups.map((group) => positionsOf(group, ids)) };
}

function positionsOf(group: Int32Array, ids: Int32Array): Int32Array {
  const positions = own(new Int32Array(group.length));
  for (let i = 0; i < group.length; i += 1) {
    let low = 0;
    let high = ids.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ids[middle] as number) < (group[i] as number)) low = middle + 1;
      else high = middle;
    }
    positions[i] = low;
  }
  return positions;
}
