// What the binary refused, as the error that the checks before it would have thrown. Reached only where memory changes
// hands behind JavaScript's back: a shared buffer mapped twice, memory that is not to be had.
import { detached, invalidType, outOfMemory, overlap, shapeMismatch } from '../errors';
import { frame, Slot } from './frame';

/** `names` are the user's for the arrays of the call, by position. */
export function failure(names: readonly string[]): Error {
  const name = names[frame[Slot.detail] as number] ?? (names[0] as string);
  switch (frame[Slot.status]) {
    case 2:
      return invalidType(name, 'a typed array of the type computed with', undefined);
    case 3:
      return detached(name);
    case 4:
      return shapeMismatch(name, 'have the elements that its shape needs', 'another length');
    case 5:
      return overlap('options.out', name, false);
    default:
      return outOfMemory();
  }
}
