// Arrays as they come: views, other realms, subclasses that lie, shared memory, buffers that go away.
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { libraries, names, untyped } from '../libraries';

const expected = [0.09003057317038046, 0.24472847105479764, 0.6652409557748218];

const near = (actual: ArrayLike<number>, digits = 15): void => {
  expect(actual.length).toBe(3);
  for (const [j, p] of expected.entries()) expect(actual[j]).toBeCloseTo(p, digits);
};

/** A buffer that can be resized, up to 48 bytes. (In the types from ES2024 on, in Node 20 already.) */
function createResizable(bytes: number): ArrayBuffer & { resize(bytes: number): void } {
  const options: unknown = { maxByteLength: 48 };
  return Reflect.construct(ArrayBuffer, [bytes, options]);
}

/** A view whose buffer has been transferred away, or shrunk from under it. */
const gone: [string, () => Float64Array][] = [
  [
    'transferred',
    () => {
      const view = Float64Array.of(1, 2, 3);
      structuredClone(view.buffer, { transfer: [view.buffer] });
      return view;
    },
  ],
  [
    'shrunk below the view',
    () => {
      const buffer = createResizable(24);
      const view = new Float64Array(buffer, 0, 3);
      buffer.resize(16);
      return view;
    },
  ],
  [
    'shrunk below a view that tracks its length',
    () => {
      const buffer = createResizable(24);
      const view = new Float64Array(buffer, 16);
      buffer.resize(8);
      return view;
    },
  ],
];

describe.each(libraries)('%s', (_, functions) => {
  const { softmax, logSumExp, argmax } = functions;

  test('any offset and length of a buffer', () => {
    const memory = new Float32Array(64).fill(NaN);
    for (let offset = 0; offset <= 31; offset += 1) {
      const view = memory.subarray(offset, offset + 3);
      view.set([1, 2, 3]);
      near(softmax(view), 6);
      expect(softmax(view, { out: view })).toBe(view);
      near(view, 6);
      expect(Number.isNaN(memory[offset + 3])).toBe(true);
      memory.fill(NaN);
    }
  });

  test('arrays of another realm, and results of this one', () => {
    const foreign = runInNewContext('new Float32Array([1, 2, 3])') as Float32Array;
    expect(foreign).not.toBeInstanceOf(Float32Array);
    const p = softmax(foreign);
    expect(p).toBeInstanceOf(Float32Array);
    near(p, 6);
    expect(softmax(foreign, { out: foreign })).toBe(foreign);
    near(foreign, 6);
    near(softmax(runInNewContext('[1, 2, 3]') as number[]));
    const tensor = runInNewContext('({ data: new Float64Array([1, 2, 3]), dims: [1, 3] })');
    near(softmax(tensor as { data: Float64Array; dims: number[] }).data);
  });

  test('subclasses and own properties cannot lie', () => {
    class Lying extends Float64Array {
      override get length(): number {
        return 1e9;
      }
      override get byteOffset(): number {
        return 1e9;
      }
      override get [Symbol.toStringTag](): 'Float64Array' {
        return 'Int8Array' as 'Float64Array';
      }
      static get [Symbol.species](): never {
        throw new Error('species');
      }
    }
    const p = softmax(new Lying([1, 2, 3]));
    expect(Object.getPrototypeOf(p)).toBe(Float64Array.prototype);
    near(p);
    const bare = Object.setPrototypeOf(Float64Array.of(1, 2, 3), null) as Float64Array;
    near(softmax(bare));
    const long = Object.defineProperty(Float64Array.of(1, 2, 3), 'length', { value: 5 });
    near(softmax(long));
  });

  test('prototypes changed after loading have no effect', () => {
    const TypedArray = Object.getPrototypeOf(Float64Array) as { prototype: object };
    const length = Object.getOwnPropertyDescriptor(TypedArray.prototype, 'length') as PropertyDescriptor;
    const { call } = Function.prototype;
    try {
      Object.defineProperty(TypedArray.prototype, 'length', { get: () => 1e9, configurable: true });
      Function.prototype.call = () => 1e9;
      const p = softmax(Float64Array.of(1, 2, 3));
      expect(p[2]).toBeCloseTo(0.6652409557748218, 15);
    } finally {
      Object.defineProperty(TypedArray.prototype, 'length', length);
      Function.prototype.call = call;
    }
  });

  test('shared memory', () => {
    const shared = new Float64Array(new SharedArrayBuffer(24));
    shared.set([1, 2, 3]);
    const out = new Float64Array(new SharedArrayBuffer(24));
    expect(softmax(shared, { out })).toBe(out);
    near(out);
    expect(logSumExp(shared)).toBeCloseTo(3.4076059644443806, 15);
  });

  test('buffers that grow: as long as at the call', () => {
    const buffer = createResizable(16);
    const tracking = new Float64Array(buffer);
    buffer.resize(24);
    tracking.set([1, 2, 3]);
    near(softmax(tracking));
    buffer.resize(0);
    expect(softmax(tracking)).toHaveLength(0);
  });

  describe.each(gone)('%s', (_how, create) => {
    const error = (name: string) => ({
      code: 'ERR_SOFTMAX_DETACHED',
      message: `The "${name}" ${name === 'logits' ? 'argument' : 'property'} must not be detached: its buffer was transferred, or shrunk from under it`,
    });

    test.each(names)('%s of it is refused', (name) => {
      const call = untyped(functions, name);
      expect(() => call(create())).toThrow(expect.objectContaining(error('logits')));
      expect(() => call({ data: create(), dims: [0] })).toThrow(expect.objectContaining(error('logits')));
      expect(() => call(create())).toThrow(TypeError);
    });

    test('and as any other array', () => {
      const z = Float64Array.of(1, 2, 3);
      const mask = Object.assign(new Uint8Array(3));
      structuredClone(mask.buffer, { transfer: [mask.buffer] });
      expect(() => softmax(z, { out: create() })).toThrow(expect.objectContaining(error('options.out')));
      expect(() => softmax(z, { out: create(), axis: 0 })).toThrow(expect.objectContaining(error('options.out')));
      expect(() => softmax(z, { mask })).toThrow(expect.objectContaining(error('options.mask')));
      expect(() => logSumExp(z, { weights: create() })).toThrow(expect.objectContaining(error('options.weights')));
    });

    test('also when an option does it while it is read', () => {
      const z = Float64Array.of(1, 2, 3);
      const options = {
        get beta() {
          structuredClone(z.buffer, { transfer: [z.buffer] });
          return 1;
        },
      };
      expect(() => softmax(z, options)).toThrow(expect.objectContaining(error('logits')));
      const out = Float64Array.of(7, 7, 7);
      const numbers = [1, 2, 3];
      Object.defineProperty(numbers, 2, {
        get: () => {
          structuredClone(out.buffer, { transfer: [out.buffer] });
          return 3;
        },
      });
      expect(() => softmax(numbers, { out })).toThrow(expect.objectContaining(error('options.out')));
    });
  });

  test('an empty array is not a detached one', () => {
    expect(softmax(new Float32Array(0))).toEqual(new Float32Array(0));
    expect(softmax([])).toEqual(new Float64Array(0));
    expect(logSumExp(new Float64Array(0))).toBe(-Infinity);
    expect(argmax([5])).toBe(0);
  });
});
