// How often tokens are drawn, against their probabilities: chi-squared.
import { describe, expect, test } from 'vitest';
import { Rng, sample, softmax } from '../../../lib/index';
import { libraries } from '../../libraries';
import { createRandom, seed } from '../../seed';

/** Chi-squared over cells of at least ten expected draws, the rest in one cell, as a number of standard deviations. */
function deviation(ids: ArrayLike<number>, p: ArrayLike<number>): number {
  const observed = new Map<number, number>();
  for (let i = 0; i < ids.length; i += 1) observed.set(ids[i] as number, (observed.get(ids[i] as number) ?? 0) + 1);
  let [chi, cells, restExpected, restObserved] = [0, 0, 0, 0];
  for (let id = 0; id < p.length; id += 1) {
    const [wanted, found] = [(p[id] as number) * ids.length, observed.get(id) ?? 0];
    if (wanted === 0) expect(found).toBe(0);
    if (wanted < 10) {
      restExpected += wanted;
      restObserved += found;
      continue;
    }
    chi += (found - wanted) ** 2 / wanted;
    cells += 1;
  }
  if (restExpected > 0) {
    chi += (restObserved - restExpected) ** 2 / restExpected;
    cells += 1;
  }
  const freedom = Math.max(cells - 1, 1);
  // Wilson and Hilferty 1931.
  return ((chi / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
}

function normalRow(n: number, stream: number): Float32Array {
  const random = createRandom(stream);
  return Float32Array.from(
    { length: n },
    () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

describe.each(libraries)('%s', (_, functions) => {
  test.each([
    [2, 1],
    [10, 0.01],
    [10, 100],
    [1000, 1],
    [1000, 0.3],
  ])('a vocabulary of %i at temperature %f', (n, temperature) => {
    const logits = normalRow(n, n);
    const { ids } = functions.sample(logits, { temperature, count: 20000, rng: new Rng(seed, n) });
    const p = functions.softmax(Float64Array.from(logits), { temperature });
    expect(deviation(ids, p)).toBeLessThan(4);
  });
});

test.each([{ topP: 0.9 }, { typicalP: 0.8 }, { minP: 0.2 }, { topK: 20_000 }])(
  'of the many that %j keeps each is drawn as often as it is likely, and no other',
  (filter) => {
    const n = 30_000;
    const logits = Float64Array.from(normalRow(n, 30), (z) => z / 2);
    const p = softmax(logits);
    const entropy = -p.reduce((sum, q) => sum + q * Math.log(q), 0);
    const order = Array.from(p.keys()).sort((a, b) => (p[b] as number) - (p[a] as number));
    const { topP = 1, typicalP = 1, minP = 0, topK = n } = filter as Record<string, number | undefined>;
    const surprise = (id: number): number => Math.abs(-Math.log(p[id] as number) - entropy);
    if (typicalP < 1) order.sort((a, b) => surprise(a) - surprise(b));
    const most = Math.max(...p);
    const kept = new Float64Array(n);
    let sum = 0;
    for (const id of order.slice(0, topK)) {
      if (sum >= Math.min(topP, typicalP) || (p[id] as number) < minP * most) break;
      kept[id] = p[id] as number;
      sum += p[id] as number;
    }
    const { ids, kept: count } = sample(logits, { ...filter, count: 500_000, rng: new Rng(seed, 30) });
    expect(count).toBe(kept.reduce((many, q) => many + Math.sign(q), 0));
    const probabilities = kept.map((q) => q / sum);
    expect(deviation(ids, probabilities)).toBeLessThan(4);
  },
);

test.each([1, 4])('a vocabulary of 2^24 at temperature %f', (temperature) => {
  const n = 2 ** 24;
  const random = createRandom(24);
  const logits = Float32Array.from({ length: n }, () => 12 * random());
  const { ids, kept } = sample(logits, { temperature, count: 200000, rng: new Rng(seed, 24) });
  expect(kept).toBe(n);
  // Cells of 2^14 neighbours.
  const p = softmax(Float64Array.from(logits), { temperature });
  const cells = new Float64Array(1024);
  for (let id = 0; id < n; id += 1) cells[id >>> 14] = (cells[id >>> 14] as number) + (p[id] as number);
  expect(
    deviation(
      ids.map((id) => id >>> 14),
      cells,
    ),
  ).toBeLessThan(4);
});
