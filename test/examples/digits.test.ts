// The demo keeps its promises: it learns, and the program runs to its end, piped, in colour-free text.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = new URL('../../examples/digits/', import.meta.url);
const load = (file: string) => import(new URL(file, folder).href);

describe('the digits demo', () => {
  it('splits the digits with a fixed seed into parts that share nothing', async () => {
    const { loadDigits, split } = await load('digits.mjs');
    const digits = loadDigits();
    const { training, heldOut } = split(digits);
    expect([digits.length, training.length, heldOut.length]).toEqual([1797, 1438, 359]);
    expect(new Set([...training, ...heldOut]).size).toBe(1797);
    const label = (digit: { label: number }) => digit.label;
    expect(split(loadDigits()).heldOut.map(label)).toEqual(heldOut.map(label));
  });

  // The bound is the demo's promise for its own split; the others show that the split was not picked.
  it.each([1, 2, 3])('reads at least 95 percent of the held-out digits, split %i', async (seed) => {
    const { loadDigits, split } = await load('digits.mjs');
    const { accuracy, train } = await load('model.mjs');
    const { training, heldOut } = split(loadDigits(), { seed });
    const losses: number[] = [];
    const model = train(training, { onStep: ({ loss }: { loss: number }) => losses.push(loss) });
    expect(model.report.converged).toBe(true);
    expect(accuracy([...model.predict(heldOut)], heldOut)).toBeGreaterThanOrEqual(0.95);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  });

  it.each([1, 2, 3])('has more reliable confidences at the temperature that it finds, split %i', async (seed) => {
    const { loadDigits, split } = await load('digits.mjs');
    const { train } = await load('model.mjs');
    const { calibrate } = await load('calibration.mjs');
    const { training, heldOut } = split(loadDigits(), { seed });
    const { before, after } = calibrate(train(training), training, heldOut);
    expect(after.expectedCalibrationError).toBeLessThan(before.expectedCalibrationError);
    expect(after.loss).toBeLessThan(before.loss);
  });

  it('has a picture of them that is what the program draws', async () => {
    const { loadDigits, split } = await load('digits.mjs');
    const { train } = await load('model.mjs');
    const { calibrate, drawReliability } = await load('calibration.mjs');
    const { training, heldOut } = split(loadDigits());
    const drawn = drawReliability(calibrate(train(training), training, heldOut));
    expect(readFileSync(new URL('reliability.svg', folder), 'utf8')).toBe(drawn);
    expect(drawn.match(/<title>/g)?.length).toBeGreaterThan(6);
  });

  it('runs to its end and shows every part', () => {
    const demo = fileURLToPath(new URL('demo.mjs', folder));
    const { status, stdout, stderr } = spawnSync(process.execPath, [demo], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const share = Number(/([\d.]+) % right/.exec(stdout)?.[1]);
    expect(share).toBeGreaterThanOrEqual(95);
    for (const part of [
      'softmax-native',
      'taken for',
      'T = 0',
      'plain JavaScript',
      'ulp',
      'expected calibration error',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(stdout).not.toContain('\u001b');
  });
});
