// The public names of softmax-native/reference: the same functions, options, checks and types, computed by the readable
// float64 formulas of lib/reference. The oracle of every differential test. The documentation is that of the plain names.

import { memory } from './addressing/memory';
import { softmaxState } from './addressing/softmax-state';
import { categorical } from './distributions/categorical';
import { markovRandomField } from './fields/markov-random-field';
import type * as library from './index';
import { adaptiveSoftmax } from './layers/adaptive';
import { noiseContrastive } from './layers/contrastive';
import { fullSoftmax } from './layers/full';
import { hierarchicalSoftmax } from './layers/hierarchical';
import { sampledSoftmax } from './layers/sampled';
import { argmaxOperation } from './operations/argmax';
import { attend } from './operations/attention';
import { attendVjp } from './operations/attention-vjp';
import { betaGradientOperation } from './operations/beta-gradient';
import { diagnosis } from './operations/diagnose';
import { divergence } from './operations/divergence';
import { elementwise } from './operations/elementwise';
import { hardmaxOperation } from './operations/hardmax';
import { jacobian } from './operations/jacobian';
import { linearLoss } from './operations/linear-cross-entropy';
import { logSumExpOperation, smoothMaxOperation } from './operations/log-sum-exp';
import { logSumExpGradient } from './operations/log-sum-exp-vjp';
import { loss } from './operations/loss';
import { product } from './operations/products';
import { reduction } from './operations/reduction';
import { logSoftmaxOperation, softmaxOperation } from './operations/softmax';
import { atOnce } from './optimization/run';
import { referenceBackend } from './reference/backend';
import { calibration } from './regression/calibration';
import { maximumEntropy } from './regression/maximum-entropy';
import { softmaxRegression } from './regression/softmax-regression';
import { gumbel, gumbelVjp } from './tokens/gumbel';
import { sampling } from './tokens/sample';

export { EmbeddingTable } from './layers/embedding-table';
// These are plain TypeScript as they are.
export { HuffmanTree } from './layers/huffman-tree';
export { checkUnbiased } from './random/check-unbiased';
export { importanceSampling } from './random/importance';
export { proposals } from './random/proposals';
export { Rng } from './random/rng';

/** softmax in float64 TypeScript: see softmax of softmax-native. */
export const softmax: typeof library.softmax = (logits, options) =>
  elementwise(softmaxOperation, referenceBackend.softmax, softmax, logits, options) as never;

/** logSoftmax in float64 TypeScript: see logSoftmax of softmax-native. */
export const logSoftmax: typeof library.logSoftmax = (logits, options) =>
  elementwise(logSoftmaxOperation, referenceBackend.logSoftmax, logSoftmax, logits, options) as never;

/** logSumExp in float64 TypeScript: see logSumExp of softmax-native. */
export const logSumExp: typeof library.logSumExp = (logits: unknown, options?: object) =>
  reduction(logSumExpOperation, referenceBackend.logSumExp, logSumExp, logits, options) as never;

/** smoothMax in float64 TypeScript: see smoothMax of softmax-native. */
export const smoothMax: typeof library.smoothMax = (logits, options) =>
  reduction(smoothMaxOperation, referenceBackend.logSumExp, smoothMax, logits, options) as never;

/** argmax in float64 TypeScript: see argmax of softmax-native. */
export const argmax: typeof library.argmax = (logits, options) =>
  reduction(argmaxOperation, referenceBackend.argmax, argmax, logits, options) as never;

/** hardmax in float64 TypeScript: see hardmax of softmax-native. */
export const hardmax: typeof library.hardmax = (logits, options) =>
  elementwise(hardmaxOperation, referenceBackend.hardmax, hardmax, logits, options) as never;

/** diagnose in float64 TypeScript: see diagnose of softmax-native. */
export const diagnose: typeof library.diagnose = (logits: unknown, options?: object) =>
  diagnosis(referenceBackend.diagnose, diagnose, logits, options) as never;
/** crossEntropy in float64 TypeScript: see crossEntropy of softmax-native. */
export const crossEntropy: typeof library.crossEntropy = (logits, target, options) =>
  loss(
    { input: 'logits', normalizes: true },
    referenceBackend.crossEntropy,
    crossEntropy,
    logits,
    target,
    options,
  ) as never;

/** nllLoss in float64 TypeScript: see nllLoss of softmax-native. */
export const nllLoss: typeof library.nllLoss = (logits, target, options) =>
  loss(
    { input: 'logProbabilities', normalizes: false },
    referenceBackend.nllLoss,
    nllLoss,
    logits,
    target,
    options,
  ) as never;

/** klDivergence in float64 TypeScript: see klDivergence of softmax-native. */
export const klDivergence: typeof library.klDivergence = (logits, otherLogits, options) =>
  divergence(referenceBackend.klDivergence, klDivergence, logits, otherLogits, options) as never;

/** linearCrossEntropy in float64 TypeScript: see linearCrossEntropy of softmax-native. */
export const linearCrossEntropy: typeof library.linearCrossEntropy = (hidden, weight, target, options) =>
  linearLoss(referenceBackend.linearCrossEntropy, linearCrossEntropy, hidden, weight, target, options) as never;
/** softmaxVjp in float64 TypeScript: see softmaxVjp of softmax-native. */
export const softmaxVjp: typeof library.softmaxVjp = (p, g, options) =>
  product(['p', 'g'], referenceBackend.softmaxVjp, softmaxVjp, p, g, options) as never;

/** softmaxJvp in float64 TypeScript: see softmaxJvp of softmax-native. */
export const softmaxJvp: typeof library.softmaxJvp = (p, t, options) =>
  product(['p', 't'], referenceBackend.softmaxVjp, softmaxJvp, p, t, options) as never;

