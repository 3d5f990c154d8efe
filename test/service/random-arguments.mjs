// Arguments of every kind, thrown together from a seed: shapes that fit and that do not, arrays of every type, at any
// offset, of plain, shared and resizable buffers, detached ones, options that make sense and that make none.

/** Mulberry32. */
export function createRandom(seed) {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(next() * n);
  return { next, below, oneIn: (n) => below(n) === 0, of: (items) => items[below(items.length)] };
}

const sizeOf = (dims) => dims.reduce((a, b) => a * b, 1);
const odd = () => [
  null,
  undefined,
  5,
  -1,
  NaN,
  1.5,
  2 ** 53,
  'text',
  Symbol('s'),
  1n,
  {},
  [],
  () => 1,
  true,
  new Map(),
];
const numbers = [0, -0, 1, -1, 2.5, 7, NaN, Infinity, -Infinity, 1e300, -1e300, 5e-324, 0.1, -3];
const types = [Float32Array, Float64Array, Uint8Array, Int32Array, BigInt64Array, Int8Array, Uint32Array];

export class Arguments {
  /** `isLarge`: whether shapes are often worth a job. */
  constructor(seed, isLarge = false) {
    this.random = createRandom(seed);
    this.isLarge = isLarge;
    this.detachable = [];
  }

  number() {
    return this.random.oneIn(4) ? this.random.of(numbers) : 8 * this.random.next() - 4;
  }

  /** Fills what can be filled with numbers, mostly ordinary ones. */
  filled(array) {
    if (array instanceof BigInt64Array) return array.map(() => BigInt(this.random.below(5)) - 1n);
    // 16-bit floats have any bits.
    const number = () => (array instanceof Uint16Array ? this.random.below(2 ** 16) : 8 * this.random.next() - 4);
    for (let i = 0; i < array.length; i += 1) array[i] = this.random.oneIn(12) ? this.random.of(numbers) : number();
    return array;
  }

  /** A view of `length` elements of some buffer, at an offset of whole elements. */
  view(Type, length) {
    const offset = this.random.oneIn(3) ? this.random.below(5) * Type.BYTES_PER_ELEMENT : 0;
    const bytes = offset + length * Type.BYTES_PER_ELEMENT + this.random.below(3) * 8;
    const kind = this.random.below(8);
    let buffer = new ArrayBuffer(bytes);
    if (kind === 0) buffer = new SharedArrayBuffer(bytes);
    if (kind === 1) buffer = Reflect.construct(ArrayBuffer, [bytes, { maxByteLength: 2 * bytes + 8 }]);
    const array = this.filled(new Type(buffer, offset, length));
    if (kind === 1 && this.random.oneIn(4)) buffer.resize(this.random.below(bytes + 1));
    if (kind !== 0) this.detachable.push(buffer);
    if (kind === 2 && this.random.oneIn(6)) structuredClone(buffer, { transfer: [buffer] });
    return array;
  }

  /** An array of numbers, mostly a float array, of `length` elements, mostly. */
  array(length, Type = this.Float) {
    const n = this.random.oneIn(20) ? this.random.below(13) : length;
    const kind = this.random.below(30);
    if (kind === 0) return this.random.of(odd());
    if (kind === 1) return this.view(this.random.of(types), n);
    if (kind === 2) return new Proxy(new Type(n), {});
    if (kind === 3) return Object.create(Type.prototype);
    if (kind < 8 && n < 100) return Array.from({ length: n }, () => this.number());
    return this.view(Type, n);
  }

  dims(dims) {
    const kind = this.random.below(30);
    if (kind === 0) return this.random.of(odd());
    if (kind === 1) return dims.map((d) => (this.random.oneIn(2) ? this.random.of(numbers) : d));
    return kind === 2 ? [...dims, this.random.below(3)] : dims;
  }

