// RELIABILITY: transfer, resize, growth and worker exit during asynchronous work. The result is that of the moment of the
// call, or, where storage is gone, an error that leaves all other storage as it was. Each array of each function.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { backend } from '../../lib/index';
import {
  bitsOf,
  detach,
  errorOf,
  labelsOf,
  optionsOf,
  type Place,
  placesOf,
  subjects,
  type View,
  ways,
} from './subjects';

const [, promised] = ways[1] as (typeof ways)[number];
const [, plain] = ways[0] as (typeof ways)[number];
const isNative = backend.kind !== 'typescript';

/** Results in arrays of the library's own. */
function withoutStorage(subject: (typeof subjects)[number]): unknown[] {
  const args = subject.create();
  const options = optionsOf(args);
  delete options.out;
  for (const key of ['gradient', 'targetGradient']) if (key in options) options[key] = true;
  return args;
}

function resizable(array: View): View & { buffer: { resize(bytes: number): void } } {
  const maxByteLength: unknown = { maxByteLength: 2 * array.byteLength };
  const buffer = Reflect.construct(ArrayBuffer, [array.byteLength, maxByteLength]) as ArrayBuffer;
  const copy = Reflect.construct(array.constructor, [buffer]);
  copy.set(array as never);
  return copy;
}

describe.each(subjects)('$title', (subject) => {
  const expected = bitsOf(plain(subject.name)(...withoutStorage(subject)));

  test('inputs that are written, transferred and dropped', async () => {
    const args = withoutStorage(subject);
    const promise = promised(subject.name)(...args);
    for (const { array } of placesOf(subject, args)) {
      new Uint8Array(array.buffer as ArrayBuffer).fill(255);
      detach(array);
    }
    expect(bitsOf(await promise)).toBe(expected);
  });

  test.each([0, 2])('inputs whose buffers are resized to %i times their size', async (times) => {
    const args = withoutStorage(subject);
    const changed = placesOf(subject, args).map((place) => {
      const array = resizable(place.array);
      place.put(array);
      return { array, bytes: array.byteLength };
    });
    const promise = promised(subject.name)(...args);
    for (const { array, bytes } of changed) array.buffer.resize(times * bytes);
    expect(bitsOf(await promise)).toBe(expected);
  });

  const storage = placesOf(subject, subject.create()).filter(({ isStorage }) => isStorage);
  test.each(isNative ? storage.map(({ label }) => label) : [])('%s gone at the end', async (label) => {
    for (const how of [detach, (array: View) => (array.buffer as unknown as { resize(n: number): void }).resize(8)]) {
      const args = subject.create();
      const place = placesOf(subject, args).find((one) => one.label === label) as Place;
      if (how !== detach) place.put(resizable(place.array));
      const now = placesOf(subject, args);
      const others = now.filter((one) => one.label !== label).map(({ array }) => array);
      const before = bitsOf(others);
      const promise = promised(subject.name)(...args);
      how((now.find((one) => one.label === label) as Place).array);
      const error = await errorOf(() => promise);
      expect(error).toMatchObject({ code: 'ERR_SOFTMAX_DETACHED', message: expect.stringContaining(`"${label}"`) });
      expect(bitsOf(others)).toBe(before);
    }
  });
});

test('inputs posted to a worker that exits', async () => {
  for (const subject of subjects) {
    const expected = bitsOf(plain(subject.name)(...withoutStorage(subject)));
    const args = withoutStorage(subject);
    const worker = new Worker(`require('node:worker_threads').parentPort.once('message', () => process.exit())`, {
      eval: true,
    });
    const exit = once(worker, 'exit');
    await once(worker, 'online');
    const promise = promised(subject.name)(...args);
    const buffers = placesOf(subject, args).map(({ array }) => array.buffer as ArrayBuffer);
    worker.postMessage(buffers, [...new Set(buffers)]);
    expect(bitsOf(await promise)).toBe(expected);
    await exit;
  }
});

test('every array has a test', () => {
  for (const subject of subjects) expect(new Set(labelsOf(subject)).size).toBe(labelsOf(subject).length);
});
