// The workloads, and the targets they are held to: times of one call from JavaScript with `out`, the result's memory
// reused, on a Zen 3 core at 3.15 GHz (see README.md). `target` is for one thread and for two, in microseconds.

const softmax = (dims, target, more) => ({ operation: 'softmax', dims, target, ...more });
const logSoftmax = (dims, target, more) => ({ operation: 'logSoftmax', dims, target, ...more });
const logSumExp = (dims, target, more) => ({ operation: 'logSumExp', dims, target, ...more });
const smoothMax = (dims, target, more) => ({ operation: 'smoothMax', dims, target, ...more });
const argmax = (dims, target, more) => ({ operation: 'argmax', dims, target, ...more });
const hardmax = (dims, target, more) => ({ operation: 'hardmax', dims, target, ...more });
const float64 = { type: 'float64' };

const LIST = [
  softmax([1, 10]),
  softmax([1, 100]),
  softmax([1, 1000], { one: 1 }),
  softmax([1, 32_000], { one: 13.4 }),
  softmax([1, 128_256], { one: 56, two: 32 }),
  softmax([32, 1000], { one: 15 }),
  softmax([64, 32_000], { one: 1100, two: 570 }),
  softmax([1000, 10], { one: 7 }),
  softmax([10_000, 10], { one: 70 }),
  softmax([4096, 4096], { one: 9500, two: 5200 }),
  softmax([1, 10_000_000], { one: 7000, two: 4200 }),
  softmax([1, 128_256], undefined, { options: { temperature: 0.7 } }),
  softmax([1000, 1024], undefined, { options: { axis: 0 } }),

  logSoftmax([1, 10]),
  logSoftmax([1, 100]),
  logSoftmax([1, 1000]),
  logSoftmax([1, 32_000]),
  logSoftmax([1, 128_256], { one: 60 }),
  logSoftmax([32, 1000]),
  logSoftmax([64, 32_000], { one: 950, two: 500 }),
  logSoftmax([1000, 10]),
  logSoftmax([10_000, 10], { one: 80 }),
  logSoftmax([4096, 4096], { one: 12_000 }),
  logSoftmax([1, 10_000_000], { one: 7500 }),

  logSumExp([1, 10]),
  logSumExp([1, 100]),
  logSumExp([1, 1000]),
  logSumExp([1, 32_000]),
  logSumExp([1, 128_256], { one: 42, two: 24 }),
  logSumExp([32, 1000]),
  logSumExp([64, 32_000], { one: 750, two: 400 }),
  logSumExp([1000, 10], { one: 7 }),
  logSumExp([10_000, 10], { one: 60 }),
  logSumExp([4096, 4096], { one: 7500, two: 4200 }),
  logSumExp([1, 10_000_000], { one: 4500, two: 2500 }),

  smoothMax([1, 1000]),
  smoothMax([64, 32_000]),
  argmax([1, 10]),
  argmax([1, 1000]),
  argmax([64, 32_000]),
  hardmax([1, 1000]),
  hardmax([64, 32_000]),

  softmax([1, 1000], { one: 1.5 }, float64),
  softmax([1, 128_256], { one: 180 }, float64),
  softmax([64, 32_000], { one: 3000 }, float64),
  softmax([4096, 4096], { one: 26_000 }, float64),
  logSumExp([1, 128_256], { one: 150 }, float64),
];

/** Each with `name`, `size`, and its logits as an outer x n x inner block: the reduced axis is the middle one. */
export const CASES = LIST.map((listed) => {
  const { dims } = listed;
  const { type = 'float32', options = {} } = listed;
  const axis = options.axis ?? dims.length - 1;
  const shape = {
    outer: product(dims.slice(0, axis)),
    n: dims[axis],
    inner: product(dims.slice(axis + 1)),
  };
  const suffix = Object.entries(options).map(([key, value]) => `, ${key} ${value}`);
  const name = `${listed.operation} ${dims.join('x')} ${type}${suffix.join('')}`;
  return { ...listed, type, options, axis, shape, name, size: product(dims) };
});

/** Those whose name contains every word given; "quick" leaves out whatever is larger than the first caches. */
export function chosenCases(words, { quick = false } = {}) {
  return CASES.filter(({ name, size }) => words.every((word) => name.includes(word)) && !(quick && size > 200_000));
}

/** Logits as wide as a language model's: a sum of uniform numbers is near enough to normal, deviation 3. */
export function logitsOf({ type, size, dims }, seed = 1) {
  const data = new (type === 'float64' ? Float64Array : Float32Array)(size);
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  for (let i = 0; i < size; i += 1) data[i] = 6 * (uniform() + uniform() + uniform());
  return { data, dims, type };
}

function product(numbers) {
  return numbers.reduce((all, one) => all * one, 1);
}
