// TensorFlow.js on its WebAssembly backend (SIMD, one thread): float32 only, and only over the last axis.
// Twice: as one uses it on an array of one's own, and with the input already in WebAssembly memory, the result left there.
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

const packaged = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));

let ready;
function start() {
  ready ??= (async () => {
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    setWasmPaths(packaged + sep);
    await tf.setBackend('wasm');
  })();
  return ready;
}

export async function tfjsContestants({ operation, axis, options, type, dims }, { logits }) {
  if (type !== 'float32' || options.temperature !== undefined || axis !== dims.length - 1) return [];
  const named = { softmax: tf.softmax, logSoftmax: tf.logSoftmax, logSumExp: tf.logSumExp }[operation];
  if (named === undefined) return [];
  await start();
  const { data } = logits;
  const compute = (x) => named(x, -1);
  const roundTrip = () => {
    const x = tf.tensor(data, dims, 'float32');
    const y = compute(x);
    const values = y.dataSync();
    x.dispose();
    y.dispose();
    return values;
  };
  const resident = tf.tensor(data, dims, 'float32');
  compute(resident).dispose(); // uploads
  return [
    { name: 'tfjs-wasm', threads: 1, run: roundTrip, result: () => ({ out: roundTrip() }) },
    {
      name: 'tfjs-wasm, resident',
      threads: 1,
      run: () => compute(resident).dispose(),
      result: () => ({ out: compute(resident).dataSync() }),
      release: () => resident.dispose(),
    },
  ];
}
