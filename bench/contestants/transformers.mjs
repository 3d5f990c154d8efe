// transformers.js: its softmax and log_softmax of one array; the rows of a batch one after another, as its own
// samplers do.
import { log_softmax, softmax } from '@huggingface/transformers';

export function transformersContestants({ operation, axis, options, shape, dims }, { logits }) {
  const call = { softmax, logSoftmax: log_softmax }[operation];
  if (!call || options.temperature !== undefined || axis !== dims.length - 1) return [];
  const { data } = logits;
  const rows = Array.from({ length: shape.outer }, (_, row) => data.subarray(row * shape.n, (row + 1) * shape.n));
  const run = () => {
    for (const row of rows) call(row);
  };
  const result = () => {
    const all = new data.constructor(data.length);
    rows.forEach((row, i) => {
      all.set(call(row), i * shape.n);
    });
    return { out: all };
  };
  return [{ name: 'transformers.js', threads: 1, run, result }];
}
