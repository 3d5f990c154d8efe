// What each request computes: by promises, off the event loop, or (for comparison) by the plain functions on it.
import * as plain from 'softmax-native';
import * as promises from 'softmax-native/promises';

const LARGEST_ROW = 20_000_000;

export async function handlersOf(synchronous) {
  const library = synchronous ? plain : promises;
  const rows = new Map();

  return {
    'POST /classify': async (query, body, signal) => {
      const logits = logitsOf(query, body);
      const [labels, probabilities] = await Promise.all([
        library.argmax(logits, { signal }),
        library.softmax(logits, { signal }),
      ]);
      const classes = logits.dims[1];
      const confidences = [...labels.data].map((label, row) => probabilities.data[row * classes + label]);
      return { labels: [...labels.data], confidences };
    },

    'POST /loss': async (query, body, signal) => {
      const classes = classesOf(query);
      const count = body.byteLength / (4 * (classes + 1));
      if (!Number.isInteger(count)) throw invalid(`The body must hold rows of ${classes} logits and a target each`);
      const logits = { data: new Float32Array(body, 0, count * classes), dims: [count, classes] };
      const targets = new Int32Array(body, 4 * count * classes, count);
      const { loss } = await library.crossEntropy(logits, targets, { signal });
      return { loss, rows: count };
    },

    'GET /row': async (query, _body, signal) => {
      const size = Number(query.get('size') ?? 1_000_000);
      if (!Number.isInteger(size) || size < 1 || size > LARGEST_ROW)
        throw invalid(`size must be from 1 to ${LARGEST_ROW}`);
      // As a model would leave it: in memory that can be given away, and comes back.
      const logits = takeRow(rows, size);
      if (synchronous) {
        const logSumExp = library.logSumExp(logits);
        rows.get(size).push(library.softmax(logits, { out: logits }));
        return { size, logSumExp };
      }
      const sum = await library.logSumExp(logits, { signal, transfer: true });
      const [kept] = sum.transferred;
      const { result } = await library.softmax(kept, { out: kept, signal, transfer: true });
      rows.get(size).push(result);
      return { size, logSumExp: sum.result };
    },
  };
}

function takeRow(rows, size) {
  if (!rows.has(size)) rows.set(size, []);
  return rows.get(size).pop() ?? new Float32Array(size);
}

function logitsOf(query, body) {
  const classes = classesOf(query);
  const count = body.byteLength / (4 * classes);
  if (!Number.isInteger(count)) throw invalid(`The body must hold rows of ${classes} float32 logits`);
  return { data: new Float32Array(body), dims: [count, classes] };
}

function classesOf(query) {
  const classes = Number(query.get('classes'));
  if (!Number.isInteger(classes) || classes < 1) throw invalid('classes must be a whole number from 1 on');
  return classes;
}

function invalid(message) {
  return Object.assign(new Error(message), { code: 'ERR_INVALID_QUERY' });
}
