// Random calls of what draws tokens, of states and of memories: mostly sound, each argument now and then of another kind.
import { altered, integer, spoilt } from './random-layers.mjs';

const DIM = 3;

/** How each is called: `invoke(functions, some)` gives its result. */
export const decodingForms = {
  sample: {
    invoke: ({ sample, Rng }, some) => {
      const [dims, z] = logitsOf(some);
      return sample(z, spoilt(some, sampleOptions(some, dims, new Rng(1))));
    },
  },
  gumbelSoftmax: {
    invoke: ({ gumbelSoftmax, Rng }, some) => {
      const [dims, z] = logitsOf(some);
      return gumbelSoftmax(z, gumbelOptions(some, dims, new Rng(1)));
    },
  },
  gumbelSoftmaxVjp: {
    invoke: ({ gumbelSoftmaxVjp, Rng }, some) => {
      const [dims, z] = logitsOf(some);
      return gumbelSoftmaxVjp(z, some.tensor(dims, some.isVector), gumbelOptions(some, dims, new Rng(1)));
    },
  },
  SoftmaxState: { invoke: stateOf },
  Memory: { invoke: memoryOf },
};

function logitsOf(some) {
  const dims = some.shape();
  return [dims, some.tensor(dims, some.isVector)];
}

function sampleOptions(some, dims, rng) {
  const n = dims.at(-1) ?? 1;
  const ids = () => Array.from({ length: some.random.below(4) }, () => some.random.below(n + 1));
  const all = {
    temperature: () => (some.random.oneIn(3) ? 0 : Math.abs(some.number())),
    topK: () => integer(some),
    topP: () => some.random.next(),
    minP: () => some.random.next(),
    typicalP: () => some.random.next(),
    history: ids,
    repetitionPenalty: () => 1.2,
    presencePenalty: () => some.number(),
    frequencyPenalty: () => some.number(),
    logitBias: () => [[some.random.below(n + 1), some.number()]],
    allow: () => (some.random.oneIn(2) ? ids() : new Uint32Array(Math.ceil(n / 32)).fill(0xffffffff)),
    deny: ids,
    count: () => integer(some),
    replace: () => some.random.oneIn(2),
    ties: () => some.random.of(['lower', 'all']),
    logprobs: () => integer(some),
    nonFinite: () => some.random.of(['limit', 'ieee', 'throw']),
    order: () => ['bias', 'penalties', 'topK', 'temperature', 'topP', 'minP', 'typicalP'],
  };
  const options = { rng };
  for (let count = some.random.below(6); count > 0; count -= 1) {
    const name = some.random.of(Object.keys(all));
    options[name] = all[name]();
  }
  return options;
}

const gumbelOptions = (some, dims, rng) => {
  const options = some.options(dims, { tau: () => some.number(), hard: () => some.random.oneIn(2) });
  return typeof options === 'object' && options !== null ? Object.assign(options, { rng }) : { rng };
};

async function stateOf({ SoftmaxState }, some) {
  some.Float = some.random.oneIn(2) ? Float32Array : Float64Array;
  const options = { topK: some.random.below(5), target: some.random.below(9), valueSize: some.random.below(3) };
  if (some.random.oneIn(2)) options.beta = some.number();
  const made = [0, 1].map(() => new SoftmaxState(spoilt(some, { ...options })));
  for (const state of made) {
    for (let pushes = some.random.below(3); pushes > 0; pushes -= 1) {
      const n = some.random.oneIn(9) ? 5000 : some.random.below(12);
      const push = {};
      if (options.valueSize > 0) push.values = some.tensor([n, options.valueSize], false);
      if (some.random.oneIn(3)) push.offset = integer(some);
      await state.push(some.array(n), spoilt(some, { offset: undefined, ...push }));
    }
  }
  const [state, other] = made;
  state.merge(other);
  const { logSumExp, max, count, entropy, targetLogProbability } = state;
  const looked = [logSumExp, max, count, entropy, targetLogProbability, state.top()];
  if (options.valueSize > 0) looked.push(state.value());
  if (some.random.oneIn(2)) return SoftmaxState.fromBytes(altered(some, state.toBytes()));
  return some.random.oneIn(2) ? state.probabilities(some.array(7)) : looked;
}

async function memoryOf({ Memory }, some) {
  some.Float = some.random.oneIn(2) ? Float32Array : Float64Array;
  some.isVector = some.random.oneIn(3);
  const rows = some.random.oneIn(9) ? 900 : some.random.below(7);
  const memory = new Memory(some.tensor([rows, DIM], false), some.tensor([rows, 2], false));
  if (some.random.oneIn(3)) memory.add(some.tensor([2, DIM], false), some.tensor([2, 2], false));
  if (some.random.oneIn(3)) memory.remove([integer(some)]);
  if (some.random.oneIn(3)) memory.replace([integer(some)], some.tensor([1, DIM], false));
  if (some.random.oneIn(4)) return Memory.fromBytes(altered(some, memory.toBytes()));
  const queries = some.isVector ? 1 : some.random.below(4);
  const q = some.tensor([queries, DIM], some.isVector);
  const options = { similarity: some.random.of(['dot', 'cosine', undefined]), topK: undefined };
  if (some.random.oneIn(2)) options.topK = integer(some);
  if (some.random.oneIn(2)) options.beta = some.number();
  return some.random.oneIn(2)
    ? memory.read(q, spoilt(some, options))
    : memory.readVjp(q, some.tensor([queries, 2], some.isVector), spoilt(some, options));
}
