// The names of softmax-native/reference for `import`: the same objects that `require` gives.
export {
  argmax,
  hardmax,
  logSoftmax,
  logSoftmaxJacobian,
  logSoftmaxJvp,
  logSoftmaxVjp,
  logSumExp,
  logSumExpVjp,
  smoothMax,
  softmax,
  softmaxBetaGradient,
  softmaxJacobian,
  softmaxJvp,
  softmaxVjp,
} from './reference.js';
