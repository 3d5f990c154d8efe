// A linear softmax classifier: logits = W x + b, p = softmax(logits). One call gives the cross-entropy of a batch and its
// gradients in W and b.
import { argmax, linearCrossEntropy, softmax } from 'softmax-native';
import { CLASSES, PIXELS, randomNumbers, shuffle } from './digits.mjs';

/**
 * Minibatch gradient descent with momentum and a small L2 penalty.
 *
 * @returns the model: `logits(digits)` and `probabilities(digits)` as { data, dims } of dims [digits, classes]
 */
export function train(
  digits,
  { epochs = 60, batch = 64, rate = 0.2, momentum = 0.9, l2 = 1e-4, seed = 1, onEpoch = () => {} } = {},
) {
  const weight = { data: new Float32Array(CLASSES * PIXELS), dims: [CLASSES, PIXELS] };
  const bias = new Float32Array(CLASSES);
  const gradient = { weight: new Float32Array(weight.data.length), bias: new Float32Array(CLASSES) };
  const velocity = { weight: new Float32Array(weight.data.length), bias: new Float32Array(CLASSES) };
  const motion = { rate, momentum, decay: rate * l2 };
  const random = randomNumbers(seed);

  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const order = shuffle(digits, random);
    let sum = 0;
    for (let start = 0; start < order.length; start += batch) {
      const rows = order.slice(start, start + batch);
      const labels = rows.map(({ label }) => label);
      const { loss } = linearCrossEntropy(pixelsOf(rows), weight, labels, { bias, gradient });
      sum += loss * rows.length;
      step(weight.data, velocity.weight, gradient.weight, motion);
      step(bias, velocity.bias, gradient.bias, motion);
    }
    onEpoch({ epoch: epoch + 1, epochs, loss: sum / order.length });
  }

  const logits = (rows) => logitsOf(weight.data, bias, rows);
  return { logits, probabilities: (rows) => softmax(logits(rows)) };
}

/** The class with the largest logit, row by row. */
export function predict(model, digits) {
  return [...argmax(model.logits(digits)).data];
}

/** The share of digits whose predicted class is their label. */
export function accuracy(predictions, digits) {
  return predictions.filter((label, row) => label === digits[row].label).length / digits.length;
}

// The digits as a matrix, one a row.
function pixelsOf(rows) {
  const data = new Float32Array(rows.length * PIXELS);
  rows.forEach(({ pixels }, row) => {
    data.set(pixels, row * PIXELS);
  });
  return { data, dims: [rows.length, PIXELS] };
}

function logitsOf(weight, bias, rows) {
  const data = new Float32Array(rows.length * CLASSES);
  rows.forEach(({ pixels }, row) => {
    for (let k = 0; k < CLASSES; k += 1) {
      let sum = bias[k];
      for (let i = 0; i < PIXELS; i += 1) sum += weight[k * PIXELS + i] * pixels[i];
      data[row * CLASSES + k] = sum;
    }
  });
  return { data, dims: [rows.length, CLASSES] };
}

function step(values, velocity, gradient, { rate, momentum, decay }) {
  for (let i = 0; i < values.length; i += 1) {
    velocity[i] = momentum * velocity[i] - rate * gradient[i] - decay * values[i];
    values[i] += velocity[i];
  }
}
