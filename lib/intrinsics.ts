// What user code cannot falsify. The accessors of %TypedArray% are captured when the module loads and read the internal
// slots: they see through subclasses, own properties, null prototypes, other realms and prototypes changed later, and a
// Proxy or a DataView is nothing to them.

export const { isArray } = Array;
export const { Float32Array, Float64Array, Int32Array, Uint8Array, Uint16Array, Uint32Array } = globalThis;

/** Not there before Node 24. */
export const { Float16Array } = globalThis as {
  Float16Array?: new (buffer: ArrayBuffer | number, offset?: number, length?: number) => ArrayLike<number>;
};

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;

/** A property, its own or inherited, that an object has. */
export const descriptorOf = (owner: object, name: string): PropertyDescriptor =>
  getOwnPropertyDescriptor(owner, name) ?? descriptorOf(getPrototypeOf(owner) as object, name);

/** `uncurryThis(f)(x, ...)` is `f.call(x, ...)`, whatever becomes of Function.prototype.call. */
const uncurryThis = Function.prototype.bind.bind(Function.prototype.call) as unknown as <
  This,
  Rest extends unknown[],
  Result,
>(
  method: (this: This, ...rest: Rest) => Result,
) => (self: This, ...rest: Rest) => Result;

const TypedArrayPrototype = getPrototypeOf(Int8Array.prototype) as object;

function accessor<Result>(key: PropertyKey): (self: unknown) => Result {
  const { get } = getOwnPropertyDescriptor(TypedArrayPrototype, key) as { get: (this: unknown) => Result };
  return uncurryThis(get);
}

/** 'Float32Array' for a Float32Array of any realm or subclass, undefined for what is no typed array. */
export const kindOf = accessor<string | undefined>(Symbol.toStringTag);

/** The true number of elements: 0 for a detached or out-of-bounds view. */
export const lengthOf = accessor<number>('length');

/** The true offset in bytes. */
export const offsetOf = accessor<number>('byteOffset');

/** The true buffer. It gives a small array a buffer object that it did not need: ask only where it matters. */
export const bufferOf = accessor<ArrayBufferLike>('buffer');

/** The true number of bytes of an ArrayBuffer: 0 for one that was transferred. */
export const bytesOf = uncurryThis(
  (getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength') as { get: (this: unknown) => number }).get,
);

/** Whether the view's memory may be written by another thread meanwhile. Only then an error is thrown, which is slow. */
export function isShared(view: unknown): boolean {
  try {
    return bytesOf(bufferOf(view)) < 0;
  } catch {
    return true;
  }
}

const at = uncurryThis(Float64Array.prototype.at as (this: unknown, index: number) => unknown);

/** Whether the view's buffer was transferred, or shrunk from under it. An empty array is not detached. */
export function isDetached(view: unknown): boolean {
  if (lengthOf(view) !== 0) return false;
  try {
    at(view, 0);
    return false;
  } catch {
    return true;
  }
}