/** logSoftmaxVjp in float64 TypeScript: see logSoftmaxVjp of softmax-native. */
export const logSoftmaxVjp: typeof library.logSoftmaxVjp = (logP, g, options) =>
  product(['logP', 'g'], referenceBackend.logSoftmaxVjp, logSoftmaxVjp, logP, g, options) as never;

/** logSoftmaxJvp in float64 TypeScript: see logSoftmaxJvp of softmax-native. */
export const logSoftmaxJvp: typeof library.logSoftmaxJvp = (logP, t, options) =>
  product(['logP', 't'], referenceBackend.logSoftmaxJvp, logSoftmaxJvp, logP, t, options) as never;

/** logSumExpVjp in float64 TypeScript: see logSumExpVjp of softmax-native. */
export const logSumExpVjp: typeof library.logSumExpVjp = (logits, g, options) =>
  logSumExpGradient(referenceBackend.logSumExpVjp, logSumExpVjp, logits, g, options) as never;

/** softmaxBetaGradient in float64 TypeScript: see softmaxBetaGradient of softmax-native. */
export const softmaxBetaGradient: typeof library.softmaxBetaGradient = (logits, options) =>
  elementwise(
    betaGradientOperation,
    referenceBackend.softmaxBetaGradient,
    softmaxBetaGradient,
    logits,
    options,
  ) as never;

/** softmaxJacobian in float64 TypeScript: see softmaxJacobian of softmax-native. */
export const softmaxJacobian: typeof library.softmaxJacobian = (logits, options) =>
  jacobian(referenceBackend.softmaxJacobian, softmaxJacobian, logits, options) as never;

/** logSoftmaxJacobian in float64 TypeScript: see logSoftmaxJacobian of softmax-native. */
export const logSoftmaxJacobian: typeof library.logSoftmaxJacobian = (logits, options) =>
  jacobian(referenceBackend.logSoftmaxJacobian, logSoftmaxJacobian, logits, options) as never;

/** attention in float64 TypeScript: see attention of softmax-native. */
export const attention: typeof library.attention = (query, key, value, options) =>
  attend(referenceBackend.attention, attention, query, key, value, options) as never;

/** attentionVjp in float64 TypeScript: see attentionVjp of softmax-native. */
export const attentionVjp: typeof library.attentionVjp = (query, key, value, outputGradient, options) =>
  attendVjp(referenceBackend.attentionVjp, attentionVjp, query, key, value, outputGradient, options) as never;

/** FullSoftmax in float64 TypeScript: see FullSoftmax of softmax-native. */
export const FullSoftmax: typeof library.FullSoftmax = fullSoftmax(referenceBackend);

/** AdaptiveSoftmax in float64 TypeScript: see AdaptiveSoftmax of softmax-native. */
export const AdaptiveSoftmax: typeof library.AdaptiveSoftmax = adaptiveSoftmax(referenceBackend);

/** SoftmaxState in float64 TypeScript: see SoftmaxState of softmax-native. */
export const SoftmaxState: typeof library.SoftmaxState = softmaxState(referenceBackend);

/** Memory in float64 TypeScript: see Memory of softmax-native. */
export const Memory: typeof library.Memory = memory(referenceBackend);

/** Categorical in float64 TypeScript: see Categorical of softmax-native. */
export const Categorical: typeof library.Categorical = categorical(referenceBackend);

/** MarkovRandomField in float64 TypeScript: see MarkovRandomField of softmax-native. */
export const MarkovRandomField: typeof library.MarkovRandomField = markovRandomField(referenceBackend, atOnce);

/** HierarchicalSoftmax in float64 TypeScript: see HierarchicalSoftmax of softmax-native. */
export const HierarchicalSoftmax: typeof library.HierarchicalSoftmax = hierarchicalSoftmax(referenceBackend);

/** SampledSoftmax in float64 TypeScript: see SampledSoftmax of softmax-native. */
export const SampledSoftmax: typeof library.SampledSoftmax = sampledSoftmax(referenceBackend);

/** NoiseContrastive in float64 TypeScript: see NoiseContrastive of softmax-native. */
export const NoiseContrastive: typeof library.NoiseContrastive = noiseContrastive(referenceBackend);
/** sample in float64 TypeScript, by sorting: see sample of softmax-native. */
export const sample: typeof library.sample = (logits, options) =>
  sampling(referenceBackend.sample, sample, logits, options) as never;

/** gumbelSoftmax in float64 TypeScript: see gumbelSoftmax of softmax-native. */
export const gumbelSoftmax: typeof library.gumbelSoftmax = (logits, options) =>
  gumbel(referenceBackend, gumbelSoftmax, logits, options) as never;

/** gumbelSoftmaxVjp in float64 TypeScript: see gumbelSoftmaxVjp of softmax-native. */
export const gumbelSoftmaxVjp: typeof library.gumbelSoftmaxVjp = (logits, g, options) =>
  gumbelVjp(referenceBackend, gumbelSoftmaxVjp, logits, g, options) as never;

/** SoftmaxRegression in float64 TypeScript: see SoftmaxRegression of softmax-native. */
export const SoftmaxRegression: typeof library.SoftmaxRegression = softmaxRegression(referenceBackend, atOnce);

/** fitMaximumEntropy in float64 TypeScript: see fitMaximumEntropy of softmax-native. */
export const fitMaximumEntropy: typeof library.fitMaximumEntropy = (features, expectations, options) =>
  maximumEntropy(referenceBackend, atOnce, fitMaximumEntropy, features, expectations, options) as never;

/** calibrateTemperature in float64 TypeScript: see calibrateTemperature of softmax-native. */
export const calibrateTemperature: typeof library.calibrateTemperature = (logits, labels, options) =>
  calibration(referenceBackend, atOnce, calibrateTemperature, logits, labels, options) as never;
