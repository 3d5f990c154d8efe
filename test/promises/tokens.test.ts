// What draws tokens, off the event loop: the plain results.
import { expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import { createRandom } from '../seed';

const random = createRandom(5);
const logits = Float32Array.from({ length: 60000 }, () => 9 * random());
const options = () => ({
  temperature: 0.7,
  topK: 40,
  topP: 0.9,
  history: [1, 2, 2],
  presencePenalty: 1,
  rng: new library.Rng(4),
});

test('sample gives the plain tokens', async () => {
  expect(await promises.sample(logits, options())).toEqual(library.sample(logits, options()));
  const { result } = await promises.sample(logits.slice(), { ...options(), transfer: true });
  expect(result).toEqual(library.sample(logits, options()));
});

test('sample is given up by its signal, and refuses what the plain one refuses', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(promises.sample(logits, { ...options(), signal })).rejects.toThrow(
    expect.objectContaining({ code: 'ABORT_ERR' }),
  );
  await expect(promises.sample(logits, { topP: 2 })).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
  );
});

test('gumbelSoftmax and gumbelSoftmaxVjp give the plain results', async () => {
  const given = () => ({ tau: 0.4, rng: new library.Rng(8) });
  expect(await promises.gumbelSoftmax(logits, given())).toEqual(library.gumbelSoftmax(logits, given()));
  expect(await promises.gumbelSoftmaxVjp(logits, logits, given())).toEqual(
    library.gumbelSoftmaxVjp(logits, logits, given()),
  );
});
