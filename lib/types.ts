// The public types, and the two that join the public functions to a backend (Call, Backend). Types only: the reference
// may import this file and nothing else of the project.

import type { AttentionCall, AttentionVjpCall } from './attention-calls';
import type { CandidateCall, OwnTrainingCall, SharedTrainingCall } from './candidate-calls';
import type {
  AdaptiveLossCall,
  AdaptiveSource,
  AdaptiveTrainCall,
  Best,
  Distribution,
  Drawn,
  LinearSource,
  LinearTrainCall,
} from './layer-calls';
import type { StateCall, StateProbabilitiesCall } from './state-calls';
import type { GumbelCall, SampleCall } from './token-calls';
import type { TreeDistributionCall, TreeLossCall, TreeSampleCall, TreeTopKCall, TreeTrainCall } from './tree-calls';

/** Real arrays that the functions compute with; the result has the same kind. */
export type FloatArray = Float32Array | Float64Array;

/** A Float16Array, where the runtime has it. */
export interface Float16ArrayLike {
  readonly [Symbol.toStringTag]: 'Float16Array';
  readonly length: number;
  [index: number]: number;
}

/** Storage of 16-bit floats: a Uint16Array holds float16 or bfloat16, which the `type` of its tensor says. */
export type HalfArray = Float16ArrayLike | Uint16Array;

/** Arrays of floats of any type. */
export type Floats = FloatArray | HalfArray;

/** What an element is called where it has to be named. */
export type FloatType = 'float32' | 'float64';

/**
 * Row-major data with a shape, as it may be passed: an onnxruntime or transformers.js tensor has this form.
 * `data` must be a Float32Array, a Float64Array, a Float16Array, or a Uint16Array with the type 'float16' or 'bfloat16' (a
 * Uint8Array for a mask), which the functions check.
 */
export interface TensorLike {
  readonly data: ArrayLike<unknown>;
  readonly dims: readonly number[];
  readonly type?: string | undefined;
}

/** Row-major data with a shape, as the functions return it. */
export interface Tensor<Elements extends Floats | Int32Array = FloatArray> {
  readonly data: Elements;
  readonly dims: readonly number[];
  readonly type: 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int32';
}

/**
 * Logits: one vector as a Float32Array, Float64Array, Float16Array or numbers, or a tensor of them. Those of 16 bits are
 * computed with as float32; results of their shape are rounded to them, others are float32.
 */
export type Input = FloatArray | Float16ArrayLike | readonly number[] | TensorLike;

/** The array that holds results for logits of type `Logits`: of their element type, float64 for plain numbers. */
export type ElementsOf<Logits> = Logits extends infer Half extends Float16ArrayLike
  ? Half
  : Logits extends { readonly data: infer Data extends HalfArray }
    ? Data
    : Logits extends Float32Array | { readonly data: Float32Array }
      ? Float32Array
      : Logits extends Float64Array | readonly number[] | { readonly data: Float64Array }
        ? Float64Array
        : FloatArray;

/** The same for what is one number for each row: of 16-bit floats float32. */
export type RowElementsOf<Logits> = Logits extends Float16ArrayLike | { readonly data: HalfArray }
  ? Float32Array
  : Extract<ElementsOf<Logits>, FloatArray>;

/** A result of the shape of the logits: array in, array out; tensor in, tensor out. */
export type Like<Logits> = Logits extends FloatArray | Float16ArrayLike | readonly number[]
  ? ElementsOf<Logits>
  : Tensor<ElementsOf<Logits>>;

/** A result of one number for each row: a number for one vector, `Rows` for a tensor. */
export type Reduced<Logits, Rows> = Logits extends FloatArray | Float16ArrayLike | readonly number[] ? number : Rows;

/** Storage that may be given for a result: an array, or a tensor around one. */
export type Storage<Elements> = Elements | (TensorLike & { readonly data: Elements });

/** What is multiplied with a derivative at a `Point`: of its kind, or numbers, which are rounded to it. */
export type Direction<Point> = Storage<ElementsOf<Point>> | readonly number[];

/** How rows with infinities, and rows in which nothing takes part, are answered. */
export type NonFinite = 'limit' | 'ieee' | 'throw';

