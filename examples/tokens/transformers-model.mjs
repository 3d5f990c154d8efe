// The files that transformers.js loads a model from: its configuration, its tokenizer and the graph.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOKENS, toOnnx, UNKNOWN } from './model.mjs';

/** Writes them into the folder; AutoModelForCausalLM, AutoTokenizer and pipelines read them from there. */
export function writeModel(folder, model) {
  const { vocabulary, layer } = model;
  const unknown = vocabulary[UNKNOWN];
  const files = {
    // Of GPT-2 it has the interface: one layer whose cache has one head.
    'config.json': { model_type: 'gpt2', n_layer: 1, n_head: 1, n_embd: layer.dim, vocab_size: vocabulary.length },
    'generation_config.json': {},
    'tokenizer_config.json': { tokenizer_class: 'PreTrainedTokenizer', unk_token: unknown, pad_token: unknown },
    'tokenizer.json': {
      version: '1.0',
      added_tokens: [{ id: UNKNOWN, content: unknown, special: true }],
      normalizer: { type: 'Lowercase' },
      pre_tokenizer: { type: 'Split', pattern: { Regex: TOKENS.source }, behavior: 'Removed', invert: true },
      post_processor: null,
      // Words that are whole: no token begins with the prefix of a part.
      model: {
        type: 'WordPiece',
        unk_token: unknown,
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    },
  };
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
  writeFileSync(join(folder, 'onnx/model.onnx'), toOnnx(model));
}
