// The language model with each output layer: training, exact perplexity, and how long a prediction takes.

import { bold, dim, heading, print } from '../digits/terminal.mjs';
import { contextsOf, hiddenOf, newTable, perplexity, trainModel, unigramPerplexity } from './language-model.mjs';
import { Rng } from './library.mjs';
import { languageModels } from './methods.mjs';
import { timedProgress } from './progress.mjs';
import { randomBits } from './random.mjs';

/** At these shares of the training its perplexity is taken, for the plot. */
const STATIONS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1];

/** @returns for each method { name, density, points: [{ seconds, perplexity }], latency in microseconds } */
export function compareModels(text, { epochs, dim: width, vectors }) {
  const classes = text.vocabulary.length;
  const training = contextsOf(text.training, classes);
  const heldOut = contextsOf(text.heldOut, classes);
  heading('A language model: five words predict the next, with each output layer');
  const methods = languageModels({ classes, dim: width, counts: text.counts, vectors });
  const curves = methods.map((method) => {
    const model = { method, layer: method.make(), table: newTable(classes, width, 2), rng: new Rng(3) };
    const points = train(model, training, heldOut, epochs);
    return { name: method.name, density: method.density ?? true, points, latency: latencyOf(model, heldOut) };
  });
  printTable(curves, unigramPerplexity(text.counts, heldOut));
  return curves;
}

function train(model, training, heldOut, epochs) {
  const show = timedProgress(model.method.name);
  const points = [];
  let judging = 0;
  const start = processorSeconds();
  trainModel(model, training, {
    epochs,
    random: randomBits(4),
    onProgress({ share, examples, loss }) {
      show(share, { words: examples, loss });
      if (share < STATIONS[points.length]) return;
      const pause = processorSeconds();
      points.push({ seconds: pause - start - judging, perplexity: perplexity(model, heldOut) });
      judging += processorSeconds() - pause;
    },
  });
  return points;
}

// What the processor has spent on this process: with one thread the time of training, whatever else the machine does.
function processorSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

// The ten best words for one context: the median of some calls.
function latencyOf({ layer, table }, { offsets, rows }, calls = 200) {
  const { data, dims } = hiddenOf(table, { offsets: offsets.subarray(0, calls + 1), rows });
  const times = [];
  for (let k = 0; k < dims[0]; k += 1) {
    const hidden = data.subarray(k * dims[1], (k + 1) * dims[1]);
    const start = performance.now();
    layer.topK(hidden, Math.min(10, layer.classes));
    times.push(performance.now() - start);
  }
  return 1000 * times.sort((a, b) => a - b)[times.length >> 1];
}

function printTable(curves, unigram) {
  heading('What each costs, and what it gives');
  print(
    bold(`  ${'method'.padEnd(26)}${'training'.padStart(10)}${'perplexity'.padStart(14)}${'ten best'.padStart(12)}`),
  );
  for (const { name, density, points, latency } of curves) {
    const { seconds, perplexity: reached } = points[points.length - 1];
    const cells = [
      `  ${name.padEnd(26)}`,
      `${seconds.toFixed(2)} s`.padStart(10),
      (Number.isFinite(reached) ? reached.toFixed(1) : 'diverged').padStart(14),
      `${latency.toFixed(0)} us`.padStart(12),
      density ? '' : dim('   learns no probabilities: good vectors, no language model'),
    ];
    print(cells.join(''));
  }
  print(`  ${'how often each word comes'.padEnd(26)}${''.padStart(10)}${unigram.toFixed(1).padStart(14)}`);
}
