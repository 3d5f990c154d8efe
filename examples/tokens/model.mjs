// A small language model for the examples: words and punctuation marks of eighteen books, the log-bilinear model of
// examples/words, and the graph of ONNX that computes it as runtimes expect one that writes text.
import { CONTEXT, contextsOf, newTable, perplexity, trainModel } from '../words/language-model.mjs';
import { Rng } from '../words/library.mjs';
import { languageModels } from '../words/methods.mjs';
import { randomBits } from '../words/random.mjs';
import { loadText } from '../words/text.mjs';
import { ELEMENT_TYPES, onnxModel } from './onnx-model.mjs';

/** Token 0 stands for all that is not in the vocabulary. */
export { UNKNOWN } from '../words/text.mjs';

/** What a token is, in lower-case text. */
export const TOKENS = /[a-z]+(?:'[a-z]+)*|[.,;!?]/g;

/**
 * Learns from text by sampled softmax, in a few seconds.
 *
 * @param onProgress called with { share, examples, loss } now and then
 * @returns { vocabulary, table, layer, perplexity() }: hidden vectors are means of rows of `table`, one for each token and
 *   place before; `layer` is the output layer
 */
export function learnModel({ tokens = 400_000, epochs = 2, classes = 5000, dim = 64, onProgress } = {}) {
  const { vocabulary, counts, training, heldOut } = loadText({
    tokens,
    heldOutTokens: 20_000,
    classes,
    pattern: TOKENS,
  });
  const size = vocabulary.length;
  const method = languageModels({ classes: size, dim, counts }).find(({ name }) => name === 'sampled softmax, 100');
  const model = { method, layer: method.make(), table: newTable(size, dim, 2), rng: new Rng(3) };
  trainModel(model, contextsOf(training, size), { epochs, random: randomBits(4), onProgress });
  return { vocabulary, ...model, perplexity: () => perplexity(model, contextsOf(heldOut, size)) };
}

/**
 * The model in ONNX, with the inputs and outputs that a decoder has on the Hugging Face hub: `input_ids`, the tokens that
 * are new, [batch, length]; `past_key_values.0.key`, what is kept of those before; `logits` of the token to come, [batch, 1,
 * vocabulary]; `present.0.key`, what is to be kept. A log-bilinear model has to keep the ids and nothing else.
 *
 * @param type of the logits: 'float32' or 'float16'
 * @returns the bytes of the model
 */
export function toOnnx({ table, layer }, { type = 'float32' } = {}) {
  const { classes, dim } = layer;
  const node = (kind, from, to, attributes) => ({ type: kind, from, to, attributes });
  const ints = (...values) => ({ type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) });
  const cache = (length) => ({ type: 'float32', axes: ['batch_size', 1, length, 1] });
  return onnxModel({
    inputs: {
      input_ids: { type: 'int64', axes: ['batch_size', 'sequence_length'] },
      'past_key_values.0.key': cache('past_sequence_length'),
    },
    outputs: {
      logits: { type, axes: ['batch_size', 1, classes] },
      'present.0.key': cache('total_sequence_length'),
    },
    nodes: [
      node('Squeeze', ['past_key_values.0.key', 'headAndDim'], 'pastFloats'),
      node('Cast', ['pastFloats'], 'past', { to: ELEMENT_TYPES.int64 }),
      node('Concat', ['past', 'input_ids'], 'ids', { axis: 1 }),
      node('Cast', ['ids'], 'idFloats', { to: ELEMENT_TYPES.float32 }),
      node('Unsqueeze', ['idFloats', 'headAndDim'], 'present.0.key'),
      // The last tokens, at most CONTEXT of them; the vectors of each place follow one another in the table, nearest first.
      node('Slice', ['ids', 'lastStart', 'end', 'axisOfIds'], 'context'),
      node('Shape', ['context'], 'shape'),
      node('Slice', ['shape', 'one', 'end'], 'length'),
      node('Neg', ['length'], 'firstPlace'),
      node('Slice', ['places', 'firstPlace', 'end'], 'offsets'),
      node('Add', ['context', 'offsets'], 'rows'),
      node('Gather', ['table', 'rows'], 'vectors'),
      node('ReduceMean', ['vectors'], 'hidden', { axes: [1], keepdims: 1 }),
      node('Transpose', ['weight'], 'columns', { perm: [1, 0] }),
      node('MatMul', ['hidden', 'columns'], 'scores'),
      node('Add', ['scores', 'bias'], type === 'float32' ? 'logits' : 'wide'),
      ...(type === 'float32' ? [] : [node('Cast', ['wide'], 'logits', { to: ELEMENT_TYPES[type] })]),
    ],
    constants: {
      headAndDim: ints(1, 3),
      lastStart: ints(-CONTEXT),
      one: ints(1),
      end: ints(Number.MAX_SAFE_INTEGER),
      axisOfIds: ints(1),
      places: ints(...Array.from({ length: CONTEXT }, (_, i) => (CONTEXT - 1 - i) * classes)),
      table: { type: 'float32', dims: [CONTEXT * classes, dim], data: table.data },
      weight: { type: 'float32', dims: [classes, dim], data: layer.weight.data },
      bias: { type: 'float32', dims: [classes], data: layer.bias.data },
    },
  });
}
