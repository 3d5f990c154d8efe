// How attention is put to the binary: positions and numbers as in native/binding/attention.hpp.

import type { AttentionCall, AttentionScores, AttentionVjpCall, ScoreStrides } from '../attention-calls';
import { referenceBackend } from '../reference/backend';
import type { Parts } from '../types';
import type { Description } from './invoke';

const names = ['query', 'options.out', 'options.mask', 'key', 'value', 'options.bias', 'logSumExp', 'weights'];

// Beyond all lengths, and a whole number.
const far = 2 ** 52;

const numbersOf = (scores: AttentionScores): number[] => [
  scores.heads,
  scores.keyHeads,
  scores.queries,
  scores.depth,
  scores.width,
  scores.scale,
  scores.softcap,
  Math.min(Math.max(scores.first, -far), far),
  Math.min(Math.max(scores.last, -far), far),
  scores.scoreMaskStrides?.batch ?? 0,
  scores.scoreMaskStrides?.head ?? 0,
  scores.biasStrides?.batch ?? 0,
  scores.biasStrides?.head ?? 0,
];

/** The strides within a head, where the frame has those of a mask and of weights. */
const withinHead = (strides: ScoreStrides | undefined): Parts | undefined =>
  strides && { outer: strides.query, n: strides.key, inner: 0 };

const isEmpty = ({ outer, n, depth, width }: AttentionScores): boolean => outer * n * depth * width === 0;
// Multiply-adds that take as long as a step of work.
const workOf = ({ outer, n, depth, width }: AttentionScores, products: number): number =>
  outer * n * (1 + (products * (depth + width)) / 16);

export const attention: Description<AttentionCall> = {
  name: 'attention',
  describe: ({ scores, out, logSumExp, weights }) => ({
    arrays: [scores.query, out, scores.mask, scores.key, scores.value, scores.bias, logSumExp, weights],
    names,
    results: [6, 7],
    numbers: numbersOf(scores),
    maskStrides: withinHead(scores.scoreMaskStrides),
    weightStrides: withinHead(scores.biasStrides),
    work: workOf(scores, 1),
  }),
  instead: ({ scores }) => (isEmpty(scores) ? referenceBackend.attention : undefined),
};

const vjpNames = [
  'query',
  'queryGradient',
  'options.mask',
  'key',
  'value',
  'options.bias',
  'outputGradient',
  'options.output',
  'options.logSumExp',
  'keyGradient',
  'valueGradient',
  'biasGradient',
];

export const attentionVjp: Description<AttentionVjpCall> = {
  name: 'attentionVjp',
  describe: (call) => ({
    arrays: [
      call.scores.query,
      call.queryGradient,
      call.scores.mask,
      call.scores.key,
      call.scores.value,
      call.scores.bias,
      call.direction,
      call.out,
      call.logSumExp,
      call.keyGradient,
      call.valueGradient,
      call.biasGradient,
    ],
    names: vjpNames,
    results: [9, 10, 11],
    numbers: numbersOf(call.scores),
    maskStrides: withinHead(call.scores.scoreMaskStrides),
    weightStrides: withinHead(call.scores.biasStrides),
    work: workOf(call.scores, 3),
  }),
  instead: ({ scores }) => (isEmpty(scores) ? referenceBackend.attentionVjp : undefined),
};
