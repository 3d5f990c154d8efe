// npm run demo:tokens: a small language model learns from eighteen books, becomes a model of ONNX, and writes: in a loop on
// onnxruntime-node, under a grammar, and by transformers.js. Half a minute at most, besides installing the two packages.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installPeers } from '../../bench/install.mjs';
import { bold, cyan, dim, heading, print } from '../digits/terminal.mjs';
import { installTexts } from '../words/install.mjs';
import { readOptions } from './options.mjs';

const { prompt, seed, length, ...size } = readOptions();
installPeers();
installTexts();
// Imported only now: before the installation there was nothing to import.
const { backend, onnxruntime, Rng, transformers } = await import('./library.mjs');
const { learnModel, TOKENS, toOnnx, UNKNOWN } = await import('./model.mjs');
const { timedProgress } = await import('../words/progress.mjs');
const { generate } = await import('./generate.mjs');
const { acrostic } = await import('./grammar.mjs');
const { writer } = await import('./text.mjs');
const { writeModel } = await import('./transformers-model.mjs');
const { drawsOutside } = await import('./nucleus.mjs');
const { SampleProcessor } = await import('./sample-processor.mjs');

print(`${bold('softmax-native')} ${backend.version} · ${backend.kind}`);
heading('A language model: the five tokens before give the next');
const show = timedProgress('sampled softmax');
const model = learnModel({
  ...size,
  onProgress: ({ share, examples, loss }) => show(share, { words: examples, loss }),
});
const { vocabulary } = model;
print(`  ${vocabulary.length} words and marks, perplexity ${model.perplexity().toFixed(1)} on text it has not seen`);

const idsOf = (prose) =>
  prose
    .toLowerCase()
    .match(TOKENS)
    .map((token) => Math.max(vocabulary.indexOf(token), UNKNOWN));
const wished = { temperature: 0.8, topK: 100, topP: 0.9, frequencyPenalty: 0.3, deny: [UNKNOWN], seed, length };

heading(`onnxruntime-node: temperature 0.8, top-k 100, top-p 0.9, a frequency penalty; seed ${seed}`);
const session = await onnxruntime.InferenceSession.create(toOnnx(model));
process.stdout.write(`  ${bold(prompt)}`);
const ids = await write(session, (piece) => process.stdout.write(piece));
const again = await write(session);
const half = await write(await onnxruntime.InferenceSession.create(toOnnx(model, { type: 'float16' })));
print(
  dim(`\n  again: the same ${alike(ids, again)} of ${ids.length} tokens;  from logits of float16: ${alike(ids, half)}`),
);

heading('A grammar: lines of six words, each beginning with the next letter of a word');
await writeLines(session, 'tokens', 6);

heading('transformers.js: top-p 0.5, how many of 2,000 tokens are none of the likely half');
const { env, AutoModelForCausalLM, LogitsProcessorList } = transformers;
const folder = mkdtempSync(join(tmpdir(), 'tokens-'));
try {
  writeModel(join(folder, 'books'), model);
  env.allowRemoteModels = false;
  env.localModelPath = folder;
  const decoder = await AutoModelForCausalLM.from_pretrained('books', { dtype: 'fp32' });
  const processors = new LogitsProcessorList();
  processors.push(new SampleProcessor({ topP: 0.5, rng: new Rng(seed) }));
  const ways = {
    'its own sampler': { do_sample: true, top_p: 0.5 },
    SampleProcessor: { do_sample: false, logits_processor: processors },
  };
  for (const [name, options] of Object.entries(ways)) {
    const outside = await drawsOutside(decoder, idsOf(prompt), { topP: 0.5, draws: 2000, options });
    print(`  ${name.padEnd(20)}${String(outside).padStart(6)}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The tokens after the prompt; `onPiece` is called with the text of each as it comes. */
async function write(from, onPiece = () => {}) {
  const next = writer();
  for (const token of prompt.toLowerCase().match(TOKENS)) next(token);
  const written = [];
  for await (const { id } of generate(from, idsOf(prompt), wished)) {
    onPiece(next(vocabulary[id]));
    written.push(id);
  }
  return written;
}

/** How many tokens two texts have in common before they part. */
function alike(one, other) {
  const parting = one.findIndex((id, i) => id !== other[i]);
  return parting < 0 ? one.length : parting;
}

async function writeLines(from, letters, words) {
  const next = writer();
  const start = idsOf('.');
  const allow = acrostic(vocabulary, { letters, words, start: start.length });
  let count = 0;
  for await (const { id } of generate(from, start, { ...wished, length: Infinity, allow })) {
    const isFirst = /^[a-z]/.test(vocabulary[id]) && count++ % words === 0;
    if (isFirst) process.stdout.write(`${next('\n').repeat(count > 1)}  `);
    const piece = next(vocabulary[id]);
    process.stdout.write(isFirst ? bold(cyan(piece[0])) + piece.slice(1) : piece);
  }
  print();
}
