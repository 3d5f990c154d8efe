// All cases of a run in one table of Markdown, as it stands in README.md.
import { duration, judgement, ratioText } from './report.mjs';

// Contestants with two threads are compared with native's two; of several ways to call a peer the fastest counts.
const COLUMNS = {
  'plain JavaScript': /^plain/,
  'onnxruntime-node': /^onnxruntime-node$/,
  'onnxruntime-node, 2t': /^onnxruntime-node, 2/,
  'tfjs-wasm': /^tfjs-wasm$/,
  'transformers.js': /^transformers/,
  torch: /^torch(, out)?$/,
  'torch, 2t': /^torch.*, 2/,
  numpy: /^numpy$/,
};

/** @param cases [{ name, target, rows }] of at least one; columns that nobody fills are left out */
export function printSummary(cases) {
  const lines = cases.map(lineOf);
  const filled = Object.keys(lines[0]).filter((column) => lines.some((line) => line[column] !== ''));
  const print = (cells) => console.log(`| ${cells.join(' | ')} |`);
  console.log();
  print(filled);
  print(filled.map(() => '---'));
  for (const line of lines) print(filled.map((column) => line[column]));
}

function lineOf({ name, target, rows }) {
  const [native] = rows;
  const withTwo = rows.find((row) => row.name === 'native, 2 threads');
  const line = {
    case: name.replace(' float32', ''),
    native: duration(native.time.median),
    '2t': withTwo === undefined ? '' : ratioText(withTwo, native),
  };
  for (const [column, pattern] of Object.entries(COLUMNS)) {
    const row = rows
      .filter((row) => pattern.test(row.name))
      .reduce((best, row) => (best === undefined || row.time.median < best.time.median ? row : best), undefined);
    const opponent = row?.threads === 2 ? withTwo : native;
    line[column] = row === undefined || opponent === undefined ? '' : ratioText(row, opponent);
  }
  line.target = [native, withTwo]
    .map((row) => (row === undefined ? '' : judgement({ target }, row, rows)))
    .map((text, k) => (k === 1 && text !== '' ? `2t: ${text}` : text))
    .filter((text) => text !== '')
    .join('; ');
  return line;
}
