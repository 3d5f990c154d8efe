// Arrays that are given away while an option's getter takes them.
import { expect, test } from 'vitest';
import { softmaxVjp } from '../../lib/promises';

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