  /** A tensor of that shape; for one vector the bare array. */
  tensor(dims, isVector, Type) {
    const data = this.array(sizeOf(dims), Type);
    if (data instanceof Uint16Array && !this.random.oneIn(20)) return { data, dims: this.dims(dims), type: this.half };
    return isVector && !this.random.oneIn(20) ? data : { data, dims: this.dims(dims) };
  }

  /** A shape: a vector, or up to three axes; now and then one that is worth a job. */
  shape() {
    this.Float = this.random.of([Float32Array, Float32Array, Float64Array, Float64Array, Uint16Array]);
    this.half = this.random.of(['float16', 'bfloat16']);
    this.isVector = this.random.oneIn(2);
    const length = () => (this.random.oneIn(6) ? this.random.below(2) : 1 + this.random.below(9));
    const large = this.random.oneIn(this.isLarge ? 3 : 40) ? 6000 : 1;
    if (this.isVector) return [length() * large * 3];
    const dims = Array.from({ length: 1 + this.random.below(3) }, length);
    if (large > 1) dims[this.random.below(dims.length)] *= large;
    return sizeOf(dims) > 100_000 ? [4, 6000] : dims;
  }

  maskFor(dims) {
    const of = this.random.oneIn(2) ? dims : dims.map((d) => (this.random.oneIn(2) ? 1 : d));
    const data = this.random.oneIn(10) ? this.array(sizeOf(of)) : this.view(Uint8Array, sizeOf(of));
    return this.isVector ? data : { data, dims: this.dims(of) };
  }

  classes(rows, classes) {
    const kind = this.random.below(6);
    const one = () => (this.random.oneIn(40) ? this.random.of(numbers) : this.random.below(classes));
    if (this.isVector && kind < 3) return one();
    if (kind === 3) return Array.from({ length: rows }, one);
    if (kind === 4) return BigInt64Array.from({ length: rows }, () => BigInt(this.random.below(classes)));
    const array = this.view(Int32Array, rows);
    for (let i = 0; i < array.length; i += 1) array[i] = this.random.oneIn(10) ? -100 : one();
    return array;
  }

  target(dims, axis) {
    const n = dims.at(axis) ?? 1;
    if (this.random.oneIn(3)) {
      const y = this.tensor(dims, this.isVector);
      return y;
    }
    return this.classes(Math.max(0, sizeOf(dims) / n || 0), Math.max(1, n));
  }

  /** Options for logits of that shape; `more` are the function's own, by name. */
  options(dims, more = {}) {
    const own = {
      beta: () => this.number(),
      temperature: () => this.number(),
      base: () => this.number(),
      axis: () => (this.random.oneIn(4) ? [0, -1] : this.random.below(4) - 2),
      mask: () => this.maskFor(dims),
      nonFinite: () => this.random.of(['limit', 'ieee', 'throw']),
      ...more,
    };
    if (this.random.oneIn(6)) return this.random.oneIn(8) ? this.random.of(odd()) : undefined;
    const options = {};
    for (let count = this.random.below(4); count > 0; count -= 1) {
      const name = this.random.of(Object.keys(own));
      options[name] = this.random.oneIn(25) ? this.random.of(odd()) : own[name]();
    }
    if (this.random.oneIn(30)) this.getter(options);
    return options;
  }

  /** An option that takes an argument's memory away while it is read. */
  getter(options) {
    const name = this.random.of(['beta', 'axis', 'mask', 'nonFinite', 'out']);
    Object.defineProperty(options, name, {
      enumerable: true,
      get: () => {
        this.detachAny();
        return undefined;
      },
    });
  }

  /** Takes the memory of some array of the call away. */
  detachAny() {
    const buffer = this.random.of(this.detachable);
    // An empty one may be detached already, which structuredClone refuses from Node 22 on.
    if (buffer === undefined || buffer.byteLength === 0) return;
    if (buffer.resizable) buffer.resize(this.random.below(buffer.byteLength + 1));
    else structuredClone(buffer, { transfer: [buffer] });
  }
}
