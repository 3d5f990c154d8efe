// Attention, forward, and forward and backward in one; an element is one score. Prefill has as many queries as keys, decode
// one query beside a long cache. Too large for the reference: a few rows of the output are compared with the definition.
import { emptyTensor, normalTensor } from '../inputs.mjs';
import { reference } from '../library.mjs';

/** `group` query heads to each of the key heads. */
export const attention = (
  keyHeads,
  queries,
  keys,
  depth,
  { group = 1, target, causal, operation = 'attention' } = {},
) => ({
  operation,
  dims: [keyHeads, queries, keys],
  depth,
  group,
  options: causal ? { causal } : {},
  target: target ?? { peer: 'torch' },
});

const both = { operation: 'attentionVjp' };

export const cases = [
  attention(8, 1024, 1024, 64, { target: { one: 28_000, two: 15_000 } }),
  attention(8, 1024, 1024, 64, { causal: true }),
  attention(8, 4096, 4096, 64),
  attention(8, 4096, 4096, 64, { causal: true }),
  attention(2, 1024, 1024, 128, { group: 4, causal: true }),
  attention(8, 1, 8192, 128, { target: { one: 3800, two: 2500 } }),
  attention(8, 1, 8192, 128, { group: 4 }),
  attention(8, 1024, 1024, 64, { ...both, target: { one: 100_000, two: 54_000 } }),
  attention(8, 1024, 1024, 64, { ...both, causal: true }),
];

const shapesOf = ({ dims: [keyHeads, queries, keys], depth, group }) => ({
  query: [keyHeads * group, queries, depth],
  key: [keyHeads, keys, depth],
  rows: keyHeads * group * queries,
});

function inputs(workload) {
  const { query, key } = shapesOf(workload);
  const tensor = (dims, seed) => normalTensor(workload.type, dims, { deviation: 1, seed });
  const all = { query: tensor(query, 1), key: tensor(key, 2), value: tensor(key, 3) };
  return workload.operation === 'attention' ? all : { ...all, direction: tensor(query, 4) };
}

function outputs(workload) {
  const { query, key } = shapesOf(workload);
  if (workload.operation === 'attention') return { output: emptyTensor(workload.type, query) };
  const gradients = { queryGradient: query, keyGradient: key, valueGradient: key };
  return Object.fromEntries(Object.entries(gradients).map(([name, dims]) => [name, emptyTensor(workload.type, dims)]));
}

/** Rows of the output that are looked at. */
function lookedAt(workload) {
  const { rows } = shapesOf(workload);
  return [...new Set([0, 1, rows >> 1, rows - 1])].filter((row) => row < rows);
}

const sampled = ({ output }, workload) => ({
  output: lookedAt(workload).flatMap((row) => [...output.slice(row * workload.depth, (row + 1) * workload.depth)]),
});

// The definition in float64.
function exact(workload, { query, key, value }) {
  const { dims, depth, group, options } = workload;
  const [, queries, keys] = dims;
  const row = (array, index) => array.subarray(index * depth, (index + 1) * depth);
  const output = lookedAt(workload).flatMap((index) => {
    const first = Math.floor(index / queries / group) * keys;
    const seen = options.causal ? (index % queries) + 1 + keys - queries : keys;
    const q = row(query.data, index);
    const scores = Array.from(
      { length: Math.max(seen, 0) },
      (_, j) => dot(q, row(key.data, first + j)) / Math.sqrt(depth),
    );
    const max = scores.reduce((most, one) => Math.max(most, one), -Infinity);
    const weights = scores.map((score) => Math.exp(score - max));
    const total = weights.reduce((sum, one) => sum + one, 0);
    const mean = new Float64Array(depth);
    weights.forEach((weight, j) => {
      const v = row(value.data, first + j);
      for (let c = 0; c < depth; c += 1) mean[c] += (weight / total) * v[c];
    });
    return [...mean];
  });
  return { output };
}

function dot(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k += 1) sum += a[k] * b[k];
  return sum;
}

function exactGradients({ options }, { query, key, value, direction }) {
  const { queryGradient, keyGradient, valueGradient } = reference.attentionVjp(query, key, value, direction, options);
  return { queryGradient: queryGradient.data, keyGradient: keyGradient.data, valueGradient: valueGradient.data };
}

const usual = {
  label: ([keyHeads, queries, keys], { depth, group }) =>
    `${keyHeads * group}${group > 1 ? `/${keyHeads}` : ''}x${queries}x${keys}x${depth}`,
  shape: ([keyHeads, queries, keys], { group }) => ({ outer: keyHeads * group * queries, n: keys, inner: 1 }),
  size: ({ outer, n }) => outer * n,
  inputs,
  outputs,
  given: ({ query, key, value, direction }) => (direction ? [query, key, value, direction] : [query, key, value]),
  // An error counts beside the largest number of its row.
  rowLength: ({ depth }) => depth,
};

export const operations = {
  attention: {
    ...usual,
    wanted: (_, outputs) => (outputs ? { out: outputs.output } : {}),
    values: ({ output }) => ({ output }),
    exact,
    sampled,
  },
  attentionVjp: {
    ...usual,
    allocates: true,
    // Beside the largest of a head: the gradient of a query that sees one key is 0 but for a rounding.
    rowLength: ({ dims: [, queries, keys], depth }) => Math.min(queries, keys) * depth,
    wanted: () => ({}),
    values: ({ queryGradient, keyGradient, valueGradient }) => ({ queryGradient, keyGradient, valueGradient }),
    exact: exactGradients,
  },
};
