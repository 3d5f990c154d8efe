// Which arrays nobody but the library has hold of: those that it made for a call, and those that were given away to it.
// Known only while a call for a promise is made, which may compute in them instead of in copies. An array that is
// forgotten here is copied, and all is right but slower.

let owned: Set<unknown> | undefined;

/** Says that the array is the library's own, for as long as the call lasts. */
export function own<Data>(array: Data): Data {
  owned?.add(array);
  return array;
}

/** Whether a call is being made of which what is owned matters. */
export const isOwning = (): boolean => owned !== undefined;

export const isOwn = (array: unknown): boolean => owned?.has(array) === true;

/** Runs `call` with `given` and all arrays that it makes known as the library's own. */
export function owning<Result>(given: Iterable<unknown>, call: () => Result): Result {
  const before = owned;
  owned = new Set(given);
  try {
    return call();
  } finally {
    owned = before;
  }
}
