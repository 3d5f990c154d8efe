// `SampleProcessor` of examples/tokens in the real transformers.js: generate() on a model that the example makes, with and
// without it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Rng, sample, transformers } from '../../examples/tokens/library.mjs';
import { learnModel } from '../../examples/tokens/model.mjs';
import { drawNext, logitsAfter, nucleus } from '../../examples/tokens/nucleus.mjs';
import { SampleProcessor } from '../../examples/tokens/sample-processor.mjs';
import { writeModel } from '../../examples/tokens/transformers-model.mjs';

const { env, AutoModelForCausalLM, LogitsProcessorList, pipeline, random, Tensor } = transformers;

const PROMPT = [7, 1, 300, 2, 12];
const DRAWS = 4000;

let folder;
let model;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tokens-'));
  writeModel(join(folder, 'books'), learnModel({ tokens: 40_000, epochs: 1, classes: 1500, dim: 16 }));
  env.allowRemoteModels = false;
  env.localModelPath = folder;
  model = await AutoModelForCausalLM.from_pretrained('books', { dtype: 'fp32' });
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Options of generate() that leave drawing to `sample`. */
function sampled(options) {
  const processor = new SampleProcessor(options);
  const processors = new LogitsProcessorList();
  processors.push(processor);
  return { processor, do_sample: false, logits_processor: processors };
}

const inputsOf = (...prompts) =>
  new Tensor('int64', BigInt64Array.from(prompts.flat(), BigInt), [prompts.length, prompts[0].length]);

const textsOf = (sequences) => sequences.tolist().map((ids) => ids.map(Number));

/** The sum over classes of (drawn - expected)² / expected, and how many classes there are; small ones are one. */
function chiSquare(drawn, probabilities) {
  const counts = new Float64Array(probabilities.length);
  for (const id of drawn) counts[id] += 1;
  let [sum, classes, restDrawn, restExpected] = [0, 0, 0, 0];
  probabilities.forEach((p, id) => {
    const expected = p * drawn.length;
    if (expected < 5) {
      restDrawn += counts[id];
      restExpected += expected;
      return;
    }
    sum += (counts[id] - expected) ** 2 / expected;
    classes += 1;
  });
  if (restExpected > 0) sum += (restDrawn - restExpected) ** 2 / restExpected;
  return { sum, freedom: classes - (restExpected > 0 ? 0 : 1) };
}

/** What a sum of squares of `freedom` normal numbers exceeds once in about 10,000 times (Wilson and Hilferty, 1931). */
const chiSquareBound = (freedom) => freedom * (1 - 2 / (9 * freedom) + 3.72 * Math.sqrt(2 / (9 * freedom))) ** 3;

