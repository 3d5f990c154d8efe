// The call frame: one block of float64 shared with the binary (native/binding/frame.hpp has the same list). Writing it
// costs next to nothing, where each number passed to a native function costs 5 to 10 ns, and each array about 90.
import { Float32Array, Float64Array, Int32Array } from '../intrinsics';
import type { Addon } from './addon';
import { addon } from './loaded';

export const Slot = {
  beta: 0,
  rule: 1,
  flags: 2,
  outer: 3,
  n: 4,
  inner: 5,
  maskOuter: 6, // and for n, inner
  weightOuter: 9, // and for n, inner
  status: 12,
  detail: 13,
  stagedInput: 16,
  stagedOutput: 144,
  numbers: 272, // of the operation's own
  length: 288,
} as const;

export const Flag = { stagedFloat32: 1, overBeta: 2, splitTies: 4 } as const;

// Test runners load modules anew, but never a binary: all loads of this file must find the one frame it knows.
const place = Symbol.for('softmax-native frame');

function frameOf(binary: Addon & { [place]?: Float64Array }): Float64Array {
  if (binary[place] !== undefined) return binary[place];
  const made = new Float64Array(Slot.length);
  binary.attach(made);
  binary[place] = made;
  return made;
}

export const frame: Float64Array = addon === undefined ? new Float64Array(Slot.length) : frameOf(addon);

// The elements that travel in the frame itself.
const capacity = Slot.stagedOutput - Slot.stagedInput;
const inputByte = Slot.stagedInput * 8;
const outputByte = Slot.stagedOutput * 8;
export const stagedFloat32Input: Float32Array = new Float32Array(frame.buffer, inputByte, capacity);
export const stagedFloat64Input: Float64Array = new Float64Array(frame.buffer, inputByte, capacity);
export const stagedFloat32Output: Float32Array = new Float32Array(frame.buffer, outputByte, capacity);
export const stagedFloat64Output: Float64Array = new Float64Array(frame.buffer, outputByte, capacity);
export const stagedIndexOutput: Int32Array = new Int32Array(frame.buffer, outputByte, capacity);
