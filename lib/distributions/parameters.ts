// The parameters of categorical distributions, as given: checked, copied, and in the one form that the rest works with.
import { invalidType, invalidValue, outOfRange, printShape, shapeMismatch } from '../errors';
import { Float32Array, Float64Array, isArray, kindOf } from '../intrinsics';
import { type Given, measure, readAnyFloats, readLike } from '../operations/arguments';
import { allocateLike } from '../operations/arrange';
import { widened, widenedKind } from '../operations/halves';
import { tensorOf } from '../operations/results';
import { own } from '../ownership';
import { sizeOf } from '../shape';
import type { FloatArray, Floats } from '../types';

/** Rows of softmax(beta z), each of n > 0 classes. */
export interface Distributions {
  /** Not changed by anybody. */
  readonly z: FloatArray;
  readonly kind: string;
  readonly dims: readonly number[];
  readonly n: number;
  readonly rows: number;
  readonly beta: number;
  /** Whether z is a bare vector. */
  readonly isVector: boolean;
}

export function readParameters(parameters: unknown): Distributions {
  const isPlain = typeof parameters === 'object' && parameters !== null && !isArray(parameters);
  if (isPlain && kindOf(parameters) === undefined && 'energies' in parameters) {
    const { energies, temperature } = parameters as { energies: unknown; temperature?: unknown };
    return measureParameters(readAnyFloats('parameters.energies', energies), readBeta(temperature), true);
  }
  return measureParameters(readAnyFloats('parameters', parameters), 1, false);
}

function readBeta(temperature: unknown): number {
  if (temperature === undefined) return 1;
  if (typeof temperature !== 'number') throw invalidType('parameters.temperature', 'of type number', temperature);
  if (temperature !== temperature) throw invalidValue('parameters.temperature', 'must not be NaN', temperature);
  return 1 / temperature + 0;
}

function measureParameters(given: Given<Floats>, beta: number, areEnergies: boolean): Distributions {
  const dims = [...measure(given)];
  const n = dims[dims.length - 1] ?? 0;
  if (n === 0) throw shapeMismatch(given.name, 'have one class or more', dims.length === 0 ? 'no axis' : '0');
  const kind = widenedKind(given.kind);
  const data = widened(given.kind, given.data);
  const z = allocateLike(kind, sizeOf(dims));
  for (let i = 0; i < z.length; i += 1) z[i] = areEnergies ? 0 - (data[i] as number) : (data[i] as number);
  const rows = sizeOf(dims, 0, dims.length - 1);
  validateRows(given, z, rows, n, beta, areEnergies);
  return { z, kind, dims, n, rows, beta, isVector: given.dims === undefined };
}

/** No NaN, no class of infinite weight, and in each row one whose weight is not 0. */
function validateRows(
  { name, dims }: Given<unknown>,
  z: FloatArray,
  rows: number,
  n: number,
  beta: number,
  areEnergies: boolean,
): void {
  const place = dims === undefined ? name : `${name}.data`;
  const forbidden = beta < 0 ? Infinity : -Infinity;
  const shown = (value: number): number => (areEnergies ? 0 - value : value);
  for (let row = 0; row < rows; row += 1) {
    let isEmpty = true;
    for (let i = row * n; i < (row + 1) * n; i += 1) {
      const value = z[i] as number;
      if (value !== value || value === -forbidden) {
        throw outOfRange(
          `${place}[${i}]`,
          `a number ${shown(-forbidden) > 0 ? '<' : '>'} ${shown(-forbidden)}`,
          shown(value),
        );
      }
      if (value !== forbidden) isEmpty = false;
    }
    if (!isEmpty) continue;
    const where = dims === undefined ? place : `${place}[${row * n}] to [${(row + 1) * n - 1}]`;
    throw outOfRange(
      where,
      `such that one is not ${shown(forbidden)}, the weight of no class being 0`,
      shown(forbidden),
    );
  }
}

/** eta = beta z in float64; at an infinite beta 0 for the classes that share the mass, else -Infinity. */
export function naturalOf({ z, n, rows, beta }: Distributions): Float64Array {
  const eta = own(new Float64Array(z));
  if (beta === 1) return eta;
  for (let row = 0; row < rows; row += 1) {
    const line = eta.subarray(row * n, (row + 1) * n);
    if (Number.isFinite(beta)) scale(line, beta);
    else toLimit(line, beta);
  }
  return eta;
}

/** 0 times -Infinity is -Infinity: a class that cannot be stays impossible. */
function scale(line: Float64Array, beta: number): void {
  for (let k = 0; k < line.length; k += 1) {
    const value = line[k] as number;
    line[k] = beta === 0 && !Number.isFinite(value) ? -Infinity : value * beta + 0;
  }
}

function toLimit(line: Float64Array, beta: number): void {
  const sign = Math.sign(beta);
  let most = -Infinity;
  for (const value of line) most = Math.max(most, sign * value);
  for (let k = 0; k < line.length; k += 1) line[k] = sign * (line[k] as number) === most ? 0 : -Infinity;
}

/** Numbers computed in float64 as the distribution's kind has them. */
export function rounded(values: Float64Array, kind: string): FloatArray {
  return kind === 'Float32Array' ? own(new Float32Array(values)) : values;
}

/** One number for each distribution, as users get it. */
export function eachOf({ kind, dims, isVector }: Distributions, values: Float64Array): unknown {
  const results = rounded(values, kind);
  return isVector ? results[0] : tensorOf(results, dims.slice(0, -1));
}

/** `width` numbers for each distribution, as users get them. */
export function rowsOf({ dims, isVector }: Distributions, values: FloatArray | Int32Array, width: number): unknown {
  return isVector ? values : tensorOf(values, [...dims.slice(0, -1), width]);
}

/** For each distribution the sum over its classes. */
export function sumsOf({ rows, n }: Distributions, term: (i: number) => number): Float64Array {
  const sums = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let i = row * n; i < (row + 1) * n; i += 1) sum += term(i);
    sums[row] = sum;
  }
  return sums;
}

/** A vector for each distribution, in natural coordinates (n of them) or minimal ones (n - 1), copied. */
export function readDirection(of: Distributions, v: unknown): { direction: Float64Array; width: number } {
  const given = readLike('v', v, of.kind);
  const dims = measure(given);
  const before = of.dims.slice(0, -1);
  const [natural, minimal] = [of.n, of.n - 1].map((width) => printShape([...before, width]));
  const found = printShape(dims);
  if ((found !== natural && found !== minimal) || of.isVector !== (given.dims === undefined)) {
    throw shapeMismatch('v', `have shape ${natural} or ${minimal}`, `shape ${found}`);
  }
  return { direction: new Float64Array(given.data), width: dims[dims.length - 1] as number };
}
