// The names of softmax-native/reference for `import`: the same objects that `require` gives.
export {
  argmax,
  crossEntropy,
  diagnose,
  hardmax,
  klDivergence,
  linearCrossEntropy,
  logSoftmax,
  logSumExp,
  nllLoss,
  smoothMax,
  softmax,
} from './reference.js';
