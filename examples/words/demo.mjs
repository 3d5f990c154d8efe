// npm run demo:words: word vectors, and a small language model, with each output layer on the same text; what each costs
// and what it gives. Two minutes; --minutes=20 takes as many times more text.

import { bold, dim, green, heading, print } from '../digits/terminal.mjs';
import { installTexts } from './install.mjs';
import { backend, setThreads } from './library.mjs';
import { readOptions } from './options.mjs';

const options = readOptions();
installTexts();
// Imported only now: before the installation there was nothing to import.
const { lengthOf, loadText } = await import('./text.mjs');
const { learnVectors } = await import('./vectors.mjs');
const { compareModels } = await import('./comparison.mjs');
const { writePlot } = await import('./plot.mjs');

setThreads(1); // times are those of one core
print(`${bold('softmax-native')} ${backend.version} · ${backend.kind}`);
const text = loadText(options);
const size = (n) => Math.round(n).toLocaleString('en');
const described =
  `${size(lengthOf(text.training))} words of Project Gutenberg, ${options.epochs === 1 ? 'once' : `${options.epochs} times`}, ` +
  `vocabulary ${size(text.vocabulary.length)}, ${options.dim} dimensions`;
print(`${described}; judged by ${size(lengthOf(text.heldOut))} words held out`);

const vectors = learnVectors(text, options);
const curves = compareModels(text, { ...options, vectors });
heading('Perplexity against training time');
await writePlot(options.out, curves, described);
print(`  ${green(options.out)}`);
print(dim('  perplexity: exp of the mean of -log P(word | the five words before), exact for every layer'));
