// The loops one would write for attention: scores of a row, their softmax, the mean of the values; and the gradients.

/** Functions that make a loop (inputs, outputs, shape, options), for each operation. */
export const LOOPS = {
  attention:
    () =>
    (inputs, { output }, shape, options) => {
      output.data.fill(0);
      eachRow(inputs, shape, options, (row, first, seen, weights, depth) => {
        for (let j = 0; j < seen; j += 1) add(output.data, row, inputs.value.data, first + j, weights[j], depth);
      });
    },
  attentionVjp:
    () =>
    (inputs, { queryGradient, keyGradient, valueGradient }, shape, options) => {
      for (const { data } of [queryGradient, keyGradient, valueGradient]) data.fill(0);
      const [query, key, value, direction] = [inputs.query, inputs.key, inputs.value, inputs.direction].map(
        ({ data }) => data,
      );
      const slopes = new Float64Array(shape.n);
      eachRow(inputs, shape, options, (row, first, seen, weights, depth) => {
        let mean = 0;
        for (let j = 0; j < seen; j += 1) {
          slopes[j] = dot(direction, row, value, first + j, depth);
          mean += weights[j] * slopes[j];
          add(valueGradient.data, first + j, direction, row, weights[j], depth);
        }
        for (let j = 0; j < seen; j += 1) {
          const slope = (weights[j] * (slopes[j] - mean)) / Math.sqrt(depth);
          add(queryGradient.data, row, key, first + j, slope, depth);
          add(keyGradient.data, first + j, query, row, slope, depth);
        }
      });
    },
};

function eachRow({ query, key }, { outer, n }, { causal }, visit) {
  const [heads, queries, depth] = query.dims;
  const group = heads / key.dims[0];
  const weights = new Float64Array(n);
  for (let row = 0; row < outer; row += 1) {
    const first = Math.floor(row / queries / group) * n;
    const seen = causal ? Math.max((row % queries) + 1 + n - queries, 0) : n;
    let max = -Infinity;
    for (let j = 0; j < seen; j += 1) {
      weights[j] = dot(query.data, row, key.data, first + j, depth) / Math.sqrt(depth);
      if (weights[j] > max) max = weights[j];
    }
    let sum = 0;
    for (let j = 0; j < seen; j += 1) sum += weights[j] = Math.exp(weights[j] - max);
    for (let j = 0; j < seen; j += 1) weights[j] /= sum;
    visit(row, first, seen, weights, depth);
  }
}

function dot(a, i, b, j, depth) {
  let sum = 0;
  for (let k = 0; k < depth; k += 1) sum += a[i * depth + k] * b[j * depth + k];
  return sum;
}

function add(sums, i, terms, j, factor, depth) {
  for (let k = 0; k < depth; k += 1) sums[i * depth + k] += factor * terms[j * depth + k];
}
