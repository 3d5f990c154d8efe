// The softmax family: one tensor of logits, one result.
import { emptyTensor, logitsOf } from '../inputs.mjs';

const softmax = (dims, target, more) => ({ operation: 'softmax', dims, target, ...more });
const logSoftmax = (dims, target, more) => ({ operation: 'logSoftmax', dims, target, ...more });
const logSumExp = (dims, target, more) => ({ operation: 'logSumExp', dims, target, ...more });
const smoothMax = (dims, target, more) => ({ operation: 'smoothMax', dims, target, ...more });
const argmax = (dims, target, more) => ({ operation: 'argmax', dims, target, ...more });
const hardmax = (dims, target, more) => ({ operation: 'hardmax', dims, target, ...more });
const float64 = { type: 'float64' };

export const cases = [
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

const elementwise = {
  inputs: (workload) => ({ logits: logitsOf(workload) }),
  outputs: (_, { logits }) => ({ out: emptyTensor(logits.type, logits.dims) }),
  given: ({ logits }) => [logits],
  timesReference: true,
};

const reduction = (type) => ({
  ...elementwise,
  outputs: ({ axis }, { logits }) => ({
    out: emptyTensor(
      type ?? logits.type,
      logits.dims.filter((_, k) => k !== axis),
    ),
  }),
});

export const operations = {
  softmax: elementwise,
  logSoftmax: elementwise,
  hardmax: elementwise,
  logSumExp: reduction(),
  smoothMax: reduction(),
  argmax: reduction('int32'),
};
