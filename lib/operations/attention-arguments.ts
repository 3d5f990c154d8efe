// What attention and its gradients are asked for: query, key, value and the options of scores, read, measured, and in the
// form that backends take. Options are read first and lengths last.
import { invalidType, invalidValue, outOfRange, printShape, shapeMismatch } from '../errors';
import { isArray } from '../intrinsics';
import { own } from '../ownership';
import { broadcastStrides, contiguousStrides, copyStrided, layoutOf, partStrides, sizeOf } from '../shape';
import type { AttentionCall, FloatArray, NonFinite, ScoreStrides } from '../types';
import { validateOptions, validateRule, validateScale } from '../validate';
import { type Given, measure, readFloats, readLike, readMask, readStorage } from './arguments';
import { Arrangement, allocateLike, fitsFloat32 } from './arrange';

interface ScoreOptions {
  readonly scale?: unknown;
  readonly causal?: unknown;
  readonly mask?: unknown;
  readonly bias?: unknown;
  readonly window?: unknown;
  readonly softcap?: unknown;
  readonly beta?: unknown;
  readonly temperature?: unknown;
  readonly base?: unknown;
  readonly nonFinite?: unknown;
}

/** What the options say of the scores. */
interface Settings {
  /** undefined = 1 / sqrt(depth). */
  readonly scale: number | undefined;
  readonly softcap: number;
  readonly beta: number;
  readonly rule: NonFinite;
  /** How far a key may lie behind and ahead of the query's place among the keys. */
  readonly behind: number;
  readonly ahead: number;
  /** Whether the first query stands at the first key, instead of the last at the last. */
  readonly fromTheTop: boolean;
}

export interface Asked {
  readonly query: Given<FloatArray>;
  readonly key: Given<FloatArray>;
  readonly value: Given<FloatArray>;
  readonly mask: Given<Uint8Array> | undefined;
  readonly bias: Given<FloatArray> | undefined;
  readonly settings: Settings;
}

export function readAsked(query: unknown, key: unknown, value: unknown, options: object): Asked {
  validateOptions(options);
  const { mask, bias } = options as ScoreOptions;
  const settings = readSettings(options);
  const givenQuery = readFloats('query', query);
  if (givenQuery.dims === undefined) throw invalidType('query', 'an object with data and dims', query);
  const { kind } = givenQuery;
  return {
    query: givenQuery,
    key: readTensor('key', key, kind),
    value: readTensor('value', value, kind),
    mask: mask === undefined ? undefined : readMask('options.mask', mask),
    bias: bias === undefined ? undefined : readLike('options.bias', bias, kind),
    settings,
  };
}

export function readTensor(name: string, value: unknown, kind: string): Given<FloatArray> {
  const given = readStorage<FloatArray>(name, value, kind);
  if (given.dims === undefined) throw invalidType(name, 'an object with data and dims', value);
  return given;
}

function readSettings(options: ScoreOptions): Settings {
  const { scale, causal = false, window, softcap, beta, temperature, base, nonFinite } = options;
  if (causal !== true && causal !== false && causal !== 'topLeft' && causal !== 'bottomRight') {
    throw invalidValue('options.causal', "must be one of: true, false, 'topLeft', 'bottomRight'", causal);
  }
  const [behind, ahead] = readWindow(window);
  return {
    scale: scale === undefined ? undefined : readNumber('options.scale', scale, 'finite', () => true),
    softcap: softcap === undefined ? 0 : readNumber('options.softcap', softcap, 'finite and > 0', (cap) => cap > 0),
    beta: validateScale(beta, temperature, base),
    rule: validateRule(nonFinite),
    behind,
    ahead: causal === false ? ahead : 0,
    fromTheTop: causal === 'topLeft',
  };
}

function readNumber(name: string, value: unknown, range: string, isWithin: (value: number) => boolean): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!(Number.isFinite(value) && isWithin(value))) throw outOfRange(name, range, value);
  return value;
}

function readWindow(window: unknown): [behind: number, ahead: number] {
  if (window === undefined) return [Infinity, Infinity];
  if (!isArray(window)) {
    const both = readReach('options.window', window, 'of type number or an instance of Array');
    return [both, both];
  }
  if (window.length !== 2) throw invalidValue('options.window', 'must have two elements, [left, right]', window);
  return [
    readReach('options.window[0]', window[0], 'of type number'),
    readReach('options.window[1]', window[1], 'of type number'),
  ];
}

function readReach(name: string, value: unknown, expected: string): number {
  if (typeof value !== 'number') throw invalidType(name, expected, value);
  if (value !== Infinity && !(Number.isSafeInteger(value) && value >= 0)) {
    throw outOfRange(name, 'an integer >= 0 or Infinity', value);
  }
  return value;
}

/** The shapes, once they are known to fit. */
export interface Shapes {
  readonly query: readonly number[];
  readonly key: readonly number[];
  readonly value: readonly number[];
  readonly output: readonly number[];
  /** One for each query: those of log-sum-exp. */
  readonly rows: readonly number[];
  readonly scores: readonly number[];
}

