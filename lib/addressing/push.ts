// Logits that are pushed into a state, as given and checked, and what a backend learns of them.
import { invalidType, invalidValue, outOfRange } from '../errors';
import { Float64Array, Int32Array } from '../intrinsics';
import { measure, measureStorage, readFloats, readLike } from '../operations/arguments';
import { own } from '../ownership';
import { sizeOf } from '../shape';
import type { StateCall } from '../state-calls';
import type { FloatArray } from '../types';
import { validateCount, validateOptions } from '../validate';
import type { Part } from './content';
import { massOf } from './mass';
import { mostIds, type Settings } from './settings';
import { none } from './top';

const fieldCount = 10;

/** Logits that are there: the first has the id `offset`. */
export interface Pushed {
  readonly logits: FloatArray;
  readonly count: number;
  readonly offset: number;
  readonly values: FloatArray | undefined;
  readonly targetLogit: number | undefined;
}

/** `next` is the id that the first logit has where no offset is given. */
export function readPushed(logits: unknown, options: object, settings: Settings, next: number): Pushed {
  validateOptions(options);
  const { offset, values } = options as { offset?: unknown; values?: unknown };
  const given = readFloats('logits', logits);
  const first = offset === undefined ? next : validateCount('options.offset', offset);
  const rows = readValues(values, given.kind, settings.valueSize);
  const count = sizeOf(measure(given));
  if (rows !== undefined) measureStorage(rows, [count, settings.valueSize]);
  if (first + count > mostIds) {
    throw outOfRange(
      offset === undefined ? 'logits' : 'options.offset',
      'such that ids are below 2 ** 31',
      first + count - 1,
    );
  }
  const at = settings.target - first;
  const targetLogit = at >= 0 && at < count ? (given.data[at] as number) : undefined;
  return { logits: given.data, count, offset: first, values: rows?.data, targetLogit };
}

function readValues(values: unknown, kind: string, valueSize: number): ReturnType<typeof readLike> | undefined {
  if (values !== undefined) {
    if (valueSize === 0) throw invalidValue('options.values', 'needs a state with the option valueSize', values);
    return readLike('options.values', values, kind);
  }
  if (valueSize === 0) return undefined;
  throw invalidType('options.values', `given, as the state has a valueSize of ${valueSize}`, values);
}

export function callOf({ logits, count, values }: Pushed, { beta, topK, valueSize, rule }: Settings): StateCall {
  const k = Math.min(topK, count);
  return {
    logits,
    outer: 1,
    n: count,
    inner: 1,
    mask: undefined,
    maskStrides: undefined,
    beta,
    rule,
    fields: own(new Float64Array(fieldCount)),
    ids: k === 0 ? undefined : own(new Int32Array(k)),
    best: k === 0 ? undefined : own(new Float64Array(k)),
    values,
    width: valueSize,
    valueSums: valueSize === 0 ? undefined : own(new Float64Array(valueSize)),
  };
}

/** What the backend has found, in terms of ids. */
export function partOf({ count, offset, targetLogit }: Pushed, call: StateCall): Part {
  const { fields, ids, best, valueSums, width } = call;
  return {
    count,
    mass: massOf(fields, offset),
    infinite: fields[9] === 1,
    targetLogit,
    top:
      ids === undefined || best === undefined ? none : { ids: Array.from(ids, (id) => id + offset), logits: [...best] },
    values: valueSums && { high: valueSums, low: new Float64Array(width) },
  };
}
