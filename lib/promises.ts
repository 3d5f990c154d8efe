// The public names of softmax-native/promises: the same functions, options and checks, each giving a promise. What takes
// longer than handing it over runs on threads of the library, and the event loop is free meanwhile. The documentation is
// that of the plain names.
import { memory, memoryMethods } from './addressing/memory';
import type { PromisedMemoryConstructor } from './addressing/memory-types';
import { softmaxState, stateMethods } from './addressing/softmax-state';
import type { PromisedSoftmaxStateConstructor } from './addressing/state-types';
import { categorical, categoricalMembers } from './distributions/categorical';
import type { PromisedCategoricalConstructor } from './distributions/categorical-types';
import type { PromisedMarkovRandomFieldConstructor } from './fields/field-types';
import { fieldMembers, markovRandomField } from './fields/markov-random-field';
import { adaptiveSoftmax } from './layers/adaptive';
import type { PromisedAdaptiveSoftmaxConstructor } from './layers/adaptive-types';
import { noiseContrastive } from './layers/contrastive';
import type { PromisedNoiseContrastiveConstructor } from './layers/contrastive-types';
import { computingMethods } from './layers/exposed';
import { fullMethods, fullSoftmax } from './layers/full';
import type { PromisedFullSoftmaxConstructor } from './layers/full-types';
import { hierarchicalSoftmax } from './layers/hierarchical';
import type { PromisedHierarchicalSoftmaxConstructor } from './layers/hierarchical-types';
import { sampledSoftmax } from './layers/sampled';
import type { PromisedSampledSoftmaxConstructor } from './layers/sampled-types';
import { jobBackend } from './native/backend';
import { promised } from './native/promised';
import { promisedMethods } from './native/promised-class';
import { inTurns } from './native/turns';
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
import { crossEntropyOperation, loss, nllLossOperation } from './operations/loss';
import { product } from './operations/products';
import { reduction } from './operations/reduction';
import { logSoftmaxOperation, softmaxOperation } from './operations/softmax';
import type {
  ArgmaxPromise,
  AttentionPromise,
  AttentionVjpPromise,
  CrossEntropyPromise,
  DiagnosePromise,
  DivergencePromise,
  ElementwisePromise,
  HardmaxPromise,
  JacobianPromise,
  LinearCrossEntropyPromise,
  LogSumExpPromise,
  LogSumExpVjpPromise,
  NllLossPromise,
  ProductPromise,
  ReductionPromise,
} from './promise-types';
import { checkUnbiasedInTurn } from './random/check-unbiased';
import { importanceSampling as importanceSamplingAtOnce } from './random/importance';
import type {
  CheckUnbiasedPromise,
  GumbelPromise,
  GumbelVjpPromise,
  ImportanceSamplingPromise,
  SamplePromise,
} from './random-promise-types';
import { calibration } from './regression/calibration';
import type { Calibration, CalibrationArguments } from './regression/calibration-types';
import { maximumEntropy } from './regression/maximum-entropy';
import type { MaximumEntropy, MaximumEntropyArguments } from './regression/maximum-entropy-types';
import type { PromisedSoftmaxRegressionConstructor } from './regression/regression-types';
import { regressionMethods, softmaxRegression } from './regression/softmax-regression';
import { gumbel, gumbelVjp } from './tokens/gumbel';
import { sampling } from './tokens/sample';

export { EmbeddingTable } from './layers/embedding-table';
export { HuffmanTree } from './layers/huffman-tree';
export type { PromiseOptions, Transferred } from './promise-types';
export { proposals } from './random/proposals';
export { Rng } from './random/rng';

/** softmax off the event loop: see softmax of softmax-native. */
export const softmax: ElementwisePromise = promised(1, (logits: unknown, options?: object) =>
  elementwise(softmaxOperation, jobBackend.softmax, softmax, logits, options),
);

/** logSoftmax off the event loop: see logSoftmax of softmax-native. */
export const logSoftmax: ElementwisePromise = promised(1, (logits: unknown, options?: object) =>
  elementwise(logSoftmaxOperation, jobBackend.logSoftmax, logSoftmax, logits, options),
);

/** logSumExp off the event loop: see logSumExp of softmax-native. */
export const logSumExp: LogSumExpPromise = promised(1, (logits: unknown, options?: object) =>
  reduction(logSumExpOperation, jobBackend.logSumExp, logSumExp, logits, options),
);

/** smoothMax off the event loop: see smoothMax of softmax-native. */
export const smoothMax: ReductionPromise = promised(1, (logits: unknown, options?: object) =>
  reduction(smoothMaxOperation, jobBackend.logSumExp, smoothMax, logits, options),
);

