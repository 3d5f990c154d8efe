// node examples/denoising/demo.mjs [--noise=0.1] [--digits=359] [--pictures]: takes the noise out of pictures of digits
// with Markov random fields, exactly and by Gibbs sampling; --pictures writes the SVG files anew.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Rng } from 'softmax-native';
import { loadDigits, PIXELS, SIDE, split } from '../digits/digits.mjs';
import { bold, dim, green, heading, print } from '../digits/terminal.mjs';
import { given, isingField, learntField, likeliest, seenThroughNoise } from './fields.mjs';
import { blackAndWhite, enlarged, stacked, withNoise, wrongShare } from './images.mjs';
import { drawPictures, writePictures } from './pictures.mjs';

const { values: options } = parseArgs({
  options: {
    noise: { type: 'string', default: '0.1' },
    digits: { type: 'string', default: '359' },
    pictures: { type: 'boolean', default: false },
  },
});
const noise = Number(options.noise);
const COUPLING = 0.5;
const SCALE = 8;
const LARGE_COUPLING = 0.7;

const { training, heldOut } = split(loadDigits());
const originals = heldOut.slice(0, Number(options.digits)).map(blackAndWhite);
const rng = new Rng(1984);
const seen = originals.map((picture) => withNoise(picture, noise, rng));
const percent = (share) => `${(100 * share).toFixed(2)} %`;
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const ising = seenThroughNoise(isingField(SIDE, COUPLING), noise);
const learnt = seenThroughNoise(learn(), noise);
const [byIsing, byLearnt] = restore();
compareWithGibbs();
restoreLarge();

function learn() {
  heading(`Learning what ${training.length} digits look like`);
  const since = performance.now();
  const { field, convergence } = learntField(SIDE, stacked(training.map(blackAndWhite)), { l2: 1, tolerance: 1e-4 });
  const { width, largestTable } = field.elimination;
  print(
    dim(
      `  ${field.factors.length} factors, exact gradients by elimination (tables of up to ${width + 1} pixels, ${largestTable} states), ` +
        `${convergence.evaluations} of them, ${seconds(since)}`,
    ),
  );
  return field;
}

function restore() {
  heading(`Restoring ${originals.length} digits it has not seen, each pixel wrong with probability ${noise}`);
  print(`  wrong pixels of the noisy pictures        ${percent(wrongShare(seen, originals))}`);
  const results = [
    ['of an Ising field, all pixels alike', ising],
    ['of the field that was learnt', learnt],
  ].map(([name, field]) => {
    const since = performance.now();
    const fields = seen.map((picture) => given(field, picture));
    const byMarginals = fields.map((one) => likeliest(one.marginals(), PIXELS));
    const time = seconds(since);
    const byMode = fields.map((one) => one.mode().subarray(0, PIXELS));
    print(
      `  ${name.padEnd(41)} ${green(percent(wrongShare(byMarginals, originals)))}${dim(`   as one picture, by the mode, ${percent(wrongShare(byMode, originals))}; ${time}`)}`,
    );
    return byMarginals;
  });
  print();
  print(
    bold(`  ${['digit', 'noisy', 'Ising', 'learnt'].map((title) => title.padEnd(2 * SIDE + 3)).join('')}`.trimEnd()),
  );
  for (const line of drawPictures([originals[0], seen[0], results[0][0], results[1][0]], SIDE)) print(`  ${line}`);
  return results;
}

function compareWithGibbs() {
  heading('The same by Gibbs sampling');
  const field = given(learnt, seen[0]);
  const exact = field.marginals();
  const { marginals, effectiveSampleSize } = field.gibbs(new Rng(1), { samples: 20_000 });
  const worst = Math.max(...exact.map((marginal, i) => Math.abs(marginal[1] - marginals[i][1])));
  const fewest = Math.min(...effectiveSampleSize.filter((size) => !Number.isNaN(size)));
  print(`  20,000 sweeps are worth ${Math.round(fewest)} independent samples or more for each pixel;`);
  print(`  the farthest probability of a pixel is ${worst.toFixed(4)} from the exact one`);
}

function restoreLarge() {
  const side = SIDE * SCALE;
  heading(`A picture of ${side} x ${side} pixels, for which no table is large enough`);
  const original = enlarged(heldOut[0], SCALE);
  const noisy = withNoise(original, 2 * noise, new Rng(7));
  const field = given(seenThroughNoise(isingField(side, LARGE_COUPLING), 2 * noise), noisy);
  try {
    field.marginals();
  } catch (error) {
    print(dim(`  marginals(): ${error.message.replace(/^.*needs/, 'it needs').replace(/\. Received.*/, '')}`));
  }
  const since = performance.now();
  const { marginals } = field.gibbs(new Rng(2), { samples: 400, burnIn: 100, initial: [...noisy, ...noisy] });
  const restored = likeliest(marginals, side * side);
  const time = performance.now() - since;
  print(
    `  wrong pixels: noisy ${percent(wrongShare([noisy], [original]))}, restored ${green(percent(wrongShare([restored], [original])))}`,
  );
  print(dim(`  500 sweeps, ${(time / 500).toFixed(2)} ms each`));
  if (options.pictures) writeFiles([original, noisy, restored], side);
}

function writeFiles(large, side) {
  const file = (name) => fileURLToPath(new URL(name, import.meta.url));
  const rows = [0, 1, 2, 3, 4].map((i) => [originals[i], seen[i], byIsing[i], byLearnt[i]]);
  writePictures(file('digits.svg'), ['digit', 'noisy', 'Ising', 'learnt'], rows, { side: SIDE, size: 80 });
  writePictures(file('large.svg'), ['digit', 'noisy', 'restored'], [large], { side, size: 192 });
}
