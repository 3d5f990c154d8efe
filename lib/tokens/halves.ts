// Arrays of 16 bits as a backend is given them: their bits, where they stand. It widens them itself.
import { bufferOf, kindOf, lengthOf, offsetOf, Uint16Array } from '../intrinsics';
import { isHalf } from '../operations/halves';
import { isOwn, own } from '../ownership';
import type { HalfType } from '../token-calls';
import type { Floats } from '../types';

/** Undefined for other kinds. */
export function halfOf(kind: string): HalfType | undefined {
  if (!isHalf(kind)) return undefined;
  return kind === 'bfloat16' ? 'bfloat16' : 'float16';
}

/** The array, or of a Float16Array a view of the same memory. */
export function bitsOf(data: Floats): Uint16Array {
  if (kindOf(data) === 'Uint16Array') return data as Uint16Array;
  const bits = new Uint16Array(bufferOf(data), offsetOf(data), lengthOf(data));
  return isOwn(data) ? own(bits) : bits;
}
