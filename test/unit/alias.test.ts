// Alias tables: every class has exactly its share of the numbers, with up to 2^24 classes.
import { describe, expect, test } from 'vitest';
import { Rng } from '../../lib/index';
import { AliasTable } from '../../lib/random/alias';
import { createRandom } from '../seed';

/** How many of the 2^53 numbers the columns give to each class. */
function sharesOfColumns(table: AliasTable): Float64Array {
  const shares = new Float64Array(table.classes);
  const width = 2 ** 53 / table.thresholds.length;
  const give = (id: number, count: number): void => {
    if (count > 0) shares[id] = (shares[id] as number) + count;
  };
  for (const [column, threshold] of table.thresholds.entries()) {
    give(column, threshold);
    give(table.aliases[column] as number, width - threshold);
  }
  return shares;
}

const random = createRandom(7);
const many = (length: number, weight: (id: number) => number) => Array.from({ length }, (_, id) => weight(id));

describe.each<[string, number[]]>([
  ['one class', [3]],
  ['two', [1, 2]],
  ['as many as columns, all alike', many(64, () => 1)],
  ['65, all alike', many(65, () => 1)],
  ['one with all', [0, 0, 5, 0, 0]],
  ['every other one without', many(1000, (id) => (id % 2) * id)],
  ['Zipf', many(5000, (id) => 1 / (id + 1))],
  ['random', many(3000, () => random())],
  ['from the smallest number to the greatest', [5e-324, 1e-300, 1, 1e300, Number.MAX_VALUE]],
  ['greatest numbers', [Number.MAX_VALUE, Number.MAX_VALUE, Number.MAX_VALUE / 2]],
  ['thousands that round to nothing', [...many(5000, () => 1e-40), 1, ...many(5000, () => 1e-40)]],
])('%s', (_, weights) => {
  const table = AliasTable.fromWeights(weights);
  const shares = weights.map((_, id) => table.share(id));

  test('the shares add up to 2^53, and are those of the columns', () => {
    expect(shares.reduce((sum, share) => sum + BigInt(share), 0n)).toBe(2n ** 53n);
    expect([...sharesOfColumns(table)]).toEqual(shares);
  });

  test('they are what is due, but never nothing', () => {
    const greatest = Math.max(...weights);
    const sum = weights.reduce((a, b) => a + b / greatest, 0);
    const positive = weights.filter((weight) => weight > 0).length;
    for (const [id, weight] of weights.entries()) {
      if (weight === 0) expect(shares[id]).toBe(0);
      else expect(shares[id]).toBeGreaterThanOrEqual(1);
      const due = (weight / greatest / sum) * 2 ** 53;
      // One for rounding; the most probable class pays for those that were due less than one.
      const slack = weight === greatest ? positive + due * 2 ** -44 : 2 + due * 2 ** -44;
      expect(Math.abs((shares[id] as number) - due)).toBeLessThanOrEqual(slack);
    }
  });

  test('the logarithms', () => {
    for (const [id, share] of shares.entries()) expect(table.logQ[id]).toBe(Math.log(share / 2 ** 53));
  });
});

test('uniform, without columns', () => {
  const table = new AliasTable(3);
  expect(table.thresholds).toHaveLength(0);
  expect([...table.logQ]).toEqual([Math.log(1 / 3)]);
  const rng = new Rng(1);
  const again = new Rng(1);
  for (let i = 0; i < 100; i += 1) expect(table.draw(rng)).toBe(again.integer(3));
});

test('without some', () => {
  const rest = AliasTable.fromWeights([1, 2, 3, 4]).without([1, 3]);
  // Within one of the 2^53 numbers.
  for (const [id, q] of [0.25, 0, 0.75, 0].entries()) {
    expect(Math.abs(rest.share(id) - q * rest.total)).toBeLessThanOrEqual(1);
  }
});

test('too many classes', () => {
  expect(() => AliasTable.fromWeights({ length: 2 ** 26 + 1 })).toThrow(
    expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
  );
});

test('2^24 classes: a third is a third, a twelfth is spread over all, and what has no weight is never drawn', () => {
  const classes = 2 ** 24;
  // Classes 0, 1 and 2 have 1/3, 1/4 and 1/3. The odd ones of the others have none; the even ones share the rest.
  const weights = new Float64Array(classes);
  for (let id = 4; id < classes; id += 2) weights[id] = 1 / 12 / (classes / 2 - 2);
  weights.set([1 / 3, 1 / 4, 1 / 3]);
  const table = AliasTable.fromWeights(weights);
  const rng = new Rng(24);
  const draws = 600_000;
  const parts = 64;
  const counts = new Float64Array(3 + parts);
  for (let i = 0; i < draws; i += 1) {
    const id = table.draw(rng);
    if ((weights[id] as number) === 0) throw new Error(`Class ${id} has no weight`);
    const bin = id < 3 ? id : 3 + Math.floor((id / classes) * parts);
    counts[bin] = (counts[bin] as number) + 1;
  }
  const due = [1 / 3, 1 / 4, 1 / 3, ...many(parts, () => 1 / 12 / parts)];
  const chi = due.reduce((sum, p, bin) => sum + ((counts[bin] as number) - p * draws) ** 2 / (p * draws), 0);
  // 66 degrees of freedom: exceeded once in a million.
  expect(chi).toBeLessThan(133);
}, 60_000);