/** argmax off the event loop: see argmax of softmax-native. */
export const argmax: ArgmaxPromise = promised(1, (logits: unknown, options?: object) =>
  reduction(argmaxOperation, jobBackend.argmax, argmax, logits, options),
);

/** hardmax off the event loop: see hardmax of softmax-native. */
export const hardmax: HardmaxPromise = promised(1, (logits: unknown, options?: object) =>
  elementwise(hardmaxOperation, jobBackend.hardmax, hardmax, logits, options),
);

/** softmaxVjp off the event loop: see softmaxVjp of softmax-native. */
export const softmaxVjp: ProductPromise = promised(2, (point: unknown, direction: unknown, options?: object) =>
  product(['p', 'g'], jobBackend.softmaxVjp, softmaxVjp, point, direction, options),
);

/** softmaxJvp off the event loop: see softmaxJvp of softmax-native. */
export const softmaxJvp: ProductPromise = promised(2, (point: unknown, direction: unknown, options?: object) =>
  product(['p', 't'], jobBackend.softmaxVjp, softmaxJvp, point, direction, options),
);

/** logSoftmaxVjp off the event loop: see logSoftmaxVjp of softmax-native. */
export const logSoftmaxVjp: ProductPromise = promised(2, (point: unknown, direction: unknown, options?: object) =>
  product(['logP', 'g'], jobBackend.logSoftmaxVjp, logSoftmaxVjp, point, direction, options),
);

/** logSoftmaxJvp off the event loop: see logSoftmaxJvp of softmax-native. */
export const logSoftmaxJvp: ProductPromise = promised(2, (point: unknown, direction: unknown, options?: object) =>
  product(['logP', 't'], jobBackend.logSoftmaxJvp, logSoftmaxJvp, point, direction, options),
);

/** logSumExpVjp off the event loop: see logSumExpVjp of softmax-native. */
export const logSumExpVjp: LogSumExpVjpPromise = promised(2, (logits: unknown, g: unknown, options?: object) =>
  logSumExpGradient(jobBackend.logSumExpVjp, logSumExpVjp, logits, g, options),
);

/** softmaxBetaGradient off the event loop: see softmaxBetaGradient of softmax-native. */
export const softmaxBetaGradient: ElementwisePromise = promised(1, (logits: unknown, options?: object) =>
  elementwise(betaGradientOperation, jobBackend.softmaxBetaGradient, softmaxBetaGradient, logits, options),
);

/** softmaxJacobian off the event loop: see softmaxJacobian of softmax-native. */
export const softmaxJacobian: JacobianPromise = promised(1, (logits: unknown, options?: object) =>
  jacobian(jobBackend.softmaxJacobian, softmaxJacobian, logits, options),
);

/** logSoftmaxJacobian off the event loop: see logSoftmaxJacobian of softmax-native. */
export const logSoftmaxJacobian: JacobianPromise = promised(1, (logits: unknown, options?: object) =>
  jacobian(jobBackend.logSoftmaxJacobian, logSoftmaxJacobian, logits, options),
);

/** diagnose off the event loop: see diagnose of softmax-native. */
export const diagnose: DiagnosePromise = promised(1, (logits: unknown, options?: object) =>
  diagnosis(jobBackend.diagnose, diagnose, logits, options),
);

/** crossEntropy off the event loop: see crossEntropy of softmax-native. */
export const crossEntropy: CrossEntropyPromise = promised(2, (logits: unknown, target: unknown, options?: object) =>
  loss(crossEntropyOperation, jobBackend.crossEntropy, crossEntropy, logits, target, options),
);

/** nllLoss off the event loop: see nllLoss of softmax-native. */
export const nllLoss: NllLossPromise = promised(2, (logProbabilities: unknown, target: unknown, options?: object) =>
  loss(nllLossOperation, jobBackend.nllLoss, nllLoss, logProbabilities, target, options),
);

/** klDivergence off the event loop: see klDivergence of softmax-native. */
export const klDivergence: DivergencePromise = promised(2, (logits: unknown, other: unknown, options?: object) =>
  divergence(jobBackend.klDivergence, klDivergence, logits, other, options),
);

/** linearCrossEntropy off the event loop: see linearCrossEntropy of softmax-native. */
export const linearCrossEntropy: LinearCrossEntropyPromise = promised(
  3,
  (hidden: unknown, weight: unknown, target: unknown, options?: object) =>
    linearLoss(jobBackend.linearCrossEntropy, linearCrossEntropy, hidden, weight, target, options),
);

/** attention off the event loop: see attention of softmax-native. */
export const attention: AttentionPromise = promised(
  3,
  (query: unknown, key: unknown, value: unknown, options?: object) =>
    attend(jobBackend.attention, attention, query, key, value, options),
);

