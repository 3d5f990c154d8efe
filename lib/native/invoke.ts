// How a computation is put to the binary: what every operation shares and its own numbers into the frame, the arrays as
// arguments, and what its status means.
import type { Canonical, Conclude, NonFinite, Operation, OperationName, Parts, Verdict } from '../types';
import type { Addon } from './addon';
import { failure } from './failure';
import { frame, Slot } from './frame';

/** What the addon is given besides the shared options. */
export interface Invocation {
  /** By position: 0 the logits, 1 the result, 2 the mask, then as the binding row says; undefined = not given. */
  readonly arrays: readonly unknown[];
  /** What the user calls them. */
  readonly names: readonly string[];
  /** Positions of results besides 1. */
  readonly results?: readonly number[];
  /** Positions of arrays that are changed in place: they are read, and in the end written. */
  readonly updates?: readonly number[];
  readonly flags?: number;
  /** Where they are not those of the call. */
  readonly maskStrides?: Parts | undefined;
  readonly weightStrides?: Parts | undefined;
  /** The operation's own numbers. */
  readonly numbers?: readonly number[];
  /** Steps of work, where they are not the number of logits. */
  readonly work?: number;
}

/** One operation of the binary. */
export interface Description<Of extends Canonical> {
  readonly name: OperationName;
  readonly describe: (call: Of) => Invocation;
  /** What is left to do when it has run, with its numbers still in the frame. */
  readonly afterwards?: (call: Of) => void;
  /** What computes a call that the binary does not take: one of no elements. */
  readonly instead?: (call: Of) => Operation<Of> | undefined;
}

/** The operation as one that computes now. */
export function prompt<Of extends Canonical>(addon: Addon, description: Description<Of>): Operation<Of> {
  const operation = addon[description.name];
  return {
    perform(call: Of, conclude: Conclude): unknown {
      const other = description.instead?.(call);
      if (other !== undefined) return other.perform(call, conclude);
      const invocation = description.describe(call);
      writeFrame(call, invocation);
      operation(...invocation.arrays);
      const verdict = verdictOf(invocation);
      description.afterwards?.(call);
      return conclude(verdict);
    },
  };
}

export const codeOfRule: Readonly<Record<NonFinite, number>> = { limit: 0, ieee: 1, throw: 2 };
const nonFiniteRow = 1;

export function writeFrame(call: Canonical, invocation: Invocation): void {
  const { flags = 0, numbers = [], maskStrides = call.maskStrides, weightStrides } = invocation;
  frame[Slot.beta] = call.beta;
  frame[Slot.rule] = codeOfRule[call.rule];
  frame[Slot.flags] = flags;
  frame[Slot.outer] = call.outer;
  frame[Slot.n] = call.n;
  frame[Slot.inner] = call.inner;
  writeStrides(Slot.maskOuter, maskStrides);
  writeStrides(Slot.weightOuter, weightStrides);
  for (let i = 0; i < numbers.length; i += 1) frame[Slot.numbers + i] = numbers[i] as number;
}

/** What the binary left in the frame. */
export function verdictOf({ names }: Invocation): Verdict {
  const status = frame[Slot.status];
  if (status === nonFiniteRow) return frame[Slot.detail] as number;
  if (status !== 0) throw failure(names);
  return -1;
}

/** The operation's own number, as the binary left it. */
export const numberOf = (i: number): number => frame[Slot.numbers + i] as number;

function writeStrides(slot: number, strides: Parts | undefined): void {
  if (strides === undefined) return;
  frame[slot] = strides.outer;
  frame[slot + 1] = strides.n;
  frame[slot + 2] = strides.inner;
}
