// RELIABILITY: memory that another thread writes meanwhile. It may spoil values, never memory: indices are read once,
// checked, and used from that reading. A worker rewrites everything all the time, indices between good and far out of
// range; each call gives a loss or names a row, and the process lives.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf, placesOf, subjects, type View, ways } from './subjects';

const scribbling = `
  const { parentPort, workerData } = require('node:worker_threads');
  parentPort.postMessage('begun');
  for (let turn = 0; ; turn += 1) {
    for (const array of workerData) {
      const isBig = array instanceof BigInt64Array;
      const isIndex = isBig || array instanceof Int32Array;
      const value = isIndex ? (turn % 2 ? 0x7fffffff : turn % 400) : turn % 3 - 1 + (turn % 5 ? 0 : NaN);
      array.fill(isBig ? BigInt(value) : value);
    }
  }`;

const prepared = subjects.map((subject) => {
  const args = subject.create();
  for (const place of placesOf(subject, args)) {
    const { array } = place;
    const shared = Reflect.construct(array.constructor, [new SharedArrayBuffer(array.byteLength)]) as View;
    shared.set(array as never);
    place.put(shared);
  }
  return { subject, args };
});

let worker: Worker;
beforeAll(async () => {
  const arrays = prepared.flatMap(({ subject, args }) => placesOf(subject, args).map(({ array }) => array));
  worker = new Worker(scribbling, { eval: true, workerData: arrays });
  await once(worker, 'message');
});
afterAll(async () => {
  await worker.terminate();
});

test.each(prepared.map(({ subject }, i) => [subject.title, i] as const))('%s', async (_, i) => {
  const { subject, args } = prepared[i] as (typeof prepared)[number];
  const codes = new Set<string | undefined>();
  for (let round = 0; round < 20; round += 1) {
    for (const [, call] of ways.slice(0, 2)) codes.add((await errorOf(() => call(subject.name)(...args)))?.code);
  }
  codes.delete(undefined);
  // A class, or a class weight, that is out of range at the moment of reading.
  expect([...codes].filter((code) => code !== 'ERR_OUT_OF_RANGE')).toEqual([]);
});