/** attentionVjp off the event loop: see attentionVjp of softmax-native. */
export const attentionVjp: AttentionVjpPromise = promised(
  4,
  (query: unknown, key: unknown, value: unknown, outputGradient: unknown, options?: object) =>
    attendVjp(jobBackend.attentionVjp, attentionVjp, query, key, value, outputGradient, options),
);

/** checkUnbiased of an estimator that may give promises, one run after the other: see checkUnbiased of softmax-native. */
export const checkUnbiased: CheckUnbiasedPromise = promised(2, checkUnbiasedInTurn);

/** importanceSampling as a promise, computed at once: see importanceSampling of softmax-native. */
export const importanceSampling: ImportanceSamplingPromise = promised(2, importanceSamplingAtOnce);

/** FullSoftmax off the event loop: see FullSoftmax of softmax-native. */
export const FullSoftmax: PromisedFullSoftmaxConstructor = promisedMethods(fullSoftmax(jobBackend), fullMethods);

/** HierarchicalSoftmax off the event loop: see HierarchicalSoftmax of softmax-native. */
export const HierarchicalSoftmax: PromisedHierarchicalSoftmaxConstructor = promisedMethods(
  hierarchicalSoftmax(jobBackend),
  computingMethods,
);

/** AdaptiveSoftmax off the event loop: see AdaptiveSoftmax of softmax-native. */
export const AdaptiveSoftmax: PromisedAdaptiveSoftmaxConstructor = promisedMethods(
  adaptiveSoftmax(jobBackend),
  computingMethods,
);

/** SoftmaxState that takes logits in off the event loop: see SoftmaxState of softmax-native. */
export const SoftmaxState: PromisedSoftmaxStateConstructor = promisedMethods(softmaxState(jobBackend), stateMethods);

/** Memory that is read off the event loop: see Memory of softmax-native. */
export const Memory: PromisedMemoryConstructor = promisedMethods(memory(jobBackend), memoryMethods);

/** Categorical that is computed off the event loop: see Categorical of softmax-native. */
export const Categorical: PromisedCategoricalConstructor = promisedMethods(categorical(jobBackend), categoricalMembers);

/** MarkovRandomField that is computed in turns with the event loop: see MarkovRandomField of softmax-native. */
export const MarkovRandomField: PromisedMarkovRandomFieldConstructor = promisedMethods(
  markovRandomField(jobBackend, inTurns),
  fieldMembers,
);

/** SampledSoftmax off the event loop: see SampledSoftmax of softmax-native. */
export const SampledSoftmax: PromisedSampledSoftmaxConstructor = promisedMethods(
  sampledSoftmax(jobBackend),
  computingMethods,
);

/** NoiseContrastive off the event loop: see NoiseContrastive of softmax-native. */
export const NoiseContrastive: PromisedNoiseContrastiveConstructor = promisedMethods(
  noiseContrastive(jobBackend),
  computingMethods,
);

/** sample off the event loop: see sample of softmax-native. */
export const sample: SamplePromise = promised(1, (logits: unknown, options?: object) =>
  sampling(jobBackend.sample, sample, logits, options),
);

/** gumbelSoftmax off the event loop: see gumbelSoftmax of softmax-native. */
export const gumbelSoftmax: GumbelPromise = promised(1, (logits: unknown, options?: object) =>
  gumbel(jobBackend, gumbelSoftmax, logits, options),
);

/** gumbelSoftmaxVjp off the event loop: see gumbelSoftmaxVjp of softmax-native. */
export const gumbelSoftmaxVjp: GumbelVjpPromise = promised(2, (logits: unknown, g: unknown, options?: object) =>
  gumbelVjp(jobBackend, gumbelSoftmaxVjp, logits, g, options),
);

/** SoftmaxRegression off the event loop: see SoftmaxRegression of softmax-native. */
export const SoftmaxRegression: PromisedSoftmaxRegressionConstructor = promisedMethods(
  softmaxRegression(jobBackend, inTurns),
  regressionMethods,
);

/** fitMaximumEntropy off the event loop: see fitMaximumEntropy of softmax-native. */
export const fitMaximumEntropy: (...args: MaximumEntropyArguments) => Promise<MaximumEntropy> = promised(
  2,
  (features: unknown, expectations: unknown, options?: object) =>
    maximumEntropy(jobBackend, inTurns, fitMaximumEntropy, features, expectations, options),
);

/** calibrateTemperature off the event loop: see calibrateTemperature of softmax-native. */
export const calibrateTemperature: (...args: CalibrationArguments) => Promise<Calibration> = promised(
  2,
  (logits: unknown, labels: unknown, options?: object) =>
    calibration(jobBackend, inTurns, calibrateTemperature, logits, labels, options),
);
