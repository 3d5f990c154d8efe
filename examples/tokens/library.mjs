// The library as its users get it, by its own name, looked up from the project's root; and the two packages that the
// example is about, which are installed in bench/ and nowhere else.
import { createRequire } from 'node:module';

const fromRoot = createRequire(new URL('../../package.json', import.meta.url));
const fromBench = createRequire(new URL('../../bench/package.json', import.meta.url));

export const { Rng, sample, backend } = fromRoot('softmax-native');
export const promises = fromRoot('softmax-native/promises');

export const onnxruntime = fromBench('onnxruntime-node');
export const transformers = fromBench('@huggingface/transformers');
