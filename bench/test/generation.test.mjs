// Text written by examples/tokens with the real onnxruntime-node: the graph computes what the model does, and its tokens
// are those that the reference draws.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { generate } from '../../examples/tokens/generate.mjs';
import { acrostic } from '../../examples/tokens/grammar.mjs';
import { learnModel, toOnnx, UNKNOWN } from '../../examples/tokens/model.mjs';
import { writer } from '../../examples/tokens/text.mjs';
import { contextsOf, hiddenOf } from '../../examples/words/language-model.mjs';
import { native, reference } from '../library.mjs';

let model;
const sessions = {};
before(async () => {
  model = learnModel({ tokens: 40_000, epochs: 1, classes: 1500, dim: 16 });
  for (const type of ['float32', 'float16']) sessions[type] = await InferenceSession.create(toOnnx(model, { type }));
});

const PROMPT = [7, 1, 300, 2, 12, 9, 9];

/** The logits after these tokens: all of them at once, without a cache. */
async function logitsAfter(session, ids) {
  const { logits } = await session.run({
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
    'past_key_values.0.key': new Tensor('float32', new Float32Array(0), [1, 1, 0, 1]),
  });
  return { type: logits.type, data: logits.data, dims: [logits.dims[2]] };
}

async function write(session, options) {
  const tokens = [];
  for await (const token of generate(session, PROMPT, { length: 40, ...options })) tokens.push(token);
  return tokens;
}

const idsOf = (tokens) => tokens.map(({ id }) => id);

test('the graph computes what the layer does, also where fewer than five tokens came before', async () => {
  for (let length = 1; length <= PROMPT.length; length += 1) {
    const ids = PROMPT.slice(0, length);
    // The context of a token that would come next.
    const { rows, offsets } = contextsOf([Int32Array.of(...ids, 0)], model.vocabulary.length);
    const hidden = hiddenOf(model.table, { rows, offsets });
    const vector = hidden.data.subarray((length - 1) * 16, length * 16);
    const { data } = await logitsAfter(sessions.float32, ids);
    const logP = reference.logSoftmax(Float64Array.from(data));
    logP.forEach((value, id) => {
      const expected = model.layer.logProbability(vector, id);
      assert.ok(Math.abs(value - expected) < 1e-5, `${length} tokens, id ${id}: ${value} and ${expected}`);
    });
  }
});

for (const type of ['float32', 'float16']) {
  const options = {
    'all of the distribution': {},
    'every option': {
      temperature: 0.8,
      topK: 100,
      topP: 0.9,
      minP: 0.001,
      repetitionPenalty: 1.2,
      frequencyPenalty: 0.3,
      logitBias: [[3, -1]],
      deny: [UNKNOWN],
    },
    greedy: { temperature: 0, presencePenalty: 1 },
  };
  for (const [name, wished] of Object.entries(options)) {
    test(`${type}, ${name}: the tokens of the reference, which computes all logits anew`, async () => {
      const tokens = await write(sessions[type], { ...wished, seed: 5 });
      const history = [...PROMPT];
      const rng = new reference.Rng(5);
      for (const { id, logprob, rawLogprob } of tokens) {
        const logits = await logitsAfter(sessions[type], history);
        assert.equal(logits.type, type);
        const drawn = reference.sample(logits, { ...wished, history, rng });
        assert.equal(id, drawn.ids.data[0]);
        assert.ok(Math.abs(logprob - drawn.logprobs.data[0]) < 1e-9);
        // Of the whole row, whose exponentials are summed up as float32.
        assert.ok(Math.abs(rawLogprob - drawn.rawLogprobs.data[0]) < 2e-6 * Math.max(1, -rawLogprob));
        history.push(id);
      }
      assert.equal(history.length, PROMPT.length + 40);
    });
  }
}

