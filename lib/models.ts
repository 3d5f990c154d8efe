// The public models and what is fitted to data, computed by the binary, or by the reference where none loads.
import { nativeBackend } from './native/backend';
import { atOnce } from './optimization/run';
import type { ClassIndices } from './options';
import { calibration } from './regression/calibration';
import type { Calibration, CalibrationOptions } from './regression/calibration-types';
import { maximumEntropy } from './regression/maximum-entropy';
import type { MaximumEntropy, MaximumEntropyOptions, OutcomeFeatures } from './regression/maximum-entropy-types';
import type { SoftmaxRegression as Regression, SoftmaxRegressionConstructor } from './regression/regression-types';
import { softmaxRegression } from './regression/softmax-regression';
import type { Input, TensorLike } from './types';

export type { Convergence, Progress, StopReason } from './optimization/search';
export type { Calibration, CalibrationOptions, ConfidenceBin, Reliability } from './regression/calibration-types';
export type { MaximumEntropy, MaximumEntropyOptions, OutcomeFeatures } from './regression/maximum-entropy-types';
export type {
  Batch,
  Features,
  FitOptions,
  FitStreamOptions,
  Labels,
  PartialFit,
  PartialFitOptions,
  Predicted,
  PromisedSoftmaxRegression,
  SoftmaxRegressionJson,
  SoftmaxRegressionOptions,
  StandardErrorOptions,
  StandardErrors,
} from './regression/regression-types';

export const SoftmaxRegression: SoftmaxRegressionConstructor = softmaxRegression(nativeBackend, atOnce);
export type SoftmaxRegression<Label extends string | number = number> = Regression<Label>;

/**
 * The distribution of greatest entropy over some outcomes, of those under which features of the outcomes have given means:
 * what is known, and nothing else. It is a softmax.
 *
 *     max H(p) = - sum p_i log p_i   so that   sum p_i f_i = F, sum p_i = 1
 *     p_i = e^(<lambda, f_i>) / Z(lambda),   lambda = arg min log Z(lambda) - <lambda, F> (+ (l2 / 2) |lambda|^2)
 *
 * Jaynes, "Information theory and statistical mechanics", Physical Review 106, 1957; "Where do we stand on maximum
 * entropy?", 1978, has the die. The dual is minimised by Newton's method; its minimum is the greatest entropy. With an l2
 * the expectations are met as nearly as a Gaussian prior on lambda has it, also those that no distribution has. The
 * conditional form is SoftmaxRegression.
 *
 * @param features - f: a number for each outcome, or a tensor [outcomes, features]; float32 is computed in float64
 * @param expectations - F: one number for each feature, within what the outcomes allow
 * @param options - l2, tolerance, maxIterations, signal
 * @returns multipliers (lambda), probabilities, entropy and logPartition in nats, expectations, iterations, converged
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (no distribution has the expectations, or only at the limit, where
 * some outcome has probability 0 and lambda is infinite), ERR_OUT_OF_RANGE (not finite, or beyond a feature's own least and
 * greatest value), ERR_SOFTMAX_SHAPE_MISMATCH, ERR_SOFTMAX_DETACHED
 * @example
 * fitMaximumEntropy([1, 2, 3, 4, 5, 6], 4.5).multipliers; // Float64Array [0.37104893808...]
 */
export function fitMaximumEntropy(
  features: OutcomeFeatures,
  expectations: number | Input,
  options?: MaximumEntropyOptions,
): MaximumEntropy {
  return maximumEntropy(nativeBackend, atOnce, fitMaximumEntropy, features, expectations, options) as MaximumEntropy;
}

/**
 * The temperature at which a classifier's confidences are most nearly right, judged by rows that it has not learnt from:
 * that of the least mean cross-entropy. Which class is likeliest does not change.
 *
 *     T = arg min - (1 / rows) sum log softmax(z_r / T)_(y_r)
 *     ECE = sum over bins of (count / rows) |accuracy - mean confidence|
 *
 * Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, sections 2 and 4.2. T by
 * Newton's method on 1 / T, in which the loss is convex. The confidence of a row is its greatest probability.
 *
 * @param logits - a tensor [rows, classes] of finite numbers
 * @param labels - the class of each row
 * @param options - bins, signal
 * @returns temperature, beta = 1 / temperature, accuracy, and before and after: loss in nats, expectedCalibrationError and
 * the bins of a reliability plot
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE (a label, with its row; a logit that is not finite, with row and column),
 * ERR_SOFTMAX_SHAPE_MISMATCH, ERR_SOFTMAX_DETACHED
 * @example
 * calibrateTemperature({ data: Float64Array.of(4, 0, 4, 0, 4, 0, 0, 4), dims: [4, 2] }, [0, 0, 1, 1]).temperature; // 3.640...
 */
export function calibrateTemperature(
  logits: TensorLike,
  labels: ClassIndices,
  options?: CalibrationOptions,
): Calibration {
  return calibration(nativeBackend, atOnce, calibrateTemperature, logits, labels, options) as Calibration;
}
