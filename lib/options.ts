// The options of each public function, with the results' types. Types only.
import type { FloatArray, Input, Options, Storage, Tensor } from './types';

/** Options of a function whose result has the shape of the logits. */
export interface ElementwiseOptions<Out> extends Options {
  /** Storage for the result, which is then returned. It may be the logits themselves, but not overlap them in part. */
  out?: Out | undefined;
}

export interface HardmaxOptions<Out> extends ElementwiseOptions<Out> {
  /** A single axis. */
  axis?: number | undefined;
  /** 'first': 1 at the first maximum. 'split': ties share the 1 equally. Default 'first'. */
  ties?: 'first' | 'split' | undefined;
}

export interface JacobianOptions<Out> extends Options {
  /** A single axis. */
  axis?: number | undefined;
  /** Storage for the matrices, which is then returned. */
  out?: Out | undefined;
}

/** Options of a function whose result is one number for each row. */
export interface ReductionOptions<Out> extends Options {
  /** Whether the axes stay in the result's shape as 1. Default false. */
  keepDims?: boolean | undefined;
  /** Storage for the result: one element for a bare vector, whose number is returned all the same. */
  out?: Out | undefined;
}

export interface LogSumExpOptions<Out> extends ReductionOptions<Out> {
  /** Factors of the exponentials, of any sign, broadcast against the logits' shape. Default 1. */
  weights?: Input | undefined;
  /** Whether to return { value, sign }. Without it the logarithm of a negative sum is NaN. */
  returnSign?: boolean | undefined;
}

export interface ArgmaxOptions<Out> extends ReductionOptions<Out> {
  /** A single axis. */
  axis?: number | undefined;
}

/** log |sum| and the sign of the sum: 1, -1, or 0 for a sum of nothing. */
export interface Signed<Value, Sign = Value> {
  readonly value: Value;
  readonly sign: Sign;
}

/** Says that `out` must have the element type of the result. */
export interface Fits<Elements> {
  out?: Storage<Elements> | undefined;
}

/** What diagnose says of a row. In each of these the scaled logits are beta z, p is their softmax, and C = diag(p) - p p'. */
export interface DiagnosisOf<Value, Count, Flag> {
  /** The greatest logit (the least for a negative beta); -Infinity (Infinity) where nothing takes part. */
  readonly max: Value;
  /** How far below the maximum the next scaled logit lies; Infinity where nothing lies below, or beta or a logit is infinite. */
  readonly gap: Value;
  /** How many classes share the greatest probability. */
  readonly ties: Count;
  /** The greatest probability. */
  readonly pMax: Value;
  /** The sum of all others, right to a few ulp also where 1 - pMax is 0. */
  readonly oneMinusPMax: Value;
  /** -sum p log p in nats, right also where it is all but 0. */
  readonly entropy: Value;
  /** e^entropy, the perplexity: from 1 to the number of classes. */
  readonly effectiveClasses: Value;
  /** The trace of the derivative beta C, without its sign: |beta| sum p (1 - p). */
  readonly jacobianTrace: Value;
  /** The spectral norm of the derivative, |beta| times the greatest eigenvalue of C: at most |beta| / 2. */
  readonly jacobianNorm: Value;
  /** Whether sum p (1 - p) < 1/1000 (it may be up to 1) though several classes take part; always for an infinite beta. */
  readonly saturated: Flag;
  /** Of a saturated row the factor on the logits that would leave its maximum 9/10 of the mass, else 1. */
  readonly suggestedScale: Value;
  /** A bound of the relative error of softmax of this row, of each probability that is a normal number of its type. */
  readonly relativeErrorBound: Value;
  /** The place in the row of the first NaN or infinite logit that is not masked, or -1. */
  readonly firstNonFinite: Count;
}

/** Of one vector: numbers. */
export type Diagnosis = DiagnosisOf<number, number, boolean>;

/** Of a tensor: tensors of one number for each row, in which saturated is 0 or 1. */
export type Diagnoses = DiagnosisOf<Tensor<Float64Array>, Tensor<Int32Array>, Tensor<Int32Array>>;

export type Diagnosed<Logits> = Logits extends FloatArray | readonly number[] ? Diagnosis : Diagnoses;
