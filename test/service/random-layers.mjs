// Random calls of output layers, tables, trees, generators and proposals: mostly sound, each argument now and then of
// another kind, bytes now and then cut or altered.
const CLASSES = 12;
const DIM = 3;
const COUNTS = [40, 22, 9, 9, 5, 4, 3, 3, 2, 1, 1, 0];
const ROWS = 5;

/** How each is called: `invoke(functions, some)` gives its result. */
export const layerForms = {
  FullSoftmax: layer('FullSoftmax', () => ({ classes: CLASSES })),
  AdaptiveSoftmax: layer('AdaptiveSoftmax', (some) => ({
    classes: CLASSES,
    cutoffs: some.random.of([[4], [3, 7], [0], [4, 4], [20]]),
    divValue: some.random.of([2, 4, undefined, 0]),
  })),
  HierarchicalSoftmax: layer('HierarchicalSoftmax', (_, { HuffmanTree }) => ({ tree: HuffmanTree.fromCounts(COUNTS) })),
  SampledSoftmax: layer('SampledSoftmax', (some, functions) => ({
    classes: CLASSES,
    ...sampling(some, functions),
    form: some.random.of(['negatives', 'expectedCount', undefined]),
    unique: some.random.of([true, false, undefined]),
  })),
  NoiseContrastive: layer('NoiseContrastive', (some, functions) => ({
    classes: CLASSES,
    ...sampling(some, functions),
    logPartition: some.random.of(['learned', 'fixed', 2, undefined]),
    negativeSampling: some.random.oneIn(4),
  })),
  EmbeddingTable: {
    invoke: ({ EmbeddingTable }, some) => {
      const table = new EmbeddingTable(spoilt(some, { size: ROWS, dim: DIM, seed: 7 }));
      return some.random.oneIn(3) ? EmbeddingTable.fromBytes(altered(some, table.toBytes())) : table.row(integer(some));
    },
  },
  HuffmanTree: {
    invoke: ({ HuffmanTree }, some) => {
      const counts = COUNTS.map((count) => (some.random.oneIn(50) ? some.number() : count));
      const tree = HuffmanTree.fromCounts(counts, { maxLength: some.random.of([undefined, 4, 5, 2, 1.5]) });
      if (some.random.oneIn(3)) return HuffmanTree.fromBytes(altered(some, tree.toBytes()));
      const paths = counts.map((_, id) => tree.codeOf(id));
      if (some.random.oneIn(3)) paths[some.random.below(CLASSES)]?.bits.reverse?.();
      return HuffmanTree.fromPaths(paths, { convention: some.random.of(['word2vec', 'fasttext', 'other']) });
    },
  },
  Rng: {
    invoke: ({ Rng }, some) => {
      const rng = new Rng(some.random.oneIn(9) ? some.number() : 3, some.random.of([undefined, 5, -1]));
      rng.advance(integer(some));
      return some.random.oneIn(2) ? rng.integer(integer(some)) : rng.uniform();
    },
  },
  proposals: {
    invoke: ({ proposals, Rng }, some) => {
      const proposal = proposalOf(some, proposals);
      const options = spoilt(some, { rng: new Rng(1), unique: some.random.oneIn(2), exclude: ids(some, 2) });
      return some.random.oneIn(2)
        ? proposal.sample(integer(some), options)
        : proposal.expectedCount(ids(some, 4), integer(some), { unique: some.random.oneIn(2) });
    },
  },
  importanceSampling: {
    invoke: ({ importanceSampling }, some) =>
      importanceSampling(some.array(ROWS, Float64Array), some.array(ROWS, Float64Array)),
  },
  checkUnbiased: {
    invoke: ({ checkUnbiased }, some) =>
      checkUnbiased((rng) => rng.uniform(), 0.5, spoilt(some, { draws: 2 + some.random.below(9), seed: 1 })),
  },
};

function layer(name, optionsOf) {
  return {
    invoke: (functions, some) => {
      some.Float = some.random.oneIn(2) ? Float32Array : Float64Array;
      some.isVector = some.random.oneIn(3);
      const type = some.Float === Float32Array ? 'float32' : 'float64';
      const options = { dim: DIM, type, bias: some.random.oneIn(2), ...optionsOf(some, functions) };
      const made = new functions[name](spoilt(some, options));
      return call(some, made, functions);
    },
  };
}

function call(some, made, functions) {
  const rows = some.isVector ? 1 : 1 + some.random.below(6);
  const hidden = () => some.tensor([rows, DIM], some.isVector);
  const rng = new functions.Rng(1);
  const calls = {
    logProbability: () => [hidden(), some.classes(rows, CLASSES)],
    lossAndGradient: () => [hidden(), some.classes(rows, CLASSES), spoilt(some, { rng })],
    distribution: () => [hidden()],
    topK: () => [hidden(), integer(some)],
    sample: () => [hidden(), some.random.oneIn(20) ? some.number() : rng],
    trainStep: () => examples(some, rng, functions),
    toBytes: () => [],
  };
  const method = some.random.of(Object.keys(calls));
  if (method === 'toBytes') return made.constructor.fromBytes(altered(some, made.toBytes()));
  return made[method](...calls[method]());
}

function examples(some, rng, { EmbeddingTable }) {
  const count = some.random.below(6);
  const type = some.Float === Float32Array ? 'float32' : 'float64';
  const table = some.random.oneIn(2)
    ? new EmbeddingTable({ size: ROWS, dim: DIM, type })
    : some.tensor([ROWS, DIM], false);
  const inBags = some.random.oneIn(3);
  const given = { table, rows: Int32Array.from({ length: inBags ? 2 * count : count }, () => some.random.below(ROWS)) };
  if (inBags) given.offsets = Int32Array.from({ length: count + 1 }, (_, k) => 2 * k);
  some.isVector = false;
  const options = { learningRate: Math.abs(some.number()), threads: some.random.of([undefined, 1, 2]), rng };
  if (some.random.oneIn(2)) options.batchSize = integer(some);
  return [spoilt(some, given), some.classes(count, CLASSES), spoilt(some, options)];
}

/** The options, now and then one of them of another kind. */
export function spoilt(some, options) {
  if (some.random.oneIn(12)) options[some.random.of(Object.keys(options))] = some.random.of([...oddValues()]);
  return options;
}

const oddValues = () => [null, undefined, -1, NaN, 1.5, 2 ** 53, 'text', 1n, {}, [], new Float32Array(2), Infinity];

export const integer = (some) => (some.random.oneIn(12) ? some.number() : some.random.below(9));

const ids = (some, count) =>
  Array.from({ length: count }, () => (some.random.oneIn(20) ? some.number() : some.random.below(CLASSES)));

function proposalOf(some, proposals) {
  const kinds = [
    () => proposals.uniform(CLASSES),
    () => proposals.logUniform(CLASSES),
    () => proposals.unigram(COUNTS, { power: 0.75 }),
    () => proposals.learned(CLASSES),
    () => proposals.softmax(COUNTS),
  ];
  return some.random.of(kinds)();
}

/** Bytes as they were, or cut, or with one of them changed. */
export function altered(some, bytes) {
  const copy = bytes.slice();
  if (some.random.oneIn(3)) return copy.subarray(0, some.random.below(copy.length));
  if (some.random.oneIn(2)) copy[some.random.below(copy.length)] ^= 1 << some.random.below(8);
  return copy;
}

const sampling = (some, { proposals }) => ({
  proposal: proposalOf(some, proposals),
  samples: 1 + some.random.below(6),
  share: some.random.of(['batch', 'example', 'window', undefined]),
});
