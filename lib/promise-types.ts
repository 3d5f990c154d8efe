// The types of softmax-native/promises: those of the plain functions, with two more options. Types only.
import type {
  AttentionGradients,
  AttentionOptionsOf,
  AttentionResult,
  AttentionVjpOptionsOf,
} from './attention-options';
import type {
  ArgmaxOptions,
  CrossEntropyOptions,
  CrossEntropyResult,
  Diagnosed,
  ElementwiseOptions,
  Fits,
  HardmaxOptions,
  JacobianOptions,
  LinearCrossEntropyOptions,
  LinearCrossEntropyResult,
  LogSumExpOptions,
  NllLossOptions,
  NllLossResult,
  ReductionOptions,
  Signed,
  Target,
} from './options';
import type {
  Direction,
  ElementsOf,
  Input,
  Like,
  Options,
  Reduced,
  RowElementsOf,
  Storage,
  Tensor,
  TensorLike,
} from './types';

/** Options that every function of softmax-native/promises has besides its own. */
export interface PromiseOptions {
  /** Gives the call up: the promise is rejected with an AbortError at most 50 ms later, and `out` is as it was. */
  signal?: AbortSignal | undefined;
  /**
   * Moves the arrays to the library instead of copying them, and gives them back at the end: the promise is then of
   * { result, transferred }, the arrays in the order in which they stand in the call. An error has `transferred` too.
   * Shared and resizable memory cannot be moved and is copied. Default false.
   */
  transfer?: boolean | undefined;
}

/** The result, and the arrays that were given away. */
export interface Transferred<Result> {
  readonly result: Result;
  readonly transferred: readonly unknown[];
}

/** The options of a call that keeps its arrays, and of one that gives them away. */
export type Keeping<Own> = Own & PromiseOptions & { transfer?: false | undefined };
export type Giving<Own> = Own & PromiseOptions & { transfer: true };

/** softmax, logSoftmax, softmaxBetaGradient. */
export interface ElementwisePromise {
  <Logits extends Input, Out = Like<Logits>>(
    logits: Logits,
    options: Giving<ElementwiseOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Transferred<Out>>;
  <Logits extends Input, Out = Like<Logits>>(
    logits: Logits,
    options?: Keeping<ElementwiseOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Out>;
}

export interface HardmaxPromise {
  <Logits extends Input, Out = Like<Logits>>(
    logits: Logits,
    options: Giving<HardmaxOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Transferred<Out>>;
  <Logits extends Input, Out = Like<Logits>>(
    logits: Logits,
    options?: Keeping<HardmaxOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Out>;
}

/** smoothMax. */
export interface ReductionPromise {
  <Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
    logits: Logits,
    options: Giving<ReductionOptions<Rows> & Fits<RowElementsOf<Logits>>>,
  ): Promise<Transferred<Reduced<Logits, Rows>>>;
  <Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
    logits: Logits,
    options?: Keeping<ReductionOptions<Rows> & Fits<RowElementsOf<Logits>>>,
  ): Promise<Reduced<Logits, Rows>>;
}

type SignedOf<Logits, Rows> = Signed<Reduced<Logits, Rows>, Reduced<Logits, Tensor<RowElementsOf<Logits>>>>;
type Unsigned = { returnSign?: false | undefined };

export interface LogSumExpPromise {
  <Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
    logits: Logits,
    options: Giving<LogSumExpOptions<Rows> & Fits<RowElementsOf<Logits>> & { returnSign: true }>,
  ): Promise<Transferred<SignedOf<Logits, Rows>>>;
  <Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
    logits: Logits,
    options: Keeping<LogSumExpOptions<Rows> & Fits<RowElementsOf<Logits>> & { returnSign: true }>,
  ): Promise<SignedOf<Logits, Rows>>;
  <Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
    logits: Logits,
    options: Giving<LogSumExpOptions<Rows> & Fits<RowElementsOf<Logits>> & Unsigned>,
  ): Promise<Transferred<Reduced<Logits, Rows>>>;
  <Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
    logits: Logits,
    options?: Keeping<LogSumExpOptions<Rows> & Fits<RowElementsOf<Logits>> & Unsigned>,
  ): Promise<Reduced<Logits, Rows>>;
}

export interface ArgmaxPromise {
  <Logits extends Input, Rows = Tensor<Int32Array>>(
    logits: Logits,
    options: Giving<ArgmaxOptions<Rows> & Fits<Int32Array>>,
  ): Promise<Transferred<Reduced<Logits, Rows>>>;
  <Logits extends Input, Rows = Tensor<Int32Array>>(
    logits: Logits,
    options?: Keeping<ArgmaxOptions<Rows> & Fits<Int32Array>>,
  ): Promise<Reduced<Logits, Rows>>;
}

/** softmaxVjp, softmaxJvp, logSoftmaxVjp, logSoftmaxJvp. */
export interface ProductPromise {
  <Point extends Input, Out = Like<Point>>(
    point: Point,
    direction: Direction<Point>,
    options: Giving<ElementwiseOptions<Out> & Fits<ElementsOf<Point>>>,
  ): Promise<Transferred<Out>>;
  <Point extends Input, Out = Like<Point>>(
    point: Point,
    direction: Direction<Point>,
    options?: Keeping<ElementwiseOptions<Out> & Fits<ElementsOf<Point>>>,
  ): Promise<Out>;
}

