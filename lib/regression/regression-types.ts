// SoftmaxRegression as users see it. Types only.
import type { SignalOptions } from '../layers/types';
import type { Convergence, Progress } from '../optimization/search';
import type { ClassIndices } from '../options';
import type { FloatArray, Input, Tensor, TensorLike } from '../types';

/** Rows of features: a tensor [rows, features]; one row may be a bare vector where a prediction is asked for. */
export type Features = TensorLike;

/** The classes of rows: integers, or names. */
export type Labels<Label> = [Label] extends [string] ? readonly Label[] : ClassIndices;

/** The class of one row, or those of all. */
export type Predicted<Label> = [Label] extends [string] ? Label[] : Int32Array;

export interface SoftmaxRegressionOptions<Label> {
  /**
   * The classes, in the order of the rows of `coefficients`: two or more integers, or names, or the number of classes,
   * which are then 0, 1, ... Default: those that `fit` finds, in ascending order. partialFit must be told.
   */
  classes?: number | readonly Label[] | undefined;
  /** Whether each class has a number that is added to its logit. Default true. */
  fitIntercept?: boolean | undefined;
}

interface WeightOptions {
  /** What each row counts, [rows]: finite and not negative. Default 1. */
  sampleWeight?: Input | undefined;
}

export interface FitOptions extends WeightOptions {
  /** The factor of half the sum of the squared coefficients. Finite and not negative. Default 1. */
  l2?: number | undefined;
  /**
   * The search ends when no element of the gradient of J / (sum of the rows' weights) is larger. Default 1e-8, for
   * float32 features 1e-7.
   */
  tolerance?: number | undefined;
  /** Default 1000. */
  maxIterations?: number | undefined;
  /** A factor for each class, in their order; 'balanced': rows / (classes x rows of the class). Default 1. */
  classWeight?: 'balanced' | Input | undefined;
  /** Whether the search begins at the model as it is, if it is of the same classes and features. Default false. */
  warmStart?: boolean | undefined;
  /** Told after each step. What it throws ends the fit, and the model is as it was. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the fit with an AbortError, and the model is as it was. */
  signal?: AbortSignal | undefined;
}

export interface PartialFitOptions extends WeightOptions {
  /** As in fit, spread over the rows: a batch has its share of all rows so far. Default 1. */
  l2?: number | undefined;
  /** The largest change of a parameter in the first step. Greater than 0. Default 0.1. */
  learningRate?: number | undefined;
}

/** A part of a stream: rows of features, and their labels. */
export interface Batch<Label> extends WeightOptions {
  features: Features;
  labels: Labels<Label>;
}

/** What partialFit says of a batch. */
export interface PartialFit {
  /** The mean loss of the batch, before its step. */
  readonly loss: number;
  /** Steps, and rows, since the stream began. */
  readonly steps: number;
  readonly rows: number;
}

export interface FitStreamOptions extends Omit<PartialFitOptions, 'sampleWeight'> {
  /** Told after each batch. */
  onProgress?: ((progress: PartialFit) => void) | undefined;
  /** Ends it with an AbortError. The batches so far have been learnt. */
  signal?: AbortSignal | undefined;
}

export interface StandardErrorOptions<Label> extends WeightOptions {
  /** Of the fit. Default: that of the last fit. */
  l2?: number | undefined;
  /** The class whose parameters are taken as 0: the errors are those of differences to it. Default: none. */
  reference?: Label | undefined;
}

export interface StandardErrors {
  /** [classes, features], as `coefficients`. */
  readonly coefficients: Tensor<Float64Array>;
  /** [classes]; undefined without intercept. */
  readonly intercept: Float64Array | undefined;
}

/** A model as JSON. */
export interface SoftmaxRegressionJson {
  readonly format: 'softmax-native SoftmaxRegression';
  readonly version: 1;
  readonly classes: readonly (number | string)[];
  readonly features: number;
  /** A row for each class. */
  readonly coefficients: readonly (readonly number[])[];
  readonly intercept: readonly number[] | null;
  readonly l2: number;
  readonly report: Convergence | null;
}

/** What a model is. */
interface FittedModel<Label> {
  /** The classes, in the order of the rows of `coefficients`; undefined before there is anything to know them by. */
  readonly classes: readonly Label[] | undefined;
  /** Elements of a row of features; undefined before the first fit. */
  readonly features: number | undefined;
  readonly fitIntercept: boolean;
  /** W, [classes, features]: a copy. */
  readonly coefficients: Tensor<Float64Array>;
  /** b, [classes]: a copy; undefined without intercept. */
  readonly intercept: Float64Array | undefined;
  /** How the last fit ended. */
  readonly report: Convergence | undefined;
  toJSON(): SoftmaxRegressionJson;
}

