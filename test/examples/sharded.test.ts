// The layer of examples/sharded: what it answers is what one place would, also when a shard is killed meanwhile.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FullSoftmax, SoftmaxState } from '../../lib/index';

const folder = new URL('../../examples/sharded/', import.meta.url);
const load = (file: string) => import(new URL(file, folder).href);

const [classes, dim, shards, topK] = [30_011, 16, 3, 5];
const place = mkdtempSync(join(tmpdir(), 'sharded-'));
const file = join(place, 'weights.f32');
const rows = 64;
const hidden = Float32Array.from({ length: rows * dim }, (_, i) => Math.sin(i * 1.7) * 0.8);
const targets = Int32Array.from({ length: rows }, (_, i) => (i * 7919) % classes);

interface Layer {
  readonly restarts: number;
  readonly pids: readonly number[];
  ask(hidden: Float32Array, targets: Int32Array): Promise<InstanceType<typeof SoftmaxState>[]>;
  kill(index: number): void;
  close(): void;
}

let weight: Float32Array;
let layer: Layer;

beforeAll(async () => {
  const { readPart, writeWeights } = await load('weights.mjs');
  writeWeights(file, { classes, dim, seed: 3 });
  weight = readPart(file, { first: 0, count: classes, dim });
});
afterEach(() => layer.close());
afterAll(() => rmSync(place, { recursive: true }));

async function start(kind: string): Promise<Layer> {
  const [{ ShardedSoftmax }, links, { partsOf }] = await Promise.all(
    ['layer.mjs', 'links.mjs', 'weights.mjs'].map(load),
  );
  const parts = partsOf(classes, shards).map(({ first, count }: { first: number; count: number }) =>
    kind === 'processes'
      ? { first, count, dim, file }
      : { first, count, dim, weight: weight.subarray(first * dim, (first + count) * dim) },
  );
  const link = kind === 'processes' ? links.startProcess : links.startThread;
  layer = new ShardedSoftmax({ start: link, parts, dim, topK });
  return layer;
}

/** In one place; and by plain loops, which know nothing of the library. */
function expectRight(states: InstanceType<typeof SoftmaxState>[]): void {
  const full = new FullSoftmax({ classes, dim, weight });
  expect(states.length).toBe(rows);
  for (const row of [0, 1, rows - 1]) {
    const vector = hidden.subarray(row * dim, (row + 1) * dim);
    const target = targets[row] as number;
    const whole = new SoftmaxState({ topK, target }).push(full.logits(vector).data as Float32Array);
    const state = states[row] as InstanceType<typeof SoftmaxState>;
    expect(state.count).toBe(classes);
    expect(state.top().ids).toEqual(whole.top().ids);
    expect(state.top().logits).toEqual(whole.top().logits);
    expect(Math.abs(state.logSumExp - whole.logSumExp)).toBeLessThanOrEqual(2 ** -52 * whole.logSumExp);
    expect(state.targetLogProbability).toBeCloseTo(whole.targetLogProbability as number, 13);

    const logits = Array.from({ length: classes }, (_, c) =>
      vector.reduce((sum, x, k) => sum + x * (weight[c * dim + k] as number), 0),
    );
    const total = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0));
    expect(state.logSumExp).toBeCloseTo(total, 5);
    expect(state.targetLogProbability).toBeCloseTo((logits[target] as number) - total, 5);
    expect(state.max).toBeCloseTo(Math.max(...logits), 5);
  }
}

describe.each(['processes', 'threads'])('over %s', (kind) => {
  it('answers as one place would, also when a shard dies in the middle', async () => {
    await start(kind);
    expectRight(await layer.ask(hidden, targets));
    const kill = (): void => {
      if (kind === 'processes') process.kill(layer.pids[1] as number, 'SIGKILL');
      else layer.kill(1);
    };
    const [answer, another] = [layer.ask(hidden, targets), layer.ask(hidden, targets)];
    // By now the requests are on their way.
    await new Promise((resolve) => setImmediate(resolve));
    kill();
    expectRight(await answer);
    expectRight(await another);
    expect(layer.restarts).toBe(1);
    expectRight(await layer.ask(hidden, targets));
  }, 60_000);
});

it('gives up on a shard that can not be started', async () => {
  const { ShardedSoftmax } = await load('layer.mjs');
  const { startProcess } = await load('links.mjs');
  const parts = [{ first: 0, count: 10, dim, file: join(place, 'missing') }];
  layer = new ShardedSoftmax({ start: startProcess, parts, dim, topK, attempts: 2 });
  await expect(layer.ask(hidden, targets)).rejects.toThrow('died');
  expect(layer.restarts).toBe(0);
}, 60_000);

it('takes a shard that is silent for dead', async () => {
  const { ShardedSoftmax } = await load('layer.mjs');
  let links = 0;
  // The first link never answers; the second one does.
  const startSilent = (
    _: object,
    { onMessage, onDeath }: Record<'onMessage' | 'onDeath', (message: unknown) => void>,
  ) => {
    links += 1;
    const isSilent = links === 1;
    setImmediate(() => onMessage({ ready: true }));
    return {
      send: ({ id }: { id: number }) => {
        const states = Array.from({ length: rows }, () => new SoftmaxState({ topK }).push([1]).toBytes());
        if (!isSilent) setImmediate(() => onMessage({ id, states }));
      },
      end: () => setImmediate(() => onDeath('ended')),
    };
  };
  layer = new ShardedSoftmax({ start: startSilent, parts: [{ first: 0, count: 1, dim }], dim, topK, patience: 50 });
  const states = await layer.ask(hidden, new Int32Array(0));
  expect(states[0]?.count).toBe(1);
  expect(layer.restarts).toBe(1);
}, 60_000);
