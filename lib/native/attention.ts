// How attention is put to the binary: positions and numbers as in native/binding/attention.hpp.
import { referenceBackend } from '../reference/backend';
import type { AttentionCall, AttentionVjpCall, Parts, ScoreStrides } from '../types';
import type { Description } from './invoke';

const names = ['query', 'options.out', 'options.mask', 'key', 'value', 'options.bias', 'logSumExp', 'weights'];

// Beyond all lengths, and a whole number.
const far = 2 ** 52;

type Scores = Omit<AttentionCall, 'out' | 'weights'>;

const numbersOf = (call: Scores): number[] => [
  call.heads,
  call.keyHeads,
  call.queries,
  call.depth,
  call.width,
  call.scale,
  call.softcap,
  Math.min(Math.max(call.first, -far), far),
  Math.min(Math.max(call.last, -far), far),
  call.scoreMaskStrides?.batch ?? 0,
  call.scoreMaskStrides?.head ?? 0,
  call.biasStrides?.batch ?? 0,
  call.biasStrides?.head ?? 0,
];

/** The strides within a head, where the frame has those of a mask and of weights. */
const withinHead = (strides: ScoreStrides | undefined): Parts | undefined =>
  strides && { outer: strides.query, n: strides.key, inner: 0 };

const isEmpty = ({ outer, n, depth, width }: Scores): boolean => outer * n * depth * width === 0;
// Multiply-adds that take as long as a step of work.
const workOf = ({ outer, n, depth, width }: Scores, products: number): number =>
  outer * n * (1 + (products * (depth + width)) / 16);

export const attention: Description<AttentionCall> = {
  name: 'attention',
  describe: (call) => ({
    arrays: [call.query, call.out, call.mask, call.key, call.value, call.bias, call.logSumExp, call.weights],
    names,
    results: [6, 7],
    numbers: numbersOf(call),
    maskStrides: withinHead(call.scoreMaskStrides),
    weightStrides: withinHead(call.biasStrides),
    work: workOf(call, 1),
  }),
  instead: (call) => (isEmpty(call) ? referenceBackend.attention : undefined),
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
      call.query,
      call.queryGradient,
      call.mask,
      call.key,
      call.value,
      call.bias,
      call.direction,
      call.out,
      call.logSumExp,
      call.keyGradient,
      call.valueGradient,
      call.biasGradient,
    ],
    names: vjpNames,
    results: [9, 10, 11],
    numbers: numbersOf(call),
    maskStrides: withinHead(call.scoreMaskStrides),
    weightStrides: withinHead(call.biasStrides),
    work: workOf(call, 3),
  }),
  instead: (call) => (isEmpty(call) ? referenceBackend.attentionVjp : undefined),
};
