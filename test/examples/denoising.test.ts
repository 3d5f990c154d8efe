// The denoising example keeps its promises: fields take noise out, a learnt one more of it, and the program runs to its
// end, piped, in colour-free text.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = new URL('../../examples/denoising/', import.meta.url);
const load = (file: string) => import(new URL(file, folder).href);
// The example has the built library, whose generators are of its own class.
const library = () => load('../../dist/index.mjs');

describe('the denoising example', () => {
  it('enlarges a digit, whose pixels are the middles of blocks then', async () => {
    const { blackAndWhite, enlarged } = await load('images.mjs');
    const { loadDigits } = await load('../digits/digits.mjs');
    const [digit] = loadDigits();
    expect(enlarged(digit, 1)).toEqual(blackAndWhite(digit));
    const large: Int32Array = enlarged(digit, 3);
    expect(large).toHaveLength(24 * 24);
    const middles = large.filter((_pixel, i) => i % 3 === 1 && Math.floor(i / 24) % 3 === 1);
    expect(middles).toEqual(blackAndWhite(digit));
  });

  it.each([0.05, 0.2])('an Ising field takes noise of %f out of large pictures', async (noise) => {
    const { Rng } = await library();
    const { differences, enlarged, withNoise } = await load('images.mjs');
    const { given, isingField, likeliest, seenThroughNoise } = await load('fields.mjs');
    const { loadDigits } = await load('../digits/digits.mjs');
    const original = enlarged(loadDigits()[3], 3);
    const noisy = withNoise(original, noise, new Rng(1));
    const field = given(seenThroughNoise(isingField(24, 0.6), noise), noisy);
    const { marginals } = field.gibbs(new Rng(2), { samples: 200, initial: [...noisy, ...noisy] });
    const restored = likeliest(marginals, 24 * 24);
    expect(differences(restored, original)).toBeLessThan(differences(noisy, original) / 2);
  });

  it('runs to its end, and leaves fewer wrong pixels than it found', () => {
    const demo = fileURLToPath(new URL('demo.mjs', folder));
    const { status, stdout, stderr } = spawnSync(process.execPath, [demo, '--digits=80'], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const share = (name: string) => Number(new RegExp(`${name} +([\\d.]+) %`).exec(stdout)?.[1]);
    const [noisy, ising, learnt] = ['noisy pictures', 'all pixels alike', 'that was learnt'].map(share);
    expect(noisy).toBeCloseTo(10, 0);
    expect(ising).toBeLessThan(noisy as number);
    expect(learnt).toBeLessThan(0.75 * (noisy as number));
    const [before, after] = (/noisy ([\d.]+) %, restored ([\d.]+) %/.exec(stdout) ?? []).slice(1).map(Number);
    expect(after).toBeLessThan((before as number) / 5);
    for (const part of ['independent samples', '65 variables']) expect(stdout).toContain(part);
    expect(stdout).not.toContain('\u001b');
  });
});
