// One shard: it has the weights of some classes, and answers each request with a state for each row, as bytes. It is the
// main file of a process (fork) or of a worker thread.
//
//   in   { part: { file | weight, first, count, dim } }    once
//   out  { ready: true }
//   in   { id, hidden, rows, targets, topK }               hidden [rows, dim]
//   out  { id, states: [bytes, ...] }                      or { id, error }
import { isMainThread, parentPort } from 'node:worker_threads';
import { FullSoftmax, SoftmaxState } from 'softmax-native';
import { readPart } from './weights.mjs';

// Rows whose logits are there at the same time: 1 MiB each for 250,000 classes.
const ROWS_AT_ONCE = 8;

const send = isMainThread ? (message) => process.send(message) : (message) => parentPort.postMessage(message);
if (isMainThread) {
  process.on('message', receive);
  // Nobody is left to answer.
  process.on('disconnect', () => process.exit());
} else {
  parentPort.on('message', receive);
}

let part;
let layer;

function receive(message) {
  if (message.part !== undefined) {
    part = message.part;
    const weight = part.weight ?? readPart(part.file, part);
    layer = new FullSoftmax({ classes: part.count, dim: part.dim, weight });
    return send({ ready: true });
  }
  try {
    send({ id: message.id, states: statesOf(message) });
  } catch (error) {
    send({ id: message.id, error: error.message });
  }
}

function statesOf({ hidden, rows, targets, topK }) {
  const states = [];
  for (let row = 0; row < rows; row += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows - row);
    const some = hidden.subarray(row * part.dim, (row + count) * part.dim);
    const logits = layer.logits({ data: some, dims: [count, part.dim] }).data;
    for (let r = 0; r < count; r += 1) {
      const state = new SoftmaxState({ topK, target: targets[row + r] });
      state.push(logits.subarray(r * part.count, (r + 1) * part.count), { offset: part.first });
      states.push(state.toBytes());
    }
  }
  return states;
}
