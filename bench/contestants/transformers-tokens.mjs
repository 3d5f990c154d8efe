// A token by transformers.js: its logits processors and its sampler, which keeps the top_k greatest and heeds no top_p; and
// all of generate() but the model, with that sampler and with `sample` in its place (examples/tokens/sample-processor.mjs).
import { transformers } from '../../examples/tokens/library.mjs';
import { SampleProcessor } from '../../examples/tokens/sample-processor.mjs';

const { GPT2LMHeadModel, LogitsProcessorList, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, Tensor } =
  transformers;

// Not among the package's exports, but in the package.
const sources = new URL('../node_modules/@huggingface/transformers/src/generation/', import.meta.url);
const { LogitsSampler } = await import(new URL('logits_sampler.js', sources).href);

// Its top-k is a session of onnxruntime, whose pool goes on spinning for a while, on the cores that the next one needs.
const SPINNING_MS = 100;

/** What generate() does between the logits and the token. Processors change the logits, so that each call copies them. */
export function transformersSampler(data, { temperature, topK = 0, history = [], repetitionPenalty = 1 }) {
  const processors = new LogitsProcessorList();
  if (repetitionPenalty !== 1) processors.push(new RepetitionPenaltyLogitsProcessor(repetitionPenalty));
  if (temperature !== undefined) processors.push(new TemperatureLogitsWarper(temperature));
  const sampler = LogitsSampler.getSampler({ do_sample: true, num_beams: 1, top_k: topK });
  const logits = new Tensor('float32', data.slice(), [1, data.length]);
  const ids = [Array.from(history, BigInt)];
  return {
    name: `transformers.js, ${topK > 0 ? `top-k ${topK}` : 'no filter'}, no top-p`,
    asynchronous: true,
    restAfter: SPINNING_MS,
    run() {
      logits.data.set(data);
      return sampler(processors(ids, logits)[0]);
    },
  };
}

/** generate() of one token after `history` by a model that computes nothing. */
export function transformersGenerate(data, { temperature, topK, topP, history, repetitionPenalty, rng }) {
  const model = new GPT2LMHeadModel({ model_type: 'gpt2', is_encoder_decoder: false }, {}, {});
  const logits = new Tensor('float32', data, [1, 1, data.length]);
  model.forward = async () => ({ logits });
  const inputs = new Tensor('int64', BigInt64Array.from(history, BigInt), [1, history.length]);
  const processors = new LogitsProcessorList();
  processors.push(new SampleProcessor({ temperature, topK, topP, repetitionPenalty, rng }));
  const wished = { temperature, top_k: topK, repetition_penalty: repetitionPenalty };
  const ways = {
    'greedy, for comparison': {},
    'its own sampler, no top-p': { do_sample: true, ...wished },
    'sample in its place': { do_sample: false, logits_processor: processors },
  };
  return Object.entries(ways).map(([name, options]) => ({
    name,
    asynchronous: true,
    restAfter: SPINNING_MS,
    run: () => model.generate({ inputs, max_new_tokens: 1, ...options }),
  }));
}
