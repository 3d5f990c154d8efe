// The options of AdaptiveSoftmax that no other layer has.
import { invalidType, outOfRange } from '../errors';
import { isArray, kindOf } from '../intrinsics';

const mostClusters = 64;

/** The option `cutoffs`: ascending, above 0 and below the number of classes. */
export function readCutoffs(value: unknown, classes: number): number[] {
  if (!isArray(value) && kindOf(value) !== 'Int32Array') {
    throw invalidType('options.cutoffs', 'an instance of Array or Int32Array', value);
  }
  const cutoffs = Array.from(value as ArrayLike<unknown>);
  if (cutoffs.length < 1 || cutoffs.length > mostClusters) {
    throw outOfRange('options.cutoffs.length', `>= 1 and <= ${mostClusters}`, cutoffs.length);
  }
  let before = 0;
  return cutoffs.map((cutoff, i) => {
    const name = `options.cutoffs[${i}]`;
    if (typeof cutoff !== 'number') throw invalidType(name, 'of type number', cutoff);
    if (!Number.isInteger(cutoff) || cutoff <= before || cutoff >= classes) {
      throw outOfRange(name, `an integer > ${before} and < ${classes}`, cutoff);
    }
    before = cutoff;
    return cutoff;
  });
}

export function readDivValue(value: unknown): number {
  if (value === undefined) return 4;
  if (typeof value !== 'number') throw invalidType('options.divValue', 'of type number', value);
  if (!(value > 0 && value < Infinity)) throw outOfRange('options.divValue', 'finite and > 0', value);
  return value;
}
