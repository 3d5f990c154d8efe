// What the contestants compute with: tensors of numbers that are the same for each run.

const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array };

export function emptyTensor(type, dims) {
  return { data: new ARRAYS[type](product(dims)), dims, type };
}

/** Logits as wide as a language model's: a sum of uniform numbers is near enough to normal, deviation 3. */
export function logitsOf({ type, dims }, seed = 1) {
  return normalTensor(type, dims, { deviation: 3, seed });
}

export function normalTensor(type, dims, { deviation, seed }) {
  const tensor = emptyTensor(type, dims);
  const { data } = tensor;
  const uniform = uniformNumbers(seed);
  const width = 2 * deviation;
  for (let i = 0; i < data.length; i += 1) data[i] = width * (uniform() + uniform() + uniform());
  return tensor;
}

/** One class index for each row. */
export function classIndices(rows, classes, seed = 3) {
  const tensor = emptyTensor('int32', [rows]);
  const uniform = uniformNumbers(seed);
  for (let row = 0; row < rows; row += 1) tensor.data[row] = Math.floor((uniform() + 0.5) * classes);
  return tensor;
}

/** The same numbers in float64; indices stay what they are. */
export function widened(tensor) {
  if (tensor.type === 'int32') return tensor;
  return { ...tensor, data: new Float64Array(tensor.data), type: 'float64' };
}

export function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

export function product(numbers) {
  return numbers.reduce((all, one) => all * one, 1);
}

// From -0.5 to 0.5: a linear congruential generator.
function uniformNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}
