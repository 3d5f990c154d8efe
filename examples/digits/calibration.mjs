// How far the classifier's confidences can be trusted, and the temperature that mends them: found on digits that the model
// has not learnt from, five folds of those for learning, and judged by the held-out ones.
import { calibrateTemperature } from 'softmax-native';
import { CLASSES } from './digits.mjs';
import { labelsOf, train } from './model.mjs';

const FOLDS = 5;
export const BINS = 10;

/**
 * @returns { temperature, before, after }: what the held-out digits say at temperature 1 and at that found, each as
 *   { loss, expectedCalibrationError, bins }
 */
export function calibrate(model, training, heldOut) {
  const { logits, labels } = outOfFold(training);
  const { temperature } = calibrateTemperature(logits, labels);
  return { temperature, before: judge(model, heldOut, 1), after: judge(model, heldOut, temperature) };
}

/** The logits of each digit by a model that has learnt from the other folds. */
function outOfFold(digits) {
  const data = new Float32Array(digits.length * CLASSES);
  for (let fold = 0; fold < FOLDS; fold += 1) {
    const isHere = (_, i) => i % FOLDS === fold;
    const some = digits.filter(isHere);
    const model = train(digits.filter((digit, i) => !isHere(digit, i)));
    const logits = model.logits(some).data;
    for (let k = 0; k < some.length; k += 1) {
      data.set(logits.subarray(k * CLASSES, (k + 1) * CLASSES), (k * FOLDS + fold) * CLASSES);
    }
  }
  return { logits: { data, dims: [digits.length, CLASSES] }, labels: labelsOf(digits) };
}

// What calibrateTemperature says of logits as they are given to it.
function judge(model, digits, temperature) {
  const { data, dims } = model.logits(digits);
  const logits = { data: data.map((logit) => logit / temperature), dims };
  return calibrateTemperature(logits, labelsOf(digits), { bins: BINS }).before;
}

const SIZE = 220;
const MARGIN = 46;
const GAP = 40;

/** A reliability plot, before and after: how often a confidence was right. What lies on the diagonal can be trusted. */
export function drawReliability({ temperature, before, after }) {
  const width = 2 * (SIZE + MARGIN) + GAP;
  const height = SIZE + 2 * MARGIN + 16;
  const panels = [
    panel(before, 'temperature 1', MARGIN),
    panel(after, `temperature ${temperature.toFixed(2)}`, 2 * MARGIN + SIZE + GAP),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width + 12}" height="${height}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...panels.flat(),
    '</svg>\n',
  ].join('\n');
}

function panel({ bins, loss, expectedCalibrationError: error }, title, left) {
  const top = MARGIN;
  const x = (share) => (left + share * SIZE).toFixed(1);
  const y = (share) => (top + (1 - share) * SIZE).toFixed(1);
  const most = Math.max(...bins.map(({ count }) => count));
  const bars = bins
    .filter(({ count }) => count > 0)
    .map(({ lower, upper, accuracy, count }) => {
      const [start, wide, high] = [x(lower), ((upper - lower) * SIZE - 2).toFixed(1), (accuracy * SIZE).toFixed(1)];
      const shade = (0.25 + 0.75 * Math.sqrt(count / most)).toFixed(2);
      const about = `${count} digits, ${(100 * accuracy).toFixed(0)} % right`;
      return `<rect x="${start}" y="${y(accuracy)}" width="${wide}" height="${high}" fill="#4878a8" fill-opacity="${shade}"><title>${about}</title></rect>`;
    });
  const marks = [0, 0.5, 1].flatMap((share) => [
    `<text x="${x(share)}" y="${top + SIZE + 16}" text-anchor="middle">${share}</text>`,
    `<text x="${left - 6}" y="${Number(y(share)) + 4}" text-anchor="end">${share}</text>`,
  ]);
  return [
    `<text x="${left}" y="${top - 22}" font-weight="bold">${title}</text>`,
    `<text x="${left}" y="${top - 7}">ECE ${error.toFixed(3)}, cross-entropy ${loss.toFixed(3)}</text>`,
    ...bars,
    `<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="#c44" stroke-dasharray="4 3"/>`,
    `<rect x="${left}" y="${top}" width="${SIZE}" height="${SIZE}" fill="none" stroke="#888"/>`,
    ...marks,
    `<text x="${left + SIZE / 2}" y="${top + SIZE + 34}" text-anchor="middle">confidence</text>`,
    `<text transform="translate(${left - 30} ${top + SIZE / 2}) rotate(-90)" text-anchor="middle">share that was right</text>`,
  ];
}
