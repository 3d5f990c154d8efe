// The binary's side of a call, played by a stand-in: what is written into the frame, and what each status becomes.
import { describe, expect, test } from 'vitest';
import type { Addon } from '../../lib/native/addon';
import { descriptions } from '../../lib/native/descriptions';
import { Flag, frame, Slot } from '../../lib/native/frame';
import { NativeKernel } from '../../lib/native/kernel';
import type { Call } from '../../lib/types';
import { libraries } from '../libraries';

const call: Call = {
  logits: Float32Array.of(1, 2, 3, 4),
  out: new Float32Array(4),
  sign: undefined,
  outer: 2,
  n: 2,
  inner: 1,
  mask: undefined,
  maskStrides: undefined,
  weights: undefined,
  weightStrides: undefined,
  beta: 0.5,
  rule: 'limit',
  variant: false,
};

/** A kernel whose binary leaves this status. */
function kernelWith(status: number, detail = 0): NativeKernel {
  const answer = () => {
    frame[Slot.status] = status;
    frame[Slot.detail] = detail;
    return undefined;
  };
  const addon = { hardmax: answer } as Partial<Addon> as Addon;
  return new NativeKernel(addon, descriptions.hardmax, 'elements', Flag.splitTies, undefined);
}

const run = (kernel: NativeKernel, given: Call) => kernel.perform(given, (verdict) => verdict);

test('numbers, rules, variants and strides travel in the frame', () => {
  const kernel = kernelWith(0);
  const strides = { outer: 5, n: 6, inner: 7 };
  const masked = { ...call, mask: new Uint8Array(4), maskStrides: strides };
  expect(run(kernel, { ...masked, rule: 'throw', variant: true })).toBe(-1);
  expect([...frame.subarray(Slot.beta, Slot.weightOuter)]).toEqual([0.5, 2, Flag.splitTies, 2, 2, 1, 5, 6, 7]);
  run(kernel, { ...call, rule: 'ieee', weights: new Float32Array(4), weightStrides: strides });
  expect([...frame.subarray(Slot.beta, Slot.outer)]).toEqual([0.5, 1, 0]);
  expect([...frame.subarray(Slot.weightOuter, Slot.status)]).toEqual([5, 6, 7]);
  kernel.rows(call.logits, call.out, 2, 2, 1, 'ieee', true);
  expect([...frame.subarray(Slot.beta, Slot.inner + 1)]).toEqual([1, 1, Flag.splitTies + Flag.stagedFloat32, 2, 2, 1]);
});

describe('a status', () => {
  test('of a row that is refused is that row', () => {
    expect(run(kernelWith(1, 7), call)).toBe(7);
  });

  test.each([
    [2, 0, 'ERR_INVALID_ARG_TYPE', '"logits"'],
    [3, 1, 'ERR_SOFTMAX_DETACHED', '"options.out"'],
    [4, 2, 'ERR_SOFTMAX_SHAPE_MISMATCH', '"options.mask"'],
    [5, 3, 'ERR_SOFTMAX_OVERLAP', '"options.weights"'],
    [6, 0, 'ERR_MEMORY_ALLOCATION_FAILED', 'memory'],
  ])('%d about argument %d is %s', (status, argument, code, words) => {
    const kernel = kernelWith(status, argument);
    const long = new Float32Array(100);
    const expected = expect.objectContaining({ code, message: expect.stringContaining(words) });
    expect(() => run(kernel, call)).toThrow(expected);
    // The short way has no mask and no weights.
    if (argument > 1) return;
    expect(() => kernel.rows(call.logits, call.out, 2, 2, 1, 'limit', false)).toThrow(expected);
    expect(() => kernel.rows(long, long, 1, 100, 1, 'limit', false)).toThrow(expected);
  });
});

test.each(libraries)('%s: shared memory under two names', (name, { softmax, logSumExp }) => {
  const shared = new SharedArrayBuffer(4 * 300);
  const twin = structuredClone(shared);
  const z = new Float32Array(shared, 0, 200);
  const out = new Float32Array(twin, 0, 200);
  z.set(Array.from({ length: 200 }, (_element, i) => i / 50));
  const expected = softmax(Float32Array.from(z));
  // The same region: in place, as with one name.
  expect(Float32Array.from(softmax(z, { out }))).toEqual(expected);
  // Partly the same: the binary sees what JavaScript cannot.
  const later = new Float32Array(twin, 400, 200);
  if (!name.endsWith('reference') && !name.includes('typescript')) {
    const before = Float32Array.from(later);
    expect(() => softmax(z, { out: later })).toThrow(expect.objectContaining({ code: 'ERR_SOFTMAX_OVERLAP' }));
    expect(Float32Array.from(later)).toEqual(before);
  }
  expect(logSumExp(z)).toBeTypeOf('number');
});
