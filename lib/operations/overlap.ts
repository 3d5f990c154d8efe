// Where results may be written: on the very elements of the logits (in place), or apart from every input.
import { overlap } from '../errors';
import { bufferOf, kindOf, lengthOf, offsetOf } from '../intrinsics';

const bytesOfElement: Readonly<Record<string, number>> = {
  Uint8Array: 1,
  Uint16Array: 2,
  Float16Array: 2,
  Int32Array: 4,
  Float32Array: 4,
  Float64Array: 8,
  BigInt64Array: 8,
};

/** Refuses `out` if it shares bytes with `input`. */
export function validateApart(outName: string, out: unknown, inputName: string, input: unknown): void {
  if (overlaps(out, input)) throw overlap(outName, inputName, false);
}

/** The same, but that `out` may be exactly the input. */
export function validateApartOrSame(outName: string, out: unknown, inputName: string, input: unknown): void {
  const same = kindOf(out) === kindOf(input) && lengthOf(out) === lengthOf(input);
  if (same && offsetOf(out) === offsetOf(input)) return;
  if (overlaps(out, input)) throw overlap(outName, inputName, true);
}

/** Whether two arrays share bytes. */
function overlaps(out: unknown, input: unknown): boolean {
  const outStart = offsetOf(out);
  const start = offsetOf(input);
  const outEnd = outStart + lengthOf(out) * (bytesOfElement[kindOf(out) as string] as number);
  const end = start + lengthOf(input) * (bytesOfElement[kindOf(input) as string] as number);
  // Buffers last: see bufferOf.
  return outStart < end && start < outEnd && bufferOf(out) === bufferOf(input);
}
