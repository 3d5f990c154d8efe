// The weights of an output layer, [classes, dim] float32 in a file, and the parts of it that shards have.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { Rng } from 'softmax-native';

const BLOCK_ROWS = 16384;

/** Writes random weights of a scale at which the logits of normal hidden vectors are spread over some units. */
export function writeWeights(file, { classes, dim, seed }) {
  const rng = new Rng(seed);
  const descriptor = openSync(file, 'w');
  try {
    for (let first = 0; first < classes; first += BLOCK_ROWS) {
      const block = new Float32Array(Math.min(BLOCK_ROWS, classes - first) * dim);
      for (let i = 0; i < block.length; i += 1) block[i] = (rng.nextUint32() / 2 ** 32 - 0.5) * 3;
      writeSync(descriptor, block);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Rows first to first + count - 1, in shared memory: worker threads can have it, and FullSoftmax adopts it. */
export function readPart(file, { first, count, dim }) {
  const weight = new Float32Array(new SharedArrayBuffer(count * dim * 4));
  const bytes = new Uint8Array(weight.buffer);
  const descriptor = openSync(file, 'r');
  try {
    for (let done = 0; done < bytes.length; ) {
      // A plain buffer in between: files are not read into shared memory.
      const chunk = new Uint8Array(Math.min(bytes.length - done, 1 << 24));
      const read = readSync(descriptor, chunk, 0, chunk.length, first * dim * 4 + done);
      if (read === 0) throw new RangeError(`${file} ends before row ${first + count}`);
      bytes.set(chunk.subarray(0, read), done);
      done += read;
    }
  } finally {
    closeSync(descriptor);
  }
  return weight;
}

/** The parts of so many shards: neighbouring classes, as many for each. */
export function partsOf(classes, shards) {
  const each = Math.ceil(classes / shards);
  return Array.from({ length: shards }, (_, i) => i * each)
    .filter((first) => first < classes)
    .map((first) => ({ first, count: Math.min(each, classes - first) }));
}
