// The names of softmax-native/reference for `import`: the same objects that `require` gives.
export { argmax, diagnose, hardmax, logSoftmax, logSumExp, smoothMax, softmax } from './reference.js';
