// The logits of a full layer: what a shard of a larger one gives to a state.
import { describe, expect, test } from 'vitest';
import * as promises from '../../lib/promises';
import { libraries } from '../libraries';
import { thrown } from '../thrown';

const [classes, dim, batch] = [300, 12, 40];
const weight = Float64Array.from({ length: classes * dim }, (_, i) => Math.sin(i));
const bias = Float64Array.from({ length: classes }, (_, i) => Math.cos(i));
const hidden = { data: Float64Array.from({ length: batch * dim }, (_, i) => Math.sin(2 * i)), dims: [batch, dim] };
const options = { classes, dim, type: 'float64', weight, bias } as const;

describe.each(libraries)('%s', (_, { FullSoftmax }) => {
  test('logits are products with the weights', () => {
    const { data, dims } = new FullSoftmax(options).logits(hidden);
    expect(dims).toEqual([batch, classes]);
    data.forEach((z, i) => {
      const [r, c] = [Math.floor(i / classes), i % classes];
      let sum = bias[c] as number;
      for (let k = 0; k < dim; k += 1) sum += (hidden.data[r * dim + k] as number) * (weight[c * dim + k] as number);
      expect(Math.abs(z - sum)).toBeLessThan(1e-13);
    });
    expect(new FullSoftmax(options).logits(hidden.data.slice(0, dim))).toMatchObject({ dims: [classes] });
    expect(thrown(() => new FullSoftmax(options).logits([1]))).toMatchObject({ code: 'ERR_SOFTMAX_SHAPE_MISMATCH' });
  });
});

test('softmax-native/promises: the same', async () => {
  const [, { FullSoftmax }] = libraries[0] as (typeof libraries)[number];
  expect(await new promises.FullSoftmax(options).logits(hidden)).toEqual(new FullSoftmax(options).logits(hidden));
});
