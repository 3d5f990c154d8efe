// The names of softmax-native/promises for `import`: the same objects that `require` gives.
export {
  argmax,
  hardmax,
  logSoftmax,
  logSoftmaxJacobian,
  logSoftmaxJvp,
  logSoftmaxVjp,
  logSumExp,
  logSumExpVjp,
  type PromiseOptions,
  smoothMax,
  softmax,
  softmaxBetaGradient,
  softmaxJacobian,
  softmaxJvp,
  softmaxVjp,
  type Transferred,
} from './promises.js';
