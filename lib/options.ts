// The options of each public function, with the results' types. Types only.
import type {
  ElementsOf,
  Float16ArrayLike,
  FloatArray,
  Input,
  Like,
  Options,
  Reduced,
  Reduction,
  RowElementsOf,
  Storage,
  Tensor,
  TensorLike,
} from './types';

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

export type Diagnosed<Logits> = Logits extends FloatArray | Float16ArrayLike | readonly number[]
  ? Diagnosis
  : Diagnoses;
/** The class of each row: one for a vector, as many as rows for a tensor. */
export type ClassIndices = number | Int32Array | BigInt64Array | readonly number[] | TensorLike;

/** A class for each row, or probabilities of the logits' shape. */
export type Target = ClassIndices | FloatArray | Float16ArrayLike;

/** Options that every loss of a target has. */
export interface LossOptions<Elements> {
  /** A factor for each class: finite and not negative. Default 1. */
  weight?: Input | undefined;
  /** The class index of rows that do not count; of probabilities the class whose mass does not count. Default -100. */
  ignoreIndex?: number | undefined;
  /** 'mean' divides the sum by totalWeight. Default 'mean'. */
  reduction?: Reduction | undefined;
  /** Whether to return the gradient, or the storage for it, which may be the logits themselves. Default false. */
  gradient?: boolean | Storage<Elements> | undefined;
}

/** Label smoothing: PyTorch's over all classes, Megatron's over the others. */
export interface LabelSmoothing {
  /** The mass that is spread, in [0, 1]. */
  epsilon: number;
  /** 'all': epsilon / K for each of the K classes. 'others': epsilon / (K - 1) for those but the target. Default 'all'. */
  over?: 'all' | 'others' | undefined;
}

export interface CrossEntropyOptions<Elements> extends Options, LossOptions<Elements> {
  /** A number is PyTorch's formula. Default 0. */
  labelSmoothing?: number | LabelSmoothing | undefined;
  /** The factor of the squared log-sum-exp that is added to each row's loss. Default 0. */
  zLoss?: number | undefined;
  /** Replaces the logits by softcap tanh(logits / softcap). Default: no cap. */
  softcap?: number | undefined;
  /** The same for the derivative in the target's probabilities. Default false. */
  targetGradient?: boolean | Storage<Elements> | undefined;
}

export interface NllLossOptions<Elements> extends LossOptions<Elements> {
  /** The axis of the classes, or several that are taken together. Default -1. */
  axis?: number | readonly number[] | undefined;
}

/** Numbers for one vector, tensors of one number for each row for a tensor. */
type Rows<Logits> = Reduced<Logits, Tensor<RowElementsOf<Logits>>>;

type LossOf<Logits, Chosen> = Chosen extends { reduction: infer Kind }
  ? Kind extends 'none'
    ? Rows<Logits>
    : number
  : number;

type Wanted<Logits, Choice> = Choice extends true
  ? Like<Logits>
  : Choice extends false | undefined
    ? undefined
    : Choice;

type GradientOf<Name extends string, Logits, Chosen> = Chosen extends { readonly [name in Name]: infer Choice }
  ? { readonly [name in Name]: Wanted<Logits, Choice> }
  : { readonly [name in Name]?: undefined };

/** A loss, and what was asked for with it. */
export type NllLossResult<Logits, Chosen> = {
  /** One float64 number, or with reduction 'none' one of the logits' kind for each row. */
  readonly loss: LossOf<Logits, Chosen>;
  /** What the mean divides by: the class weights of the targets, or with probabilities the number of rows. */
  readonly totalWeight: number;
} & GradientOf<'gradient', Logits, Chosen>;

export type CrossEntropyResult<Logits, Chosen> = NllLossResult<Logits, Chosen> & {
  /** log sum e^(beta z) of each row; 0 for ignored rows, which are not looked at. */
  readonly logSumExp: Rows<Logits>;
} & GradientOf<'targetGradient', Logits, Chosen>;

/** The gradients of a linear layer that are asked for: true for new storage, or storage. Default false, each. */
export interface LinearGradientChoice<Elements> {
  /** It may be the hidden rows themselves. */
  hidden?: boolean | Storage<Elements> | undefined;
  weight?: boolean | Storage<Elements> | undefined;
  /** Only with a bias. */
  bias?: boolean | Storage<Elements> | undefined;
}

export interface LinearCrossEntropyOptions<Elements>
  extends Omit<CrossEntropyOptions<Elements>, 'axis' | 'gradient' | 'targetGradient'> {
  /** A number that is added to each class's logits. */
  bias?: Input | undefined;
  /** All gradients, or some. Default false. */
  gradient?: boolean | LinearGradientChoice<Elements> | undefined;
}

type LinearGradientOf<Name extends string, Part extends string, Value, Chosen> = Chosen extends { gradient: true }
  ? { readonly [name in Name]: Value }
  : Chosen extends { gradient: { readonly [part in Part]: infer Choice } }
    ? { readonly [name in Name]: Choice extends true ? Value : Choice extends false | undefined ? undefined : Choice }
    : { readonly [name in Name]?: undefined };

type BiasOf<Chosen> = Chosen extends { bias: infer Bias extends Input } ? Bias : never;

export type LinearCrossEntropyResult<Hidden, Chosen> = {
  /** One float64 number, or with reduction 'none' one of the hidden rows' kind for each row. */
  readonly loss: LossOf<Hidden, Chosen>;
  /** What the mean divides by: the class weights of the targets, or with probabilities the number of rows. */
  readonly totalWeight: number;
  /** log sum e^(beta z) of each row; 0 for ignored rows. */
  readonly logSumExp: Rows<Hidden>;
} & LinearGradientOf<'hiddenGradient', 'hidden', Like<Hidden>, Chosen> &
  LinearGradientOf<'weightGradient', 'weight', Tensor<ElementsOf<Hidden>>, Chosen> &
  ([BiasOf<Chosen>] extends [never]
    ? { readonly biasGradient?: undefined }
    : LinearGradientOf<'biasGradient', 'bias', BiasGradient<Hidden, BiasOf<Chosen>>, Chosen>);

/** Of the hidden rows' kind and the bias's form. */
type BiasGradient<Hidden, Bias> = Bias extends FloatArray | Float16ArrayLike | readonly number[]
  ? ElementsOf<Hidden>
  : Tensor<ElementsOf<Hidden>>;
