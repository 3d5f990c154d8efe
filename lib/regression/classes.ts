// The classes of a regression: integers or names, and their places among the rows of the coefficients.
import { invalidType, invalidValue, outOfRange, printShape, shapeMismatch } from '../errors';
import { Int32Array, isArray, kindOf } from '../intrinsics';
import { readIds } from '../layers/layer';
import { measure } from '../operations/arguments';
import type { GivenTarget } from '../operations/targets';
import { own } from '../ownership';
import { sizeOf } from '../shape';
import { validateCount } from '../validate';

export type Label = string | number;

const isInteger = (value: unknown): value is number =>
  Number.isInteger(value) && Object.is(value, (value as number) | 0);

/** The option `classes`: undefined = found by the fit. */
export function readClasses(value: unknown): readonly Label[] | undefined {
  const name = 'options.classes';
  if (value === undefined) return undefined;
  if (typeof value === 'number') {
    const count = validateCount(name, value);
    if (count < 2 || count > 0x7fffffff) throw outOfRange(name, '>= 2 and <= 2147483647', value);
    return Array.from({ length: count }, (_, i) => i);
  }
  if (!isArray(value)) throw invalidType(name, 'of type number or an instance of Array', value);
  const classes = Array.from(value, (label: unknown, i) => readLabel(`${name}[${i}]`, label, typeof value[0]));
  if (classes.length < 2) throw invalidValue(name, 'must have at least two classes', value);
  if (new Set(classes).size !== classes.length) throw invalidValue(name, 'must name each class once', value);
  return classes;
}

function readLabel(name: string, label: unknown, type: string): Label {
  if (type === 'string') {
    if (typeof label !== 'string') throw invalidType(name, 'of type string, as the first is', label);
    return label;
  }
  if (typeof label !== 'number') throw invalidType(name, 'of type number or string, all alike', label);
  if (!isInteger(label)) throw outOfRange(name, 'an integer >= -2147483648 and <= 2147483647', label);
  return label;
}

/** Labels as given: names, which are copied, or numbers in an array that is measured later. */
export type GivenLabels = { readonly names: readonly string[] } | { readonly numbers: GivenTarget };

export function readLabels(value: unknown): GivenLabels {
  const elements = isArray(value) ? value : undefined;
  if (elements === undefined || typeof elements[0] !== 'string') {
    if (typeof value === 'number') throw invalidType('labels', 'an array', value);
    return { numbers: readIds('labels', value) };
  }
  return { names: Array.from(elements, (name: unknown, i) => readLabel(`labels[${i}]`, name, 'string') as string) };
}

/** One label for each row, copied. */
export function measureLabels(given: GivenLabels, rows: number): readonly string[] | Int32Array {
  const dims = 'names' in given ? [given.names.length] : measure(given.numbers);
  if (dims.length !== 1 || dims[0] !== rows) {
    const wanted = rows === 1 ? '1 element' : `${rows} elements, one for each row`;
    throw shapeMismatch('labels', `have ${wanted}`, dims.length === 1 ? `${dims[0]}` : `shape ${printShape(dims)}`);
  }
  return 'names' in given ? given.names : integersOf(given.numbers, sizeOf(dims));
}

function integersOf({ data, dims }: GivenTarget, count: number): Int32Array {
  const copy = new Int32Array(count);
  for (let i = 0; i < count; i += 1) {
    const value = data[i] as number | bigint;
    const label = Number(value);
    if (label !== (label | 0)) {
      const name = `labels${dims === undefined ? '' : '.data'}[${i}]`;
      throw outOfRange(name, 'an integer >= -2147483648 and <= 2147483647', value);
    }
    copy[i] = label;
  }
  return copy;
}

/** Those that there are, in ascending order; names by their code units. */
export function classesOf(labels: readonly string[] | Int32Array): Label[] {
  if (kindOf(labels) === 'Int32Array') return [...Int32Array.from(new Set(labels as Int32Array)).sort()];
  return [...new Set(labels as readonly string[])].sort();
}

/** The place of each label among the classes. */
export function placesOf(labels: readonly string[] | Int32Array, classes: readonly Label[]): Int32Array {
  const places = new Map(classes.map((label, place) => [label, place]));
  const found = own(new Int32Array(labels.length));
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i] as Label;
    const place = places.get(label);
    if (place === undefined) throw outOfRange(`labels[${i}]`, `one of the classes ${listed(classes)}`, label);
    found[i] = place;
  }
  return found;
}

const mostListed = 10;

function listed(classes: readonly Label[]): string {
  const some = classes.slice(0, mostListed).map((label) => (typeof label === 'string' ? `'${label}'` : `${label}`));
  return some.join(', ') + (classes.length > mostListed ? `, ... (${classes.length})` : '');
}

/** The classes at places, as predictions are given: names in an array, integers in an Int32Array. */
export function labelsAt(places: Int32Array, classes: readonly Label[]): string[] | Int32Array {
  if (typeof classes[0] === 'string') return Array.from(places, (place) => classes[place] as string);
  return places.map((place) => classes[place] as number);
}
