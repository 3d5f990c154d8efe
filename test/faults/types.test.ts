// RELIABILITY: what is not the expected type is a TypeError naming the argument, whoever asks: a Proxy, a DataView, arrays
// of BigInt, an object with the prototype of an array, an array of another element type. Nothing is written.
import { describe, expect, test } from 'vitest';
import { bitsOf, errorOf, labelsOf, type Place, placesOf, subjects, type View, ways } from './subjects';

const impostors: [string, (array: View) => unknown][] = [
  ['a Proxy', (array) => new Proxy(array, {})],
  ['a DataView', (array) => new DataView(array.buffer as ArrayBuffer)],
  ['a BigUint64Array', (array) => new BigUint64Array(array.length)],
  ['a Uint8ClampedArray', (array) => new Uint8ClampedArray(array.length)],
  ['an object with its prototype', (array) => Object.create(Object.getPrototypeOf(array))],
  ['an array-like object', (array) => ({ length: array.length, 0: 1 })],
  ['text', () => '1, 2'],
  ['null', () => null],
];

// What is computed with, whatever its element type: it is converted.
const converted = /^(target|options\.(weight|weights|bias)|otherLogits)$/;

describe.each(subjects)('$title', (subject) => {
  describe.each(labelsOf(subject))('%s', (label) => {
    const refuse = async (replace: (array: View) => unknown): Promise<void> => {
      for (const [way, call] of ways) {
        const args = subject.create();
        const places = placesOf(subject, args);
        const place = places.find((one) => one.label === label) as Place;
        const others = places.filter((one) => one !== place).map(({ array }) => array);
        const before = bitsOf(others);
        place.put(replace(place.array));
        const error = await errorOf(() => call(subject.name)(...args));
        expect(error, way).toBeInstanceOf(TypeError);
        expect(error?.code).toBe('ERR_INVALID_ARG_TYPE');
        expect(error?.message).toMatch(new RegExp(`"${label.replaceAll('.', '\\.')}(\\.data)?"`));
        expect(bitsOf(others)).toBe(before);
      }
    };

    test.each(impostors)('%s', (_, create) => refuse(create));

    // Another type of logits would make all others wrong instead.
    const first = label === subject.names[0];
    if (first || converted.test(label)) return;
    test('another element type', () =>
      refuse((array) =>
        array instanceof Float64Array ? new Float32Array(array.length) : new Float64Array(array.length),
      ));
  });
});