export function measureShapes({ query, key, value }: Asked): Shapes {
  const dims = measure(query);
  const rank = dims.length;
  if (rank < 2) throw shapeMismatch('query', 'have shape [..., heads, length, d] or [length, d]', shapeOf(dims));
  const [batch, heads, length, depth] = [dims.slice(0, -3), dims.slice(-3, -2), dims[rank - 2], dims[rank - 1]];
  const keyDims = measure(key);
  const keyHeads = keyDims[rank - 3] as number;
  const headsFit = heads.length === 0 || (keyHeads === 0 ? heads[0] === 0 : (heads[0] as number) % keyHeads === 0);
  const isAligned = keyDims.length === rank && batch.every((dim, axis) => dim === keyDims[axis]);
  if (!isAligned || !headsFit || keyDims[rank - 1] !== depth) {
    throw shapeMismatch('key', `have ${keyShape(batch, heads, depth as number)} to match "query"`, shapeOf(keyDims));
  }
  const valueDims = measure(value);
  const outer = keyDims.slice(0, -1);
  if (valueDims.length !== rank || outer.some((dim, axis) => dim !== valueDims[axis])) {
    const wanted = `have shape ${printShape([...outer, 'any'])} to match "key"`;
    throw shapeMismatch('value', wanted, shapeOf(valueDims));
  }
  const rows = [...batch, ...heads, length as number];
  return {
    query: dims,
    key: keyDims,
    value: valueDims,
    output: [...rows, valueDims[rank - 1] as number],
    rows,
    scores: [...rows, keyDims[rank - 2] as number],
  };
}

const shapeOf = (dims: readonly number[]): string => `shape ${printShape(dims)}`;

function keyShape(batch: readonly number[], heads: readonly number[], depth: number): string {
  const shape = `shape ${printShape([...batch, ...(heads.length === 0 ? [] : ['heads']), 'any', depth])}`;
  return heads.length === 0 ? shape : `${shape} with heads dividing ${heads[0]}`;
}

/** Everything of a call but where results go. */
export type Scores = Omit<AttentionCall, 'out' | 'logSumExp' | 'weights'>;

export interface Arranged {
  readonly scores: Scores;
  readonly arrangement: Arrangement;
}

export function arrange(asked: Asked, shapes: Shapes): Arranged {
  const { query, key, value, mask, bias, settings } = asked;
  const { beta, softcap, rule, behind, ahead, fromTheTop } = settings;
  const { scores: dims } = shapes;
  const rank = dims.length;
  const queries = dims[rank - 2] as number;
  const keys = dims[rank - 1] as number;
  const heads = rank < 3 ? 1 : (dims[rank - 3] as number);
  const depth = shapes.query[rank - 1] as number;
  const scale = settings.scale ?? (depth === 0 ? 1 : 1 / Math.sqrt(depth));
  const layout = layoutOf(dims, [rank - 1]);
  const fits = fitsFloat32(beta) && fitsFloat32(scale) && fitsFloat32(beta === 0 ? 1 : scale * beta);
  const arrangement = new Arrangement(dims, layout, query.kind, fits ? 1 : Number.MIN_VALUE);
  const placedMask = mask && placeOnScores(mask, dims);
  const placedBias = bias && placeOnScores(bias, dims);
  const offset = fromTheTop ? 0 : keys - queries;
  return {
    arrangement,
    scores: {
      outer: layout.outer,
      n: keys,
      inner: 1,
      mask: placedMask?.data,
      maskStrides: undefined,
      beta,
      rule,
      query: arrangement.convert(query.data),
      key: arrangement.convert(key.data),
      value: arrangement.convert(value.data),
      heads,
      keyHeads: rank < 3 ? 1 : (shapes.key[rank - 3] as number),
      queries,
      depth,
      width: shapes.value[rank - 1] as number,
      scale,
      softcap,
      first: offset - behind,
      last: offset + ahead,
      scoreMaskStrides: placedMask?.strides,
      bias: placedBias && arrangement.convert(placedBias.data),
      biasStrides: placedBias?.strides,
    },
  };
}

interface Placed<Data> {
  readonly data: Data;
  readonly strides: ScoreStrides;
}

/** An array broadcast to the scores [..., heads, queries, keys], copied only where the axes before the heads have no one stride. */
function placeOnScores<Data extends FloatArray | Uint8Array>(
  given: Given<Data>,
  dims: readonly number[],
): Placed<Data> {
  const found = shapeOnScores(given, dims);
  const strides = broadcastStrides(found, dims);
  if (strides === undefined) {
    throw shapeMismatch(given.name, `broadcast to shape ${printShape(dims)}`, shapeOf(found));
  }
  const rank = dims.length;
  const batch = [...dims.keys()].slice(0, -3);
  const parts = partStrides(dims, strides, { outer: batch, n: rank < 3 ? [] : [rank - 3], inner: [] });
  if (parts !== undefined) {
    const last = { query: strides[rank - 2] as number, key: strides[rank - 1] as number };
    return { data: given.data, strides: { batch: parts.outer, head: parts.n, query: last.query, key: last.key } };
  }
  const size = sizeOf(dims);
  const whole = given.kind === 'Uint8Array' ? own(new Uint8Array(size)) : allocateLike(given.kind, size);
  copyStrided(dims, given.data, strides, whole, contiguousStrides(dims));
  const [heads, queries, keys] = dims.slice(-3) as [number, number, number];
  const step = queries * keys;
  return { data: whole as Data, strides: { batch: heads * step, head: step, query: keys, key: 1 } };
}

/** Its own shape; that of the scores where it is bare and has as many elements. */
export function shapeOnScores(given: Given<unknown>, dims: readonly number[]): readonly number[] {
  const found = measure(given);
  return given.dims === undefined && found[0] === sizeOf(dims) ? dims : found;
}
