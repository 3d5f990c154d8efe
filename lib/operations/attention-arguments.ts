// What attention and its gradients are asked for: query, key, value and the options of scores, read, and put in the form
// that backends take. Options are read first and lengths last.

import type { AttentionScores } from '../attention-calls';
import { invalidType } from '../errors';
import { layoutOf } from '../shape';
import type { Floats } from '../types';
import { validateOptions } from '../validate';
import { type Given, measureWidened, readAnyFloats, readAnyLike, readMask, readStorage } from './arguments';
import { Arrangement, fitsFloat32 } from './arrange';
import type { Shapes } from './attention-shapes';
import { placeOnScores } from './score-arrays';
import { readScoreSettings, type ScoreSettings } from './score-settings';

export interface Asked {
  readonly query: Given<Floats>;
  readonly key: Given<Floats>;
  readonly value: Given<Floats>;
  readonly mask: Given<Uint8Array> | undefined;
  readonly bias: Given<Floats> | undefined;
  readonly settings: ScoreSettings;
}

export function readAsked(query: unknown, key: unknown, value: unknown, options: object): Asked {
  validateOptions(options);
  const { mask, bias } = options as { mask?: unknown; bias?: unknown };
  const settings = readScoreSettings(options);
  const givenQuery = readAnyFloats('query', query);
  if (givenQuery.dims === undefined) throw invalidType('query', 'an object with data and dims', query);
  const { kind } = givenQuery;
  return {
    query: givenQuery,
    key: readTensor('key', key, kind),
    value: readTensor('value', value, kind),
    mask: mask === undefined ? undefined : readMask('options.mask', mask),
    bias: bias === undefined ? undefined : readAnyLike('options.bias', bias, kind),
    settings,
  };
}

function readTensor(name: string, value: unknown, kind: string): Given<Floats> {
  const given = readStorage<Floats>(name, value, kind);
  if (given.dims === undefined) throw invalidType(name, 'an object with data and dims', value);
  return given;
}

export interface Arranged {
  readonly scores: AttentionScores;
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
  const placedBias = bias && placeOnScores(measureWidened(bias), dims);
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
      query: arrangement.converted(query),
      key: arrangement.converted(key),
      value: arrangement.converted(value),
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
