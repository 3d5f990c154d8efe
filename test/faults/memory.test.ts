// RELIABILITY: where an array lies has no effect. Every offset of 0 to 31 elements, shared memory, other realms, subclasses
// that lie, prototypes that were changed: the same bits. Storage that overlaps an input in part is refused.
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { bitsOf, errorOf, placesOf, subjects, type View, ways } from './subjects';

type Subject = (typeof subjects)[number];
const promptly = ways.slice(0, 2);

function copyInto(array: View, buffer: ArrayBufferLike, offset: number): View {
  const copy = Reflect.construct(globalThis[kindOf(array)], [buffer, offset, array.length]) as View;
  copy.set(array as never);
  return copy;
}

const kindOf = (array: View) => array[Symbol.toStringTag] as 'Float32Array' | 'Int32Array';

/** The result, and all storage, of a call whose arrays are replaced one by one. */
async function bitsWith(subject: Subject, call: (typeof ways)[number][1], replace: (array: View) => View) {
  const args = subject.create();
  for (const place of placesOf(subject, args)) place.put(replace(place.array));
  const result = await call(subject.name)(...args);
  return `${bitsOf(numbersOf(result))} ${bitsOf(placesOf(subject, args).map(({ array }) => array))}`;
}

/** Without the storage, which may be of another realm. */
const numbersOf = (result: unknown): unknown =>
  typeof result === 'object' ? Object.values(result as object).filter((value) => typeof value === 'number') : result;

describe.each(subjects)('$title', (subject) => {
  const expected = async () => bitsWith(subject, (promptly[0] as (typeof ways)[number])[1], (array) => array);

  test('every offset from 0 to 31 elements', async () => {
    const wanted = await expected();
    for (let offset = 0; offset <= 31; offset += 1) {
      for (const [way, call] of offset % 5 === 0 ? promptly : promptly.slice(0, 1)) {
        const shifted = (array: View) => {
          const bytes = array.BYTES_PER_ELEMENT;
          return copyInto(array, new ArrayBuffer((array.length + offset + 1) * bytes), offset * bytes);
        };
        expect((await bitsWith(subject, call, shifted)) === wanted, `${way}, offset ${offset}`).toBe(true);
      }
    }
  });

  const kinds: [string, (array: View) => View][] = [
    ['in shared memory', (array) => copyInto(array, new SharedArrayBuffer(array.byteLength), 0)],
    ['of another realm', (array) => runInNewContext(`(a) => new ${kindOf(array)}(a)`)(array) as View],
    ['of a subclass that lies', (array) => Reflect.construct(lying(array), [array]) as View],
    ['with properties of their own that lie', lie],
    ['without a prototype', (array) => Object.setPrototypeOf(array.slice(), null) as View],
  ];
  test.each(kinds)('arrays %s', async (_, replace) => {
    // The storage's own bits are read through its buffer: bitsOf would believe the lie.
    const held: { real: View; shown: View }[] = [];
    const hold = (array: View): View => {
      const shown = replace(array);
      held.push({ real: array, shown });
      return shown;
    };
    const real = subject.create();
    const realResult = (promptly[0] as (typeof ways)[number])[1](subject.name)(...real);
    for (const [way, call] of promptly) {
      held.length = 0;
      const args = subject.create();
      for (const place of placesOf(subject, args)) place.put(hold(place.array));
      const result = await call(subject.name)(...args);
      expect(bitsOf(numbersOf(result)), way).toBe(bitsOf(numbersOf(realResult)));
      const stored = placesOf(subject, real).map(({ array }) => array);
      for (const [i, { shown }] of held.entries()) {
        const wanted = stored[i] as View;
        let same = true;
        for (let j = 0; j < wanted.length; j += 1) same &&= Object.is(shown[j], wanted[j]);
        expect(same, `${way}, array ${i}`).toBe(true);
      }
    }
  });

  test('prototypes that were changed after loading', async () => {
    const wanted = await expected();
    const TypedArray = Object.getPrototypeOf(Float64Array) as { prototype: object };
    const broken = ['set', 'subarray', 'slice', 'fill', 'length', 'buffer', 'byteOffset', Symbol.iterator] as const;
    const before = broken.map(
      (key) => Object.getOwnPropertyDescriptor(TypedArray.prototype, key) as PropertyDescriptor,
    );
    const results: unknown[] = [];
    const args = promptly.map(() => subject.create());
    const places = args.map((one) => placesOf(subject, one));
    try {
      for (const key of broken) {
        const get = () => {
          throw new Error(`${String(key)} was looked at`);
        };
        Object.defineProperty(TypedArray.prototype, key, { get, configurable: true });
      }
      for (const [i, [, call]] of promptly.entries()) results.push(call(subject.name)(...(args[i] as unknown[])));
    } finally {
      for (const [i, key] of broken.entries()) {
        Object.defineProperty(TypedArray.prototype, key, before[i] as PropertyDescriptor);
      }
    }
    for (const [i, result] of (await Promise.all(results)).entries()) {
      const bits = `${bitsOf(numbersOf(result))} ${bitsOf(places[i]?.map(({ array }) => array))}`;
      expect(bits === wanted).toBe(true);
    }
  });

  const storage = placesOf(subject, subject.create()).filter(({ isStorage }) => isStorage);
  test.each(storage.map(({ label }) => label))('%s that overlaps an input', async (label) => {
    const inputs = placesOf(subject, subject.create()).filter(({ isStorage }) => !isStorage);
    for (const input of inputs) {
      for (const [way, call] of ways) {
        const args = subject.create();
        const places = placesOf(subject, args);
        const of = (name: string) => places.find((place) => place.label === name) as (typeof places)[number];
        const [out, into] = [of(label), of(input.label)];
        // The storage begins 8 bytes after the input, in the same buffer.
        const buffer = new ArrayBuffer(16 + Math.max(out.array.byteLength, into.array.byteLength));
        into.put(copyInto(into.array, buffer, 0));
        out.put(Reflect.construct(globalThis[kindOf(out.array)], [buffer, 8, out.array.length]));
        const before = bitsOf(new Uint8Array(buffer));
        const error = await errorOf(() => call(subject.name)(...args));
        expect(error, `${way}, ${input.label}`).toBeInstanceOf(RangeError);
        expect(error?.code).toBe('ERR_SOFTMAX_OVERLAP');
        expect(bitsOf(new Uint8Array(buffer))).toBe(before);
      }
    }
  });
});

function lying(array: View): typeof Float32Array {
  const Base = globalThis[kindOf(array)] as typeof Float32Array;
  const refuse = (): never => {
    throw new Error('species');
  };
  return class extends Base {
    override get length(): number {
      return 1e9;
    }
    override get byteOffset(): number {
      return 1e9;
    }
    override get buffer(): never {
      return refuse();
    }
    static get [Symbol.species](): never {
      return refuse();
    }
  };
}

function lie(array: View): View {
  return Object.defineProperties(array.slice(), {
    length: { value: 7 },
    byteOffset: { value: 4 },
    constructor: {
      get: () => {
        throw new Error('constructor');
      },
    },
  }) as View;
}
