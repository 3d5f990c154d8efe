// Text pictures: a digit, a confusion matrix, and probabilities as bars. Each returns lines.
import { CLASSES, SIDE } from './digits.mjs';
import { bar, bold, cyan, dim, green, red } from './terminal.mjs';

const SHADES = ' ░▒▓█';

/** Two characters a pixel, since characters are about twice as high as wide. */
export function drawDigit({ pixels }) {
  return Array.from({ length: SIDE }, (_, y) => {
    const row = pixels.subarray(y * SIDE, (y + 1) * SIDE);
    return Array.from(row, (value) => SHADES[Math.round(value * (SHADES.length - 1))].repeat(2)).join('');
  });
}

/** Rows are what the digits are, columns what they were taken for. */
export function drawConfusion(predictions, digits) {
  const counts = Array.from({ length: CLASSES }, () => new Array(CLASSES).fill(0));
  digits.forEach(({ label }, i) => {
    counts[label][predictions[i]] += 1;
  });
  const cell = (count, k, label) => {
    const text = String(count).padStart(4);
    if (count === 0) return dim(text.replace('0', '·'));
    return k === label ? green(text) : red(text);
  };
  return [
    `  digit   taken for ${dim('0   1   2   3   4   5   6   7   8   9')}`,
    ...counts.map((row, label) => {
      const right = ((100 * row[label]) / row.reduce((sum, count) => sum + count, 0)).toFixed(1);
      return `${dim(String(label).padStart(7))}          ${row.map((n, k) => cell(n, k, label)).join('')}${dim(`${right} %`.padStart(10))}`;
    }),
  ];
}

/**
 * A column of bars for each temperature, a line for each class.
 *
 * @param columns [{ title, probabilities }]
 */
export function drawProbabilities(columns, { label, width = 8 }) {
  const share = (p) => (p >= 0.9995 ? '1' : p.toFixed(3).replace(/^0/, ''));
  const heads = columns.map(({ title }) => bold(title.padEnd(width + 6))).join('');
  const lines = Array.from({ length: CLASSES }, (_, k) => {
    const name = k === label ? green(`${k} ◂`) : `${k}  `;
    const cells = columns.map(({ probabilities: p }) => `${cyan(bar(p[k], width))}${share(p[k]).padEnd(6)}`);
    return `  ${name} ${cells.join('')}`.trimEnd();
  });
  return [`      ${heads}`.trimEnd(), ...lines];
}
