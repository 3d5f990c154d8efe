// A generation loop on onnxruntime-node: the model computes logits, `sample` takes the next token from them, and the token
// goes back into the model together with what the model wants kept.
import { onnxruntime, promises, Rng } from './library.mjs';

/**
 * Yields `length` tokens, each as soon as it is drawn. The same seed gives the same tokens. A logit that is NaN is a
 * RangeError.
 *
 * @param session an InferenceSession of a decoder as they are on the Hugging Face hub: `input_ids` and, where it has them,
 *   `attention_mask`, `position_ids` and `past_key_values.*` go in; `logits`, float32 or float16, and `present.*` come out
 * @param prompt ids of tokens, one at least
 * @param options `seed`; `allow`, a function from the tokens so far, the prompt among them, to what may follow (ids, or a
 *   Uint32Array with a bit for each token; undefined: the text is over); all else as `sample` has it, but `history` and
 *   `rng`, ids as arrays of numbers
 * @yields { id, logprob, rawLogprob, kept }: as `sample` tells them
 */
export async function* generate(session, prompt, { length, seed, allow, ...options }) {
  const rng = new Rng(seed);
  const history = [...prompt];
  let cache = emptyCache(session);
  let input = prompt;
  for (let step = 0; step < length; step += 1) {
    const allowed = allow?.(history);
    if (allow !== undefined && allowed === undefined) return;
    const { logits, ...present } = await session.run({ ...feeds(session, input, history), ...cache });
    const last = lastRow(logits);
    // Off the event loop, and without a copy: the logits are given away. N.B. so is every other typed array of the call.
    const { result } = await promises.sample(last, {
      ...options,
      history,
      allow: allowed?.slice(),
      rng,
      transfer: true,
    });
    const [id] = result.ids.data;
    if (id < 0) throw new RangeError(`The logits of token ${history.length} have a NaN`);
    yield { id, logprob: result.logprobs.data[0], rawLogprob: result.rawLogprobs.data[0], kept: result.kept.data[0] };
    history.push(id);
    input = [id];
    cache = cacheOf(present);
  }
}

/** What the session asks for of these: the new tokens, which of all tokens count, and where the new ones stand. */
function feeds({ inputNames }, input, history) {
  const first = history.length - input.length;
  const rows = {
    input_ids: input,
    attention_mask: history.map(() => 1),
    position_ids: input.map((_, i) => first + i),
  };
  const asked = Object.entries(rows).filter(([name]) => inputNames.includes(name));
  return Object.fromEntries(asked.map(([name, row]) => [name, integers(row)]));
}

const integers = (row) => new onnxruntime.Tensor('int64', BigInt64Array.from(row, BigInt), [1, row.length]);

/** Nothing kept yet: tensors of a batch of one and a past of length 0. */
function emptyCache({ inputMetadata }) {
  const caches = inputMetadata.filter(({ name }) => name.startsWith('past_key_values'));
  return Object.fromEntries(
    caches.map(({ name, type, shape }) => {
      const dims = shape.map((size) => (typeof size === 'number' ? size : size === 'batch_size' ? 1 : 0));
      return [name, new onnxruntime.Tensor(type, type === 'float16' ? new Uint16Array(0) : new Float32Array(0), dims)];
    }),
  );
}

/** What the next run gets of what this one gave. */
const cacheOf = (present) =>
  Object.fromEntries(
    Object.entries(present).map(([name, tensor]) => [name.replace('present', 'past_key_values'), tensor]),
  );

/** The logits [1, length, vocabulary] of the last token. */
function lastRow({ type, data, dims }) {
  const vocabulary = dims[dims.length - 1];
  return { type, data: data.subarray(data.length - vocabulary), dims: [vocabulary] };
}
