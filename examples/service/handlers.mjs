// What each request computes: by promises, off the event loop, or (for comparison) by the plain functions on it.
import * as plain from 'softmax-native';
import * as promises from 'softmax-native/promises';

const LARGEST_ROW = 20_000_000;
// Elements from which giving an array away (some microseconds) is cheaper than having it copied.
const WORTH_GIVING = 100_000;

export function handlersOf(synchronous) {
  const library = synchronous ? plain : promises;
  const compute = synchronous ? onTheLoop : offTheLoop;
  const rows = new Map();

  return {
    'POST /classify': async (query, body, signal) => {
      const [count, classes] = dimsOf(query, body.byteLength, 0);
      const logits = { data: new Float32Array(body), dims: [count, classes] };
      const found = await compute(library.argmax, signal, [logits]);
      const [given] = found.arrays;
      const labels = [...found.result.data];
      const { data } = (await compute(library.softmax, signal, [given], { out: given })).result;
      return { labels, confidences: labels.map((label, row) => data[row * classes + label]) };
    },

    'POST /loss': async (query, body, signal) => {
      const [count, classes] = dimsOf(query, body.byteLength, 1);
      const logits = { data: new Float32Array(body, 0, count * classes), dims: [count, classes] };
      const targets = new Int32Array(body, 4 * count * classes, count);
      const { result } = await compute(library.crossEntropy, signal, [logits, targets]);
      return { loss: result.loss, rows: count };
    },

    'GET /row': async (query, _body, signal) => {
      const size = Number(query.get('size') ?? 1_000_000);
      if (!Number.isInteger(size) || size < 1 || size > LARGEST_ROW)
        throw invalid(`size must be from 1 to ${LARGEST_ROW}`);
      // As a model would leave it: in memory that can be given away, and comes back.
      const sum = await compute(library.logSumExp, signal, [takeRow(rows, size)]);
      const [row] = sum.arrays;
      const { arrays } = await compute(library.softmax, signal, [row], { out: row });
      rows.get(size).push(arrays[0]);
      return { size, logSumExp: sum.result };
    },
  };
}

/** The arrays are the request's own: large ones are given away, so that nothing is copied, and come back in `arrays`. */
async function offTheLoop(call, signal, args, options = {}) {
  const { length } = args[0].data ?? args[0];
  if (length < WORTH_GIVING) return { result: await call(...args, { ...options, signal }), arrays: args };
  const { result, transferred } = await call(...args, { ...options, signal, transfer: true });
  return { result, arrays: transferred };
}

async function onTheLoop(call, _signal, args, options = {}) {
  return { result: call(...args, options), arrays: args };
}

function takeRow(rows, size) {
  if (!rows.has(size)) rows.set(size, []);
  return rows.get(size).pop() ?? new Float32Array(size);
}

/** Rows and classes of a body whose rows have `extra` numbers besides the logits. */
function dimsOf(query, bytes, extra) {
  const classes = Number(query.get('classes'));
  if (!Number.isInteger(classes) || classes < 1) throw invalid('classes must be a whole number from 1 on');
  const count = bytes / (4 * (classes + extra));
  if (!Number.isInteger(count) || count < 1) {
    throw invalid(
      `The body must hold rows of ${classes} float32 logits${extra ? ', then an int32 target for each' : ''}`,
    );
  }
  return [count, classes];
}

function invalid(message) {
  return Object.assign(new Error(message), { code: 'ERR_INVALID_QUERY' });
}
