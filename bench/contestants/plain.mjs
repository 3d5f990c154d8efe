// Plain JavaScript: the loops one would write instead of using a library, and the copy that any result costs.
import { mapValues } from '../inputs.mjs';
import { LOOPS as attention } from './plain-attention.mjs';
import { LOOPS as derivatives } from './plain-derivatives.mjs';
import { LOOPS as losses } from './plain-losses.mjs';
import { LOOPS as softmaxFamily } from './plain-softmax-family.mjs';

// Each is made anew for each case: a function that has seen float32 and float64 arrays is slower on both.
const LOOPS = { ...softmaxFamily, ...derivatives, ...losses, ...attention };

// So many products of the linear layer, or of attention, take half a second.
const MOST_PRODUCTS = 1e8;

export function plainContestants({ operation, shape, dims, depth = 0, options, size }, inputs, outputs) {
  const products = operation === 'linearCrossEntropy' ? dims[1] : depth;
  if (size * products > MOST_PRODUCTS) return [];
  const loop = LOOPS[operation]();
  const run = () => loop(inputs, outputs, shape, options);
  const result = () => {
    run();
    return mapValues(outputs, ({ data }) => data);
  };
  return [{ name: 'plain JavaScript', threads: 1, run, result }];
}

/** What moving the data alone costs, where the result is as large as the input. */
export function copyContestants(inputs, outputs) {
  const [from, to] = [Object.values(inputs)[0].data, Object.values(outputs).at(-1).data];
  if (from.length !== to.length) return [];
  return [{ name: 'copy (set)', threads: 1, run: () => to.set(from) }];
}
