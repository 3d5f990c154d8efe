// The words demo keeps its promises: what it learns from is what it says, and every language model beats the frequencies.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const folder = new URL('../../examples/words/', import.meta.url);
const load = (file: string) => import(new URL(file, folder).href);

/** The packages of the example are installed there, and nowhere else. */
beforeAll(async () => (await load('install.mjs')).installTexts(), 180_000);

describe('the text', () => {
  it('numbers words by frequency, and holds blocks out that the vocabulary does not know', async () => {
    const { loadText, lengthOf } = await load('text.mjs');
    const { vocabulary, counts, training, heldOut } = loadText({ tokens: 50_000, heldOutTokens: 5000, classes: 1000 });
    expect([vocabulary.length, lengthOf(heldOut)]).toEqual([1000, 5000]);
    expect(vocabulary.slice(0, 4)).toEqual(['<unk>', 'the', 'and', 'of']);
    const seen = new Float64Array(1000);
    for (const block of training) for (const word of block) seen[word] = (seen[word] as number) + 1;
    expect([...seen]).toEqual(counts);
    expect([...seen].slice(1)).toEqual([...seen].slice(1).sort((a, b) => b - a));
    const texts = new Set(training.map(String));
    expect(heldOut.filter((block: Int32Array) => texts.has(String(block)))).toEqual([]);
  });

  it('becomes contexts of five words, fewer at the beginning of a block', async () => {
    const { contextsOf } = await load('language-model.mjs');
    const { rows, offsets, targets } = contextsOf([Int32Array.of(3, 1, 4, 1, 5, 9, 2), Int32Array.of(6)], 10);
    expect([...targets]).toEqual([1, 4, 1, 5, 9, 2]);
    expect([...offsets]).toEqual([0, 1, 3, 6, 10, 15, 20]);
    expect([...rows.subarray(15)]).toEqual([9, 15, 21, 34, 41]);
  });

  it('becomes pairs within a window, both ways', async () => {
    const { pairsOf } = await load('skip-gram.mjs');
    const pairs: unknown[] = [];
    for (const { rows, targets } of pairsOf([Int32Array.of(1, 2, 3), Int32Array.of(4, 5)], { window: 1 })) {
      rows.forEach((row: number, k: number) => {
        pairs.push([row, targets[k]]);
      });
    }
    expect(pairs).toEqual([
      [2, 1],
      [1, 2],
      [3, 2],
      [2, 3],
      [5, 4],
      [4, 5],
    ]);
  });
});

it('a tree by meaning has each word once, and like words together', async () => {
  const { pathsByMeaning } = await load('clusters.mjs');
  // Two groups that differ along the first axis.
  const data = Float32Array.of(5, 0.1, 4.9, -0.2, 5.2, 0, -5, 0.3, -4.8, 0, -5.1, 0.2);
  const paths = pathsByMeaning({ data, dims: [6, 2] }, [3, 2, 1, 3, 2, 1]) as { nodes: number[]; bits: number[] }[];
  expect(new Set(paths.map(({ bits }) => bits.join(''))).size).toBe(6);
  expect(paths.reduce((sum, { bits }) => sum + 2 ** -bits.length, 0)).toBe(1);
  const halves = paths.map(({ bits }) => bits[0]);
  expect(new Set(halves.slice(0, 3)).size + new Set(halves.slice(3)).size).toBe(2);
  expect(paths.every(({ nodes }) => nodes[0] === 0)).toBe(true);
});

const densities = [
  'full softmax',
  'adaptive softmax',
  'hierarchical, Huffman',
  'hierarchical, by meaning',
  'sampled softmax, 1,000',
  'sampled softmax, 100',
  'NCE, 500 shared',
  'NCE, 100 shared',
];

describe('the demo', () => {
  it('runs to its end; every language model beats the frequencies of words', () => {
    const results = mkdtempSync(join(tmpdir(), 'words-'));
    try {
      const demo = fileURLToPath(new URL('demo.mjs', folder));
      const small = ['--minutes=0.05', '--tokens=20000', '--classes=500', '--dim=16', '--held-out=3000'];
      const { status, stdout, stderr } = spawnSync(process.execPath, [demo, ...small, `--out=${results}/plot.svg`], {
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      expect(status).toBe(0);
      expect(stdout).not.toContain('\u001b');
      const perplexityOf = (name: string) => {
        const line = new RegExp(`^  ${name} +[\\d.]+ s +([\\d.]+) `, 'm').exec(stdout);
        return Number(line?.[1]);
      };
      const unigram = Number(/how often each word comes +([\d.]+)/.exec(stdout)?.[1]);
      expect(unigram).toBeGreaterThan(50);
      for (const name of densities) {
        expect(perplexityOf(name), name).toBeLessThan(unigram);
      }
      expect(readFileSync(`${results}/plot.svg`, 'utf8')).toMatch(/^<svg[\s\S]*held-out perplexity[\s\S]*<\/svg>\n$/);
    } finally {
      rmSync(results, { recursive: true, force: true });
    }
  }, 120_000);
});
