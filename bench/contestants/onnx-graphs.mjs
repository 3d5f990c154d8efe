// The operations as ONNX has them: one node where there is one, else the few that one would write. onnxruntime-node
// computes no gradients of its own.

const node = (type, from, to, attributes) => ({ type, from, to, attributes });
const float = (type, data, dims = []) => ({
  type,
  dims,
  data: new (type === 'float64' ? Float64Array : Float32Array)(data),
});
const LAST = { axis: -1 };

// ReduceSum takes its axes as an input.
const lastAxis = { axes: { type: 'int64', dims: [1], data: new BigInt64Array([-1n]) } };
const sum = (from, to, keepdims = 1) => node('ReduceSum', [from, 'axes'], to, { keepdims });

// p (v - p.v)
const alongRows = (p, v) => [
  node('Mul', [p, v], 'products'),
  sum('products', 'mean'),
  node('Sub', [v, 'mean'], 'centred'),
  node('Mul', [p, 'centred'], 'out'),
];
const softmaxProduct = () => ({ nodes: alongRows('y', 'vector'), constants: lastAxis });

const GRAPHS = {
  softmax: ({ axis }) => ({ nodes: [node('Softmax', ['logits'], 'out', { axis })] }),
  logSoftmax: ({ axis }) => ({ nodes: [node('LogSoftmax', ['logits'], 'out', { axis })] }),
  logSumExp: ({ axis }) => ({ nodes: [node('ReduceLogSumExp', ['logits'], 'out', { axes: [axis], keepdims: 0 })] }),
  hardmax: ({ axis }) => ({ nodes: [node('Hardmax', ['logits'], 'out', { axis })] }),
  softmaxVjp: softmaxProduct,
  softmaxJvp: softmaxProduct,
  softmaxBetaGradient: () => ({
    nodes: [node('Softmax', ['logits'], 'p', LAST), ...alongRows('p', 'logits')],
    constants: lastAxis,
  }),
  logSoftmaxVjp: () => ({
    nodes: [
      node('Exp', ['y'], 'p'),
      sum('vector', 'total'),
      node('Mul', ['p', 'total'], 'expected'),
      node('Sub', ['vector', 'expected'], 'out'),
    ],
    constants: lastAxis,
  }),
  logSoftmaxJvp: () => ({
    nodes: [
      node('Exp', ['y'], 'p'),
      node('Mul', ['p', 'vector'], 'products'),
      sum('products', 'mean'),
      node('Sub', ['vector', 'mean'], 'out'),
    ],
    constants: lastAxis,
  }),
  // Key and value have as many heads as the query.
  attention({ type, group, depth, options }) {
    if (group > 1 || options.causal) return undefined;
    return {
      nodes: [
        node('Transpose', ['key'], 'turned', { perm: [0, 2, 1] }),
        node('MatMul', ['query', 'turned'], 'products'),
        node('Mul', ['products', 'scale'], 'scores'),
        node('Softmax', ['scores'], 'weights', LAST),
        node('MatMul', ['weights', 'value'], 'output'),
      ],
      constants: { scale: float(type, [1 / Math.sqrt(depth)]) },
    };
  },
  klDivergence: () => ({
    nodes: [
      node('LogSoftmax', ['logits'], 'logP', LAST),
      node('LogSoftmax', ['others'], 'logQ', LAST),
      node('Exp', ['logP'], 'p'),
      node('Sub', ['logP', 'logQ'], 'difference'),
      node('Mul', ['p', 'difference'], 'products'),
      sum('products', 'out', 0),
    ],
    constants: lastAxis,
  }),
  crossEntropy({ type, forward, probabilities, options, shape: { outer } }) {
    if (probabilities || options.labelSmoothing) return undefined;
    if (forward) return { nodes: [node('SoftmaxCrossEntropyLoss', ['logits', 'target'], 'loss')] };
    return {
      nodes: [
        node('LogSoftmax', ['logits'], 'logP', LAST),
        node('NegativeLogLikelihoodLoss', ['logP', 'target'], 'loss'),
        node('Exp', ['logP'], 'p'),
        node('Unsqueeze', ['target', 'column'], 'indices'),
        node('ScatterElements', ['p', 'indices', 'minusOnes'], 'differences', { axis: 1, reduction: 'add' }),
        node('Mul', ['differences', 'share'], 'gradient'),
      ],
      constants: {
        column: { type: 'int64', dims: [1], data: new BigInt64Array([1n]) },
        minusOnes: float(type, new Array(outer).fill(-1), [outer, 1]),
        share: float(type, [1 / outer]),
      },
      opset: 16,
    };
  },
};

/** Nodes from the case's inputs to its outputs, by their names; nothing where there are none. */
export function graphOf(workload) {
  return workload.options.temperature === undefined ? GRAPHS[workload.operation]?.(workload) : undefined;
}