test('a decoder gets what it asks for: new tokens, mask, positions, and what it wanted kept', async () => {
  const fed = [];
  const cache = 'past_key_values.0.value';
  const session = {
    inputNames: ['input_ids', 'attention_mask', 'position_ids', cache],
    inputMetadata: [
      { name: 'input_ids', type: 'int64', shape: ['batch_size', 'sequence_length'] },
      { name: cache, type: 'float16', shape: ['batch_size', 2, 'past_sequence_length', 4] },
    ],
    // Of all tokens that went in the logits of the next: its id is how many those are.
    async run(feeds) {
      fed.push(feeds);
      const [, length] = feeds.input_ids.dims;
      const total = feeds[cache].dims[2] + length;
      const data = new Float32Array(length * 9);
      data[(length - 1) * 9 + total] = 1;
      const kept = new Tensor('float16', new Uint16Array(8 * total), [1, 2, total, 4]);
      return { logits: new Tensor('float32', data, [1, length, 9]), 'present.0.value': kept };
    },
  };
  const tokens = [];
  for await (const { id } of generate(session, [5, 6, 7], { length: 3, temperature: 0, seed: 1 })) tokens.push(id);
  assert.deepEqual(tokens, [3, 4, 5]);
  const numbers = (name) => fed.map((feeds) => Array.from(feeds[name].data, Number));
  assert.deepEqual(numbers('input_ids'), [[5, 6, 7], [3], [4]]);
  assert.deepEqual(numbers('attention_mask'), [
    [1, 1, 1],
    [1, 1, 1, 1],
    [1, 1, 1, 1, 1],
  ]);
  assert.deepEqual(numbers('position_ids'), [[0, 1, 2], [3], [4]]);
  const [first, second] = fed.map((feeds) => feeds[cache]);
  assert.deepEqual([first.type, ...first.dims, second.dims[2]], ['float16', 1, 2, 0, 4, 3]);
});

test('logits that are no numbers end the text with an error', async () => {
  const session = {
    inputNames: ['input_ids'],
    inputMetadata: [],
    run: async () => ({ logits: new Tensor('float32', Float32Array.of(1, NaN), [1, 1, 2]) }),
  };
  await assert.rejects(generate(session, [0], { length: 1, seed: 1 }).next(), {
    name: 'RangeError',
    message: 'The logits of token 1 have a NaN',
  });
});

test('the same seed gives the same text, another one another', async () => {
  const first = idsOf(await write(sessions.float32, { seed: 1 }));
  assert.deepEqual(idsOf(await write(sessions.float32, { seed: 1 })), first);
  assert.notDeepEqual(idsOf(await write(sessions.float32, { seed: 2 })), first);
});

test('logits of float16 as the runtime has them are what the numbers are as float32', async () => {
  const half = await logitsAfter(sessions.float16, PROMPT);
  const data = Float32Array.from(half.data, (bits) => (half.data instanceof Uint16Array ? valueOf(bits) : bits));
  const single = await logitsAfter(sessions.float32, PROMPT);
  single.data.forEach((z, i) => {
    assert.ok(Math.abs(data[i] - z) <= Math.max(2 ** -11 * Math.abs(z), 2 ** -25), `${data[i]} and ${z}`);
  });
  const draw = (logits) => native.sample(logits, { topP: 0.9, count: 20, rng: new native.Rng(3) });
  assert.deepEqual(draw(half), draw({ data, dims: half.dims }));
});

/** IEEE binary16: a sign bit, five of the exponent, ten of the fraction. */
function valueOf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent === 0 ? fraction / 2 ** 24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

for (const seed of [1, 2, 3]) {
  test(`a grammar decides what may come: an acrostic, seed ${seed}`, async () => {
    const allow = acrostic(model.vocabulary, { letters: 'tokens', words: 4, start: PROMPT.length });
    const tokens = await write(sessions.float32, { length: Infinity, temperature: 1.5, allow, seed });
    const text = idsOf(tokens).map((id) => model.vocabulary[id]);
    const words = text.filter((token) => /^[a-z']+$/.test(token));
    assert.equal(words.length, 24);
    assert.equal(
      words
        .filter((_, i) => i % 4 === 0)
        .map((word) => word[0])
        .join(''),
      'tokens',
    );
    assert.equal(text.at(-1), '.');
    assert.ok(text.slice(0, -1).every((token) => /^([a-z']+|[,;])$/.test(token)));
    assert.ok(!/[,;] [,;]/.test(text.join(' ')));
  });
}

test('a grammar that no token fits is refused', () => {
  const options = { letters: 'aq', words: 2, start: 0 };
  assert.throws(() => acrostic(['<unk>', 'a', '.'], options), { message: 'No token of the vocabulary begins with q' });
});

test('tokens become text: marks without a space, capitals at the beginning of sentences and lines', () => {
  const next = writer();
  const tokens = ['he', 'said', ',', "i'll", 'go', '!', 'and', 'i', '.', '\n', 'so', ';', '\n', 'he'];
  assert.equal(tokens.map(next).join(''), "He said, I'll go! And I.\nSo;\nHe");
});
