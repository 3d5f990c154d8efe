// Arrays that are given away: while an option's getter takes them, and in options of all kinds.
import { describe, expect, test } from 'vitest';
import * as plain from '../../lib/index';
import { softmax, softmaxVjp } from '../../lib/promises';

test('an array that a getter takes after the call was checked', async () => {
  const p = new Float64Array(7).fill(1 / 7);
  let reads = 0;
  const options = {
    transfer: true as const,
    get beta() {
      reads += 1;
      if (reads === 2) structuredClone(p.buffer, { transfer: [p.buffer] });
      return 1;
    },
  };
  await expect(softmaxVjp(p, new Float64Array(7), options)).rejects.toMatchObject({ code: 'ERR_SOFTMAX_DETACHED' });
  expect(reads).toBeGreaterThan(1);
});

describe('options that are no plain object', () => {
  const logits = (): Float32Array => Float32Array.from({ length: 20_000 }, (_, i) => i % 7);

  test('what is inherited counts, and is not given away', async () => {
    const storage = new Float32Array(20_000);
    const inherited = { beta: 2, out: storage };
    const options = Object.create(inherited, { transfer: { value: true } }) as { transfer: true };
    const { transferred } = await softmax(logits(), options);
    expect(storage).toEqual(plain.softmax(logits(), { beta: 2 }));
    expect(transferred).toHaveLength(1);
  });

  test('what is not enumerable, frozen or without a prototype counts', async () => {
    const expected = plain.softmax(logits(), { beta: 2 });
    const storage = new Float32Array(20_000);
    const hidden = Object.defineProperty({ transfer: true as const, beta: 2 }, 'out', { value: storage });
    expect((await softmax(logits(), hidden)).transferred).toHaveLength(2);
    expect(storage.length).toBe(0);
    expect((await softmax(logits(), Object.freeze({ transfer: true as const, beta: 2 }))).result).toEqual(expected);
    const bare = Object.assign(Object.create(null), { transfer: true as const, beta: 2 }) as { transfer: true };
    expect((await softmax(logits(), bare)).result).toEqual(expected);
  });
});
