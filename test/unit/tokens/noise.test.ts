// Gumbel noise: the same bits wherever it is made, in the order of memory, and drawn once.
import { expect, test } from 'vitest';
import * as library from '../../../lib/index';
import * as promises from '../../../lib/promises';
import { drawSeed } from '../../../lib/random/rng';
import * as reference from '../../../lib/reference';
import { gumbelNoise, gumbelOf } from '../../../lib/tokens/noise';
import { createRandom } from '../../seed';

const { Rng } = library;
const random = createRandom(31);
const numbers = (n: number): Float64Array => Float64Array.from({ length: n }, () => 6 * random() - 3);

test('its logarithm is right to the last digits', () => {
  for (const u of [2 ** -54, 2 ** -53, 1e-9, 0.3, 1 / Math.E, 0.5, 0.9, 1 - 2 ** -53]) {
    expect(Math.abs(gumbelOf(u) + Math.log(-Math.log(u)))).toBeLessThan(4e-16 * Math.max(1, Math.abs(gumbelOf(u))));
  }
});

test.each([1, 2, 127, 129, 5000, 70001])('%i logits: softmax of logits with noise, to the bit', (n) => {
  const z = numbers(n);
  const noise = gumbelNoise(drawSeed(new Rng(77)), n);
  const noisy = z.map((logit, i) => logit + (noise[i] as number));
  expect(library.gumbelSoftmax(z, { tau: 0.6, rng: new Rng(77) })).toEqual(
    library.softmax(noisy, { temperature: 0.6 }),
  );
  const single = Float32Array.from(z, (logit, i) => Math.fround(logit) + (noise[i] as number));
  expect(library.gumbelSoftmax(Float32Array.from(z), { rng: new Rng(77) })).toEqual(library.softmax(single));
  const hard = library.gumbelSoftmax(z, { hard: true, rng: new Rng(77) });
  expect(hard).toEqual(library.hardmax(noisy));
  expect(hard).toEqual(reference.gumbelSoftmax(z, { hard: true, rng: new Rng(77) }));
});

test('whatever the axes, the noise is in the order of memory', () => {
  const tensor = { data: numbers(120), dims: [4, 5, 6] };
  const noise = gumbelNoise(drawSeed(new Rng(8)), 120);
  const noisy = { data: tensor.data.map((logit, i) => logit + (noise[i] as number)), dims: tensor.dims };
  const g = { data: numbers(120), dims: [4, 5, 6] };
  for (const axis of [0, 1, 2, [0, 1], [0, 2], [0, 1, 2]]) {
    const y = library.softmax(noisy, { axis });
    expect(library.gumbelSoftmax(tensor, { axis, rng: new Rng(8) })).toEqual(y);
    expect(library.gumbelSoftmaxVjp(tensor, g, { axis, rng: new Rng(8) })).toEqual(library.softmaxVjp(y, g, { axis }));
  }
});

test('every way leaves the generator in the same place, and a refusal where it was', async () => {
  const z = Float32Array.from(numbers(60000));
  const after = async (call: (rng: library.Rng) => unknown): Promise<string> => {
    const rng = new Rng(3);
    await Promise.resolve()
      .then(() => call(rng))
      .catch(() => undefined);
    return rng.state.taken;
  };
  const wanted = await after((rng) => library.gumbelSoftmax(z, { rng }));
  expect(wanted).toBe('2');
  expect(await after((rng) => promises.gumbelSoftmax(z, { rng }))).toBe(wanted);
  expect(await after((rng) => promises.gumbelSoftmax(z.slice(), { rng, transfer: true }))).toBe(wanted);
  expect(await after((rng) => promises.gumbelSoftmaxVjp(z.slice(), z.slice(), { rng, transfer: true }))).toBe(wanted);
  expect(await after((rng) => library.gumbelSoftmax(z, { rng, out: new Float32Array(3) }))).toBe('0');
  expect(await after((rng) => promises.gumbelSoftmaxVjp(z, z.subarray(1), { rng }))).toBe('0');
});

test('the derivative is of the arrays as they were at the call, and its job is given up by its signal', async () => {
  const z = Float32Array.from(numbers(300_000));
  const g = z.map((x) => x + 1);
  const wanted = library.gumbelSoftmaxVjp(z, g, { rng: new Rng(4) });
  const promise = promises.gumbelSoftmaxVjp(z, g, { rng: new Rng(4) });
  g.fill(NaN);
  expect(await promise).toEqual(wanted);
  const control = new AbortController();
  const given = promises.gumbelSoftmaxVjp(z, z, { rng: new Rng(4), signal: control.signal });
  control.abort(new Error('enough'));
  await expect(given).rejects.toThrow(expect.objectContaining({ code: 'ABORT_ERR' }));
});
