// Fields as users describe them: checked, and copied.
import { invalidType, invalidValue, outOfRange, printShape, shapeMismatch } from '../errors';
import { Float64Array, Int32Array, isArray, kindOf, lengthOf } from '../intrinsics';
import { measure, readAnyFloats } from '../operations/arguments';
import { widened } from '../operations/halves';
import { readTarget } from '../operations/targets';
import { sizeOf } from '../shape';
import { validateCount, validateOptions } from '../validate';
import type { Model, ModelFactor } from './model';

const defaultLimit = 2 ** 30;
const mostStates = 0x7fffffff;

export function readField(description: unknown, options: unknown): Model {
  if (typeof description !== 'object' || description === null) {
    throw invalidType('description', 'of type object', description);
  }
  const { cardinalities: given, factors } = description as { cardinalities?: unknown; factors?: unknown };
  const memoryLimit = readMemoryLimit(options, defaultLimit);
  const cardinalities = readIntegers('description.cardinalities', given, (value) =>
    value >= 1 && value <= mostStates ? undefined : `an integer >= 1 and <= ${mostStates}`,
  );
  if (!isArray(factors)) throw invalidType('description.factors', 'an instance of Array', factors);
  const read = Array.from(factors, (factor: unknown, i) =>
    readFactor(`description.factors[${i}]`, factor, cardinalities),
  );
  return modelOf(cardinalities, read, new Map(), memoryLimit);
}

export function readMemoryLimit(options: unknown, byDefault: number): number {
  validateOptions(options);
  const { memoryLimit } = options as { memoryLimit?: unknown };
  return memoryLimit === undefined ? byDefault : validateCount('options.memoryLimit', memoryLimit);
}

/** A model in which variables of one state are known to have it. */
export function modelOf(
  cardinalities: Int32Array,
  factors: readonly ModelFactor[],
  evidence: ReadonlyMap<number, number>,
  memoryLimit: number,
): Model {
  const known = cardinalities.map((n, variable) => (n === 1 ? 0 : (evidence.get(variable) ?? -1)));
  return { cardinalities, factors, known, evidence, memoryLimit };
}

function readFactor(name: string, factor: unknown, cardinalities: Int32Array): ModelFactor {
  if (typeof factor !== 'object' || factor === null) throw invalidType(name, 'of type object', factor);
  const { variables: given, logPotentials } = factor as { variables?: unknown; logPotentials?: unknown };
  const variables = readVariables(`${name}.variables`, given, cardinalities.length);
  const sizes = Array.from(variables, (variable) => cardinalities[variable] as number);
  const table = readAnyFloats(`${name}.logPotentials`, logPotentials);
  const dims = measure(table);
  const isFitting = table.dims === undefined ? dims[0] === sizeOf(sizes) : printShape(dims) === printShape(sizes);
  if (!isFitting) {
    const states = sizeOf(sizes);
    const wanted = `have ${states === 1 ? '1 element' : `${states} elements`} for the cardinalities ${printShape(sizes)}`;
    throw shapeMismatch(table.name, wanted, table.dims === undefined ? `${dims[0]}` : `shape ${printShape(dims)}`);
  }
  const place = table.dims === undefined ? table.name : `${table.name}.data`;
  const copy = new Float64Array(widened(table.kind, table.data));
  copy.forEach((value, i) => {
    if (!(value < Infinity)) throw outOfRange(`${place}[${i}]`, 'a number < Infinity', value);
  });
  return { variables, sizes, logPotentials: copy };
}

/** Different variables of `size`. */
export function readVariables(name: string, value: unknown, size: number): Int32Array {
  const variables = readIntegers(name, value, (variable) =>
    variable >= 0 && variable < size ? undefined : `an integer >= 0 and < ${size}, the number of variables`,
  );
  if (new Set(variables).size < variables.length) throw invalidValue(name, 'must name each variable once', value);
  return variables;
}

/** `refusal` says what one must be that is not. */
function readIntegers(name: string, values: unknown, refusal: (value: number) => string | undefined): Int32Array {
  if (!isArray(values) && kindOf(values) !== 'Int32Array') {
    throw invalidType(name, 'an instance of Int32Array or Array', values);
  }
  const length = isArray(values) ? values.length : lengthOf(values);
  const read = new Int32Array(length);
  for (let i = 0; i < length; i += 1) {
    const value = (values as readonly unknown[])[i];
    if (typeof value !== 'number') throw invalidType(`${name}[${i}]`, 'of type number', value);
    const words = refusal(Number.isInteger(value) ? value : NaN);
    if (words !== undefined) throw outOfRange(`${name}[${i}]`, words, value);
    read[i] = value;
  }
  return read;
}

/** Joint states as given. */
export interface GivenStates {
  /** Row by row. */
  readonly states: Int32Array;
  readonly rows: number;
  /** Whether it is one, and no tensor of rows. */
  readonly isOne: boolean;
}

export function readStates(name: string, value: unknown, { cardinalities }: Model): GivenStates {
  const given = readTarget(name, value);
  const size = cardinalities.length;
  if (given.form === 'floats' || given.form === 'number') {
    throw invalidType(name, 'an instance of Int32Array or Array, or an object with data and dims', value);
  }
  const dims = measure(given);
  const isOne = given.dims === undefined;
  if (dims[dims.length - 1] !== size || dims.length !== (isOne ? 1 : 2)) {
    const wanted = isOne ? `[${size}]` : `[rows, ${size}]`;
    throw shapeMismatch(name, `have shape ${wanted}, a state for each variable`, `shape ${printShape(dims)}`);
  }
  const states = new Int32Array(sizeOf(dims));
  const place = isOne ? name : `${name}.data`;
  for (let i = 0; i < states.length; i += 1) {
    const n = cardinalities[i % size] as number;
    const state = Number(given.data[i]);
    if (!(Number.isInteger(state) && state >= 0 && state < n)) {
      throw outOfRange(`${place}[${i}]`, `an integer >= 0 and < ${n}, the variable's cardinality`, given.data[i]);
    }
    states[i] = state;
  }
  return { states, rows: isOne ? 1 : (dims[0] as number), isOne };
}

/** What is known already, and what is said now. */
export function readEvidence(evidence: unknown, { cardinalities, evidence: before }: Model): Map<number, number> {
  if (typeof evidence !== 'object' || evidence === null || isArray(evidence) || kindOf(evidence) !== undefined) {
    throw invalidType('evidence', 'of type object or an instance of Map', evidence);
  }
  const entries: [unknown, unknown][] = evidence instanceof Map ? [...evidence] : Object.entries(evidence);
  const known = new Map(before);
  for (const [key, state] of entries) {
    const variable = typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : key;
    const isVariable = Number.isInteger(variable) && (variable as number) >= 0;
    if (!isVariable || (variable as number) >= cardinalities.length) {
      throw outOfRange('evidence', `by variables, integers >= 0 and < ${cardinalities.length}`, key);
    }
    const name = `evidence[${variable}]`;
    const n = cardinalities[variable as number] as number;
    if (typeof state !== 'number') throw invalidType(name, 'of type number', state);
    if (!(Number.isInteger(state) && state >= 0 && state < n)) {
      throw outOfRange(name, `an integer >= 0 and < ${n}, the variable's cardinality`, state);
    }
    const found = known.get(variable as number);
    if (found !== undefined && found !== state) {
      throw invalidValue(name, `must be ${found}, as the variable is known to have that state`, state);
    }
    known.set(variable as number, state);
  }
  return known;
}
