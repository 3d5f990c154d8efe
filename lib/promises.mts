// The names of softmax-native/promises for `import`: the same objects that `require` gives.
export {
  argmax,
  diagnose,
  hardmax,
  logSoftmax,
  logSumExp,
  type PromiseOptions,
  smoothMax,
  softmax,
  type Transferred,
} from './promises.js';