export interface LogSumExpVjpPromise {
  <Logits extends Input, Out = Like<Logits>>(
    logits: Logits,
    g: number | Direction<Logits>,
    options: Giving<ElementwiseOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Transferred<Out>>;
  <Logits extends Input, Out = Like<Logits>>(
    logits: Logits,
    g: number | Direction<Logits>,
    options?: Keeping<ElementwiseOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Out>;
}

/** softmaxJacobian, logSoftmaxJacobian. */
export interface JacobianPromise {
  <Logits extends Input, Out = Tensor<ElementsOf<Logits>>>(
    logits: Logits,
    options: Giving<JacobianOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Transferred<Out>>;
  <Logits extends Input, Out = Tensor<ElementsOf<Logits>>>(
    logits: Logits,
    options?: Keeping<JacobianOptions<Out> & Fits<ElementsOf<Logits>>>,
  ): Promise<Out>;
}

export interface DiagnosePromise {
  <Logits extends Input>(logits: Logits, options: Giving<Options>): Promise<Transferred<Diagnosed<Logits>>>;
  <Logits extends Input>(logits: Logits, options?: Keeping<Options>): Promise<Diagnosed<Logits>>;
}

// Not a word of options: what `Chosen` is when there are none.
type None = Record<never, never>;

export interface CrossEntropyPromise {
  <Logits extends Input, const Chosen extends Giving<CrossEntropyOptions<ElementsOf<Logits>>>>(
    logits: Logits,
    target: Target,
    options: Chosen,
  ): Promise<Transferred<CrossEntropyResult<Logits, Chosen>>>;
  <Logits extends Input, const Chosen extends Keeping<CrossEntropyOptions<ElementsOf<Logits>>> = None>(
    logits: Logits,
    target: Target,
    options?: Chosen,
  ): Promise<CrossEntropyResult<Logits, Chosen>>;
}

export interface NllLossPromise {
  <Logits extends Input, const Chosen extends Giving<NllLossOptions<ElementsOf<Logits>>>>(
    logProbabilities: Logits,
    target: Target,
    options: Chosen,
  ): Promise<Transferred<NllLossResult<Logits, Chosen>>>;
  <Logits extends Input, const Chosen extends Keeping<NllLossOptions<ElementsOf<Logits>>> = None>(
    logProbabilities: Logits,
    target: Target,
    options?: Chosen,
  ): Promise<NllLossResult<Logits, Chosen>>;
}

export interface LinearCrossEntropyPromise {
  <Hidden extends Input, const Chosen extends Giving<LinearCrossEntropyOptions<ElementsOf<Hidden>>>>(
    hidden: Hidden,
    weight: TensorLike,
    target: Target,
    options: Chosen,
  ): Promise<Transferred<LinearCrossEntropyResult<Hidden, Chosen>>>;
  <Hidden extends Input, const Chosen extends Keeping<LinearCrossEntropyOptions<ElementsOf<Hidden>>> = None>(
    hidden: Hidden,
    weight: TensorLike,
    target: Target,
    options?: Chosen,
  ): Promise<LinearCrossEntropyResult<Hidden, Chosen>>;
}

/** klDivergence. */
export interface DivergencePromise {
  <Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
    logits: Logits,
    otherLogits: Input,
    options: Giving<ReductionOptions<Rows> & Fits<RowElementsOf<Logits>>>,
  ): Promise<Transferred<Reduced<Logits, Rows>>>;
  <Logits extends Input, Rows = Tensor<RowElementsOf<Logits>>>(
    logits: Logits,
    otherLogits: Input,
    options?: Keeping<ReductionOptions<Rows> & Fits<RowElementsOf<Logits>>>,
  ): Promise<Reduced<Logits, Rows>>;
}

export interface AttentionPromise {
  <Query extends TensorLike, const Chosen extends Giving<AttentionOptionsOf<Query>>>(
    query: Query,
    key: TensorLike,
    value: TensorLike,
    options: Chosen,
  ): Promise<Transferred<AttentionResult<Query, Chosen>>>;
  <Query extends TensorLike, const Chosen extends Keeping<AttentionOptionsOf<Query>> = None>(
    query: Query,
    key: TensorLike,
    value: TensorLike,
    options?: Chosen,
  ): Promise<AttentionResult<Query, Chosen>>;
}

export interface AttentionVjpPromise {
  <Query extends TensorLike, const Chosen extends Giving<AttentionVjpOptionsOf<Query>>>(
    query: Query,
    key: TensorLike,
    value: TensorLike,
    outputGradient: Storage<ElementsOf<Query>>,
    options: Chosen,
  ): Promise<Transferred<AttentionGradients<Query, Chosen>>>;
  <Query extends TensorLike, const Chosen extends Keeping<AttentionVjpOptionsOf<Query>> = None>(
    query: Query,
    key: TensorLike,
    value: TensorLike,
    outputGradient: Storage<ElementsOf<Query>>,
    options?: Chosen,
  ): Promise<AttentionGradients<Query, Chosen>>;
}
