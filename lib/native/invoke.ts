// A call of the binary in canonical form: what every operation shares and its own numbers into the frame, the arrays as
// arguments, and what its status means.
import type { Canonical, NonFinite, Parts, Verdict } from '../types';
import type { AddonOperation } from './addon';
import { failure } from './failure';
import { frame, Slot } from './frame';

export const codeOfRule: Readonly<Record<NonFinite, number>> = { limit: 0, ieee: 1, throw: 2 };
export const nonFiniteRow = 1;

/** What the addon is given besides the shared options. */
export interface Invocation {
  /** By position: 0 the logits, 1 the result, 2 the mask, then as the binding row says; undefined = not given. */
  readonly arrays: readonly unknown[];
  /** What the user calls them. */
  readonly names: readonly string[];
  readonly flags?: number;
  readonly weightStrides?: Parts | undefined;
  /** The operation's own numbers. */
  readonly numbers?: readonly number[];
}

export function invoke(operation: AddonOperation, call: Canonical, invocation: Invocation): Verdict {
  const { arrays, names, flags = 0, numbers = [], weightStrides } = invocation;
  frame[Slot.beta] = call.beta;
  frame[Slot.rule] = codeOfRule[call.rule];
  frame[Slot.flags] = flags;
  frame[Slot.outer] = call.outer;
  frame[Slot.n] = call.n;
  frame[Slot.inner] = call.inner;
  writeStrides(Slot.maskOuter, call.maskStrides);
  writeStrides(Slot.weightOuter, weightStrides);
  for (let i = 0; i < numbers.length; i += 1) frame[Slot.numbers + i] = numbers[i] as number;
  operation(...arrays);
  const status = frame[Slot.status];
  if (status === nonFiniteRow) return frame[Slot.detail] as number;
  if (status !== 0) throw failure(names);
  return -1;
}

/** The operation's own number, as the binary left it. */
export const numberOf = (i: number): number => frame[Slot.numbers + i] as number;

export function writeStrides(slot: number, strides: Parts | undefined): void {
  if (strides === undefined) return;
  frame[slot] = strides.outer;
  frame[slot + 1] = strides.n;
  frame[slot + 2] = strides.inner;
}
