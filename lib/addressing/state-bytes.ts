// States as bytes: what is stored where in the codec of lib/layers/bytes.ts.
import { corrupted } from '../errors';
import { decode, encode, type StoredArray } from '../layers/bytes';
import type { NonFinite } from '../types';
import type { Part } from './content';
import { mostIds, type Settings } from './settings';

const rules: readonly NonFinite[] = ['limit', 'ieee', 'throw'];
const numberCount = 20;

export function encodeState(settings: Settings, part: Part, next: number): Uint8Array {
  const { beta, topK, target, valueSize, rule } = settings;
  const { count, mass, infinite, targetLogit, top, values } = part;
  const { max, first, sharers, mantissa, exponent, anchor, rest, gap } = mass;
  const ofSettings = [beta, topK, target, valueSize, rules.indexOf(rule)];
  const ofPart = [count, next, infinite ? 1 : 0, targetLogit === undefined ? 0 : 1, targetLogit ?? 0];
  const ofMass = [max, first, sharers, mantissa, exponent, anchor, rest.high, rest.low, gap.high, gap.low];
  const arrays: StoredArray[] = [Int32Array.from(top.ids), Float64Array.from(top.logits)];
  if (values !== undefined) arrays.push(values.high, values.low);
  return encode('SoftmaxState', { numbers: [...ofSettings, ...ofPart, ...ofMass], arrays });
}

export function decodeState(bytes: unknown): { settings: Settings; part: Part; next: number } {
  const { numbers, arrays } = decode('SoftmaxState', 'bytes', bytes);
  const [beta, topK, target, valueSize, rule, count, next, infinite, hasTarget, targetLogit] = numbers as Ten;
  const [max, first, sharers, mantissa, exponent, anchor, high, low, gapHigh, gapLow] = numbers.slice(10) as Ten;
  const [ids, logits, valueHigh, valueLow] = arrays as [Int32Array, Float64Array, Float64Array?, Float64Array?];
  const isWhole =
    numbers.length === numberCount &&
    arrays.length === (valueSize === 0 ? 2 : 4) &&
    ids.length === logits.length &&
    ids.length <= topK &&
    (valueSize === 0 || (valueHigh?.length === valueSize && valueLow?.length === valueSize)) &&
    next >= 0 &&
    next <= mostIds &&
    rules[rule] !== undefined;
  if (!isWhole) throw corrupted('bytes', 'be what toBytes gave');
  const mass = {
    ...{ max, first, sharers, mantissa, exponent, anchor },
    ...{ rest: { high, low }, gap: { high: gapHigh, low: gapLow } },
  };
  const values = valueHigh && valueLow && { high: Float64Array.from(valueHigh), low: Float64Array.from(valueLow) };
  return {
    settings: { beta, topK, target, valueSize, rule: rules[rule] as NonFinite },
    part: {
      count,
      mass,
      infinite: infinite === 1,
      targetLogit: hasTarget === 1 ? targetLogit : undefined,
      top: { ids: [...ids], logits: [...logits] },
      values,
    },
    next,
  };
}

type Ten = [number, number, number, number, number, number, number, number, number, number];
