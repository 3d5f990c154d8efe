// A linear softmax classifier: logits = W x + b, p = softmax(logits), and the gradient of the cross-entropy with
// respect to the logits, which is p - y. All rows of a batch go through the library in one call.
import { argmax, softmax } from 'softmax-native';
import { CLASSES, PIXELS, randomNumbers, shuffle } from './digits.mjs';

const FEATURES = PIXELS + 1; // the last one is always 1, and its weight is the bias

/**
 * Minibatch gradient descent with momentum and a small L2 penalty.
 *
 * @returns the model: `logits(digits)` and `probabilities(digits)` as { data, dims } of dims [digits, classes]
 */
export function train(
  digits,
  { epochs = 60, batch = 64, rate = 0.2, momentum = 0.9, l2 = 1e-4, seed = 1, onEpoch = () => {} } = {},
) {
  const weights = new Float32Array(CLASSES * FEATURES);
  const velocity = new Float32Array(weights.length);
  const random = randomNumbers(seed);

  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const order = shuffle(digits, random);
    let loss = 0;
    for (let start = 0; start < order.length; start += batch) {
      const rows = order.slice(start, start + batch);
      const p = probabilitiesOf(weights, rows);
      loss += crossEntropy(p.data, rows);
      step(weights, velocity, gradientOf(p.data, rows), { rate: rate / rows.length, momentum, decay: rate * l2 });
    }
    onEpoch({ epoch: epoch + 1, epochs, loss: loss / order.length });
  }

  return {
    logits: (rows) => logitsOf(weights, rows),
    probabilities: (rows) => probabilitiesOf(weights, rows),
  };
}

/** The class with the largest logit, row by row. */
export function predict(model, digits) {
  return [...argmax(model.logits(digits)).data];
}

/** The share of digits whose predicted class is their label. */
export function accuracy(predictions, digits) {
  return predictions.filter((label, row) => label === digits[row].label).length / digits.length;
}

function logitsOf(weights, rows) {
  const data = new Float32Array(rows.length * CLASSES);
  rows.forEach(({ pixels }, row) => {
    for (let k = 0; k < CLASSES; k += 1) {
      let sum = weights[k * FEATURES + PIXELS];
      for (let i = 0; i < PIXELS; i += 1) sum += weights[k * FEATURES + i] * pixels[i];
      data[row * CLASSES + k] = sum;
    }
  });
  return { data, dims: [rows.length, CLASSES] };
}

function probabilitiesOf(weights, rows) {
  const logits = logitsOf(weights, rows);
  return softmax(logits, { out: logits }); // in place: the logits are not needed again
}

function crossEntropy(p, rows) {
  return rows.reduce((sum, { label }, row) => sum - Math.log(p[row * CLASSES + label]), 0);
}

// d loss / d weights, summed over the rows: (p - y) x.
function gradientOf(p, rows) {
  const gradient = new Float32Array(CLASSES * FEATURES);
  rows.forEach(({ pixels, label }, row) => {
    for (let k = 0; k < CLASSES; k += 1) {
      const error = p[row * CLASSES + k] - (k === label ? 1 : 0);
      for (let i = 0; i < PIXELS; i += 1) gradient[k * FEATURES + i] += error * pixels[i];
      gradient[k * FEATURES + PIXELS] += error;
    }
  });
  return gradient;
}

function step(weights, velocity, gradient, { rate, momentum, decay }) {
  for (let i = 0; i < weights.length; i += 1) {
    velocity[i] = momentum * velocity[i] - rate * gradient[i] - decay * weights[i];
    weights[i] += velocity[i];
  }
}