/** How strongly differences of logits count. At most one of the three may be given. */
export interface Scale {
  /** Inverse temperature, any real number or +-Infinity. Default 1. */
  beta?: number | undefined;
  /** 1 / beta, any real number or +-Infinity; 0 is the arg max limit. */
  temperature?: number | undefined;
  /** e^beta, greater than 0; base 2 computes 2^z / sum 2^z. */
  base?: number | undefined;
}

/** Options of every function of logits. */
export interface Options extends Scale {
  /** The axis of the classes, or several that are taken together; negative counts from the end. Default -1. */
  axis?: number | readonly number[] | undefined;
  /** What takes part: non-zero = yes. Broadcast against the logits' shape as NumPy does. Default: all. */
  mask?: Uint8Array | TensorLike | undefined;
  /** The rule for infinities and empty rows. Default 'limit'. */
  nonFinite?: NonFinite | undefined;
}

/** A number for each part of the canonical layout: the axes before, the axis of the classes, the axes after. */
export interface Parts {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/**
 * What all computations share, in canonical form. The logits are [outer, n, inner], row-major: element j of row (o, i)
 * stands at (o * n + j) * inner + i, and its row is number o * inner + i. Masks and weights have strides of their own.
 */
export interface Canonical extends Parts {
  readonly mask: Uint8Array | undefined;
  readonly maskStrides: Parts | undefined;
  /** Any number but NaN; for float32 logits also no finite one beyond 2^60 or nearer to 0 than 2^-60, but 0. */
  readonly beta: number;
  readonly rule: NonFinite;
}

/** A computation of the softmax family. */
export interface Call extends Canonical {
  readonly logits: FloatArray;
  readonly out: FloatArray | Int32Array;
  readonly sign: FloatArray | undefined;
  readonly weights: FloatArray | undefined;
  readonly weightStrides: Parts | undefined;
  /** logSumExp: divide by beta (smoothMax). hardmax: ties share the mass. */
  readonly variant: boolean;
}

/** A diagnosis: `out` has the fields of lib/options' Diagnosis one after the other for each row. */
export interface DiagnoseCall extends Canonical {
  /** With any beta, also float32 ones: a diagnosis is computed in float64. */
  readonly logits: FloatArray;
  readonly out: Float64Array;
  /** Whether softmax computes these logits in float64 whatever their type, since float32 cannot hold beta. */
  readonly inFloat64: boolean;
}

/** How the losses of the rows become one. */
export type Reduction = 'mean' | 'sum' | 'none';

/** A loss of a target for each row. */
export interface LossCall extends Canonical {
  readonly logits: FloatArray;
  /** The class of each row, -1 for an ignored one; or else probabilities. */
  readonly classes: Int32Array | undefined;
  readonly probabilities: FloatArray | undefined;
  /** Of probabilities: the class whose mass does not count, or -1. */
  readonly ignored: number;
  /** One for each class. */
  readonly weight: FloatArray | undefined;
  readonly smoothing: number;
  /** Whether smoothing goes to the other classes alone. */
  readonly overOthers: boolean;
  readonly zLoss: number;
  /** 0 = none. */
  readonly softcap: number;
  readonly reduction: Reduction;
  readonly losses: FloatArray | undefined;
  readonly logSumExp: FloatArray;
  readonly gradient: FloatArray | undefined;
  readonly targetGradient: FloatArray | undefined;
  /** Written by the computation. */
  readonly totals: { loss: number; totalWeight: number };
}

/** The loss of a linear layer, whose logits hidden weight^T + bias are [outer, n]; `weight` is that of the classes. */
export interface LinearLossCall extends Omit<LossCall, 'logits' | 'gradient' | 'targetGradient'> {
  /** [outer, depth], [n, depth] and [n]. */
  readonly hidden: FloatArray;
  readonly matrix: FloatArray;
  readonly bias: FloatArray | undefined;
  readonly depth: number;
  /** May be `hidden`. */
  readonly hiddenGradient: FloatArray | undefined;
  readonly matrixGradient: FloatArray | undefined;
  readonly biasGradient: FloatArray | undefined;
}

/** The divergence of two distributions for each row. */
export interface DivergenceCall extends Canonical {
  readonly logits: FloatArray;
  readonly otherLogits: FloatArray;
  readonly out: FloatArray;
}

/** What a computation says of itself: the first row that the rule 'throw' refuses, or -1 when the result is written. */
export type Verdict = number;

/** What is made of a computation once it has run: the result, or an error thrown. */
export type Conclude = (verdict: Verdict) => unknown;

/** One computation of a backend. */
export interface Operation<Of> {
  /** Computes and concludes: now, giving what `conclude` gives, or behind the caller's back, giving a promise of it. */
  perform(call: Of, conclude: Conclude): unknown;
}

/** One of the softmax family, which has a short way for what is called most. */
export interface Kernel extends Operation<Call> {
  /**
   * Computes now: whole contiguous rows of n > 0, all of them taking part, under a rule other than 'throw', which needs no
   * Call. Not there where nothing is computed now.
   */
  readonly rows?: (
    logits: FloatArray,
    out: FloatArray | Int32Array,
    outer: number,
    n: number,
    beta: number,
    rule: NonFinite,
    variant: boolean,
  ) => void;
}

/** A kernel that computes now. */
export type PromptKernel = Required<Kernel>;

/** A product with a derivative. */
export interface ProductCall extends Canonical {
  /** Where the derivative is taken: probabilities, their logarithms, or logits. In the canonical layout. */
  readonly point: FloatArray;
  /** What it is multiplied with: of the point's layout, or one number for each row. */
  readonly direction: FloatArray;
  readonly out: FloatArray;
}

/** Computes what has been checked. The addon and the reference are the two there are. */
export interface Backend {
  readonly softmax: Kernel;
  readonly logSoftmax: Kernel;
  readonly hardmax: Kernel;
  readonly logSumExp: Kernel;
  readonly argmax: Kernel;
  readonly diagnose: Operation<DiagnoseCall>;
  readonly crossEntropy: Operation<LossCall>;
  readonly nllLoss: Operation<LossCall>;
  readonly klDivergence: Operation<DivergenceCall>;
  readonly linearCrossEntropy: Operation<LinearLossCall>;
  readonly attention: Operation<AttentionCall>;
  readonly attentionVjp: Operation<AttentionVjpCall>;
  readonly candidateLoss: Operation<CandidateCall>;
  readonly trainSharedCandidates: Operation<SharedTrainingCall>;
  readonly trainOwnCandidates: Operation<OwnTrainingCall>;
  readonly linear: Operation<Distribution<LinearSource>>;
  readonly linearTopK: Operation<Best<LinearSource>>;
  readonly linearSample: Operation<Drawn<LinearSource>>;
  readonly linearTrain: Operation<LinearTrainCall>;
  readonly adaptive: Operation<Distribution<AdaptiveSource>>;
  readonly adaptiveTopK: Operation<Best<AdaptiveSource>>;
  readonly adaptiveSample: Operation<Drawn<AdaptiveSource>>;
  readonly adaptiveCrossEntropy: Operation<AdaptiveLossCall>;
  readonly adaptiveTrain: Operation<AdaptiveTrainCall>;

  readonly softmaxState: Operation<StateCall>;
  readonly stateProbabilities: Operation<StateProbabilitiesCall>;

  readonly treeLoss: Operation<TreeLossCall>;
  readonly treeDistribution: Operation<TreeDistributionCall>;
  readonly treeTopK: Operation<TreeTopKCall>;
  readonly treeSample: Operation<TreeSampleCall>;
  readonly treeTrain: Operation<TreeTrainCall>;

  readonly sample: Operation<SampleCall>;
  readonly gumbelSoftmax: Operation<GumbelCall>;
  readonly gumbelSoftmaxVjp: Operation<GumbelCall>;

  readonly softmaxBetaGradient: Kernel;
  /** The Jacobian of softmax is symmetric: this is its JVP, too. */
  readonly softmaxVjp: Operation<ProductCall>;
  readonly logSoftmaxVjp: Operation<ProductCall>;
  readonly logSoftmaxJvp: Operation<ProductCall>;
  readonly logSumExpVjp: Operation<ProductCall>;
  readonly softmaxJacobian: Operation<Call>;
  readonly logSoftmaxJacobian: Operation<Call>;
}

/** The computations that a backend has. */
export type OperationName = keyof Backend;