/** softmax of the logits of these ids, 0 elsewhere. */
function softmaxOver(logits, ids) {
  const weights = Array.from(logits, (z, id) => (ids.has(id) ? Math.exp(z) : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

test("transformers.js's own sampler takes top_p and does not heed it: softmax of the 50 best", async () => {
  random.seed(1);
  const drawn = await drawNext(model, PROMPT, { draws: DRAWS, options: { do_sample: true, top_p: 0.5 } });
  const logits = await logitsAfter(model, PROMPT);
  const likely = nucleus(logits, 0.5);
  const best = new Set([...logits.keys()].sort((a, b) => logits[b] - logits[a]).slice(0, 50));
  const expected = softmaxOver(logits, best);
  const { sum, freedom } = chiSquare(drawn, expected);
  assert.ok(sum < chiSquareBound(freedom), `${sum} with ${freedom} degrees of freedom`);
  const outside = drawn.filter((id) => !likely.has(id)).length / DRAWS;
  assert.ok(likely.size < 50 && outside > 0.1, `${outside} outside of ${likely.size} tokens`);
});

for (const topP of [0.3, 0.5, 0.9]) {
  test(`SampleProcessor, topP ${topP}: softmax of the likely tokens, and nothing else`, async () => {
    const { processor, ...options } = sampled({ topP, rng: new Rng(7) });
    const drawn = await drawNext(model, PROMPT, { draws: DRAWS, options });
    const logits = await logitsAfter(model, PROMPT);
    const likely = nucleus(logits, topP);
    assert.deepEqual(
      drawn.filter((id) => !likely.has(id)),
      [],
    );
    assert.ok(processor.last.kept.data.every((kept) => kept === likely.size));
    const { sum, freedom } = chiSquare(drawn, softmaxOver(logits, likely));
    assert.ok(sum < chiSquareBound(freedom), `${sum} with ${freedom} degrees of freedom`);
  });
}

test('each text has the tokens that `sample` draws from its logits, its history and its stream', async () => {
  const prompts = [PROMPT, [1, 2, 3, 4, 5], [9, 9, 9, 9, 9]];
  const options = { temperature: 0.9, topK: 80, topP: 0.9, repetitionPenalty: 1.3, frequencyPenalty: 0.2 };
  const { processor, ...ours } = sampled({ ...options, rng: new Rng(11) });
  const texts = textsOf(await model.generate({ ...ours, inputs: inputsOf(...prompts), max_new_tokens: 25 }));
  const rng = new Rng(11);
  const expected = prompts.map((prompt) => [...prompt]);
  let last;
  for (let step = 0; step < 25; step += 1) {
    const rows = [];
    for (const text of expected) rows.push(...(await logitsAfter(model, text)));
    const logits = { data: Float32Array.from(rows), dims: [prompts.length, rows.length / prompts.length] };
    last = sample(logits, { ...options, history: expected, rng });
    expected.forEach((text, row) => {
      text.push(last.ids.data[row]);
    });
  }
  assert.deepEqual(texts, expected);
  // The model computes three texts at once here, and one after the other there.
  last.logprobs.data.forEach((logprob, row) => {
    assert.ok(Math.abs(processor.last.logprobs.data[row] - logprob) < 1e-4);
  });
});

test('the same seed gives the same text, do_sample or not', async () => {
  const write = async (seed, more = {}) => {
    const { logits_processor, do_sample } = sampled({ temperature: 0.8, topP: 0.95, rng: new Rng(seed) });
    const given = { logits_processor, do_sample, ...more };
    return textsOf(await model.generate({ ...given, inputs: inputsOf(PROMPT), max_new_tokens: 30 }));
  };
  assert.deepEqual(await write(1), await write(1));
  assert.notDeepEqual(await write(1), await write(2));
  // All but the drawn token are at -Infinity: there is nothing else that the other sampler could draw.
  assert.deepEqual(await write(1, { do_sample: true }), await write(1));
});

test('what its other processors forbid stays forbidden', async () => {
  const logits = await logitsAfter(model, PROMPT);
  const [favourite] = nucleus(logits, 0.01);
  const { processor, ...options } = sampled({ rng: new Rng(3) });
  const free = await drawNext(model, PROMPT, { draws: 500, options });
  assert.ok(free.includes(favourite));
  const bound = { ...options, bad_words_ids: [[favourite]] };
  assert.ok(!(await drawNext(model, PROMPT, { draws: 500, options: bound })).includes(favourite));
});

test('a pipeline takes it', async () => {
  const generator = await pipeline('text-generation', 'books', { dtype: 'fp32' });
  const { processor, ...options } = sampled({ topP: 0.9, deny: [0], rng: new Rng(1) });
  const [{ generated_text: text }] = await generator('And he said', { ...options, max_new_tokens: 20 });
  assert.match(text, /^and he said( ?[a-z.,;!?']+){10,}$/);
  assert.equal(processor.last.ids.dims.join(), '1,1');
});

test('logits that are no numbers are an error', () => {
  const processor = new SampleProcessor({ rng: new Rng(1) });
  const logits = new Tensor('float32', Float32Array.of(1, 2, 1, NaN), [2, 2]);
  assert.throws(() => processor([[0n], [1n]], logits), {
    name: 'RangeError',
    message: 'The logits of row 1 have a NaN',
  });
});