/**
 * Softmax regression (multinomial logistic regression): the distribution of a class, given features, that is the
 * exponential family of their products. It is the conditional distribution of greatest entropy under which, class by
 * class, the features have the means that the data have.
 *
 *     P(c | x) = e^(<w_c, x> + b_c) / sum_j e^(<w_j, x> + b_j)
 *     J(W, b) = - sum over rows r of s_r log P(y_r | x_r) + (l2 / 2) sum W^2
 *
 * with s_r = sampleWeight x classWeight of the row's class; the intercept is not penalised. `fit` minimises J, which is
 * convex, by L-BFGS with exact gradients. In scikit-learn's LogisticRegression, whose C multiplies the losses, C = 1 / l2;
 * `penalty=None` is l2 = 0. Coefficients and intercepts sum to 0 over the classes, which no probability depends on.
 * `report.loss` is J divided by the sum of s_r.
 *
 * Cox, "Some procedures associated with the logistic qualitative response curve", 1966; as maximum entropy: Berger, Della
 * Pietra and Della Pietra, "A maximum entropy approach to natural language processing", Computational Linguistics 22,
 * 1996. The search: Nocedal and Wright, "Numerical Optimization", 2006, section 7.2.
 *
 * `partialFit` and `fitStream` take a step for each batch of data that do not fit memory: AdaGrad (Duchi, Hazan and
 * Singer, Journal of Machine Learning Research 12, 2011), whose steps need no schedule and do not depend on the scale of
 * a feature; the model is the average of the steps, later ones counting more (Shamir and Zhang, "Stochastic gradient
 * descent for non-smooth optimization", ICML 2013, section 4, eta = 3).
 *
 * Features are float32 or float64, and computed with in that type; parameters are float64.
 *
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE: labels of one class only), RangeError (ERR_OUT_OF_RANGE:
 * a feature that is not finite, with row and column, or a label that is not one of the classes; ERR_SOFTMAX_SHAPE_MISMATCH),
 * Error (ERR_SOFTMAX_NOT_FITTED; ABORT_ERR), TypeError (ERR_SOFTMAX_CORRUPTED: fromJSON). The model is then as it was.
 * @example
 * new SoftmaxRegression().fit({ data: Float64Array.of(0, 1, 2, 3), dims: [4, 1] }, [0, 0, 1, 1]).converged; // true
 */
export interface SoftmaxRegression<Label extends string | number = number> extends FittedModel<Label> {
  fit(features: Features, labels: Labels<Label>, options?: FitOptions): Convergence;
  partialFit(features: Features, labels: Labels<Label>, options?: PartialFitOptions): PartialFit;
  /** One partialFit for each batch, as they come. Undefined of a source without batches. */
  fitStream(
    source: AsyncIterable<Batch<Label>> | Iterable<Batch<Label>>,
    options?: FitStreamOptions,
  ): Promise<PartialFit | undefined>;
  /** [rows, classes], or [classes] for one vector, of the features' element type. */
  probabilities(features: Input): Tensor;
  logProbabilities(features: Input): Tensor;
  /** <w_c, x> + b_c */
  logits(features: Input): Tensor;
  /** The likeliest class, the first of equals. */
  predict<Given extends Input>(
    features: Given,
  ): Given extends FloatArray | readonly number[] ? Label : Predicted<Label>;
  /** The share of rows whose likeliest class is their label. */
  score(features: Features, labels: Labels<Label>): number;
  standardErrors(features: Features, options?: StandardErrorOptions<Label>): StandardErrors;
}

/** SoftmaxRegression off the event loop. A fit is of the arrays as they were at the call. */
export interface PromisedSoftmaxRegression<Label extends string | number = number> extends FittedModel<Label> {
  fit(features: Features, labels: Labels<Label>, options?: FitOptions): Promise<Convergence>;
  partialFit(
    features: Features,
    labels: Labels<Label>,
    options?: PartialFitOptions & SignalOptions,
  ): Promise<PartialFit>;
  fitStream(
    source: AsyncIterable<Batch<Label>> | Iterable<Batch<Label>>,
    options?: FitStreamOptions,
  ): Promise<PartialFit | undefined>;
  probabilities(features: Input, options?: SignalOptions): Promise<Tensor>;
  logProbabilities(features: Input, options?: SignalOptions): Promise<Tensor>;
  logits(features: Input, options?: SignalOptions): Promise<Tensor>;
  predict<Given extends Input>(
    features: Given,
    options?: SignalOptions,
  ): Promise<Given extends FloatArray | readonly number[] ? Label : Predicted<Label>>;
  score(features: Features, labels: Labels<Label>, options?: SignalOptions): Promise<number>;
  standardErrors(features: Features, options?: StandardErrorOptions<Label> & SignalOptions): Promise<StandardErrors>;
}

export interface SoftmaxRegressionConstructor {
  new <Label extends string | number = number>(options?: SoftmaxRegressionOptions<Label>): SoftmaxRegression<Label>;
  readonly prototype: SoftmaxRegression;
  /** The model whose toJSON gave this, or the text of it. */
  fromJSON<Label extends string | number = number>(json: SoftmaxRegressionJson | string): SoftmaxRegression<Label>;
}

/** SoftmaxRegression of softmax-native/promises. */
export interface PromisedSoftmaxRegressionConstructor {
  new <Label extends string | number = number>(
    options?: SoftmaxRegressionOptions<Label>,
  ): PromisedSoftmaxRegression<Label>;
  readonly prototype: PromisedSoftmaxRegression;
  fromJSON<Label extends string | number = number>(
    json: SoftmaxRegressionJson | string,
  ): PromisedSoftmaxRegression<Label>;
}
