// A linear softmax classifier of digits, p = softmax(W x + b), fitted by the library.
import { SoftmaxRegression } from 'softmax-native';
import { CLASSES, PIXELS } from './digits.mjs';

/**
 * @param onStep told after each step of the search: { iterations, loss, gradientNorm }
 * @returns the model: `report` of the fit, `logits(digits)` and `probabilities(digits)` as { data, dims } of dims [digits,
 *   classes], `predict(digits)` as the class of each
 */
export function train(digits, { l2 = 1, tolerance = 1e-6, onStep } = {}) {
  const regression = new SoftmaxRegression({ classes: CLASSES });
  const report = regression.fit(pixelsOf(digits), labelsOf(digits), { l2, tolerance, onProgress: onStep });
  return {
    report,
    logits: (rows) => regression.logits(pixelsOf(rows)),
    probabilities: (rows) => regression.probabilities(pixelsOf(rows)),
    predict: (rows) => regression.predict(pixelsOf(rows)),
  };
}

/** The share of digits whose predicted class is their label. */
export function accuracy(predictions, digits) {
  return predictions.filter((label, row) => label === digits[row].label).length / digits.length;
}

export const labelsOf = (digits) => Int32Array.from(digits, ({ label }) => label);

// The digits as a matrix, one a row.
function pixelsOf(rows) {
  const data = new Float32Array(rows.length * PIXELS);
  rows.forEach(({ pixels }, row) => {
    data.set(pixels, row * PIXELS);
  });
  return { data, dims: [rows.length, PIXELS] };
}
