// SoftmaxState as users see it. Types only.
import type { ElementsOf, FloatArray, Input, Like, NonFinite, Scale, Storage } from '../types';

export interface SoftmaxStateOptions extends Scale {
  /** How many of the greatest logits are kept with their ids, at most 2^20. Default 0. */
  topK?: number | undefined;
  /** The id whose log-probability is wanted. */
  target?: number | undefined;
  /** Numbers of the value that each logit has; their mean under the probabilities is wanted. Default 0: none. */
  valueSize?: number | undefined;
  /** The rule for infinities and for states in which nothing takes part. Default 'limit'. */
  nonFinite?: NonFinite | undefined;
}

export interface PushOptions {
  /** The id of the first logit; the others follow. Default: where the last push ended. Ids are below 2^31. */
  offset?: number | undefined;
  /** [n, valueSize]: the values of the logits, row by row, of their element type, or numbers. */
  values?: Input | undefined;
}

/** What collect takes as a chunk: logits, or logits with the options of push. */
export type StateChunk = Input | ({ logits: Input } & PushOptions);

export interface CollectOptions extends SoftmaxStateOptions {
  /** Ends it: the promise is rejected with an AbortError, and the source is told to end. */
  signal?: AbortSignal | undefined;
}

/** The greatest logits, best first; of equals the lower id. */
export interface TopOfState {
  readonly ids: Int32Array;
  readonly logits: Float64Array;
  readonly probabilities: Float64Array;
}

/** What a state knows at once, and the methods that compute nothing large. */
export interface StateOfSoftmax {
  readonly beta: number;
  readonly topK: number;
  readonly target: number | undefined;
  readonly valueSize: number;
  readonly nonFinite: NonFinite;
  /** Logits pushed, whatever they are. */
  readonly count: number;
  /** The greatest logit; the least where beta is negative. NaN if one is NaN, -Infinity (Infinity) of nothing. */
  readonly max: number;
  /** The lowest id of that logit; -1 of nothing. */
  readonly argmax: number;
  /** log sum e^(beta z), -Infinity of nothing. */
  readonly logSumExp: number;
  /** -sum p log p, in nats. */
  readonly entropy: number;
  /** log p of the target, undefined until it has been pushed. */
  readonly targetLogProbability: number | undefined;
  /** The topK greatest logits so far. */
  top(): TopOfState;
  /** sum p v: the mean of the values. Zeros where nothing takes part. */
  value(): Float64Array;
  toBytes(): Uint8Array;
}

/**
 * Softmax of logits that are never in one place: chunks of a stream, shards of a vocabulary, parts of a row on several
 * machines. States are merged in any order; what they then say is what one state of all logits would say.
 *
 *     (max, sum) + (max', sum') = (M, sum e^(max - M) + sum' e^(max' - M)),  M = the greater maximum
 *     logSumExp = beta max + log1p(all but one maximum)
 *
 * The merge of online softmax: Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; with values it
 * is that of attention over split keys (Dao et al., "FlashAttention", 2022). Everything is computed in float64, also of
 * float32 logits. However the logits are split and in whatever order states are merged: `count`, `max`, `argmax` and
 * `top` are the same to the bit, and `logSumExp` to one ulp of the greater of abs(logSumExp) and abs(beta max), after any
 * number of merges: sums are kept in pairs of float64, and only ever scaled by powers of two. Against the exact value
 * `logSumExp` is within 3 ulp of that.
 *
 * beta = +-Infinity counts only the greatest (least) logits, which share the mass; 0 counts all alike. A NaN logit makes
 * the state NaN, `top` apart, which has NaN last. An id that is pushed twice counts twice. The state does not keep the
 * logits.
 *
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE), RangeError (ERR_OUT_OF_RANGE: options, ids, states
 * that differ in beta, topK, target, valueSize or nonFinite; ERR_SOFTMAX_SHAPE_MISMATCH; ERR_SOFTMAX_NON_FINITE);
 * fromBytes also ERR_SOFTMAX_TRUNCATED and ERR_SOFTMAX_CORRUPTED. The state is then as it was.
 * @example
 * new SoftmaxState().push([1, 2]).merge(new SoftmaxState().push([4])).logSumExp; // 4.169846019556286
 * new SoftmaxState({ topK: 2 }).push([1, 2]).push([4]).top().ids; // Int32Array [2, 1]
 * new SoftmaxState({ valueSize: 1 }).push([0, 0], { values: [3, 5] }).value(); // Float64Array [4]
 * new SoftmaxState().push([1, 2, 4]).probabilities([1, 4]); // Float64Array [0.042..., 0.843...]
 */
export interface SoftmaxState extends StateOfSoftmax {
  /** Takes logits in: one vector, or a tensor, row by row. */
  push(logits: Input, options?: PushOptions): this;
  /** Takes in what another state has, which stays as it is. */
  merge(other: StateOfSoftmax): this;
  /** The probabilities of logits beside all that has been pushed: of those of the state, if they are given again. */
  probabilities<Logits extends Input, Out extends Storage<ElementsOf<Logits>> = never>(
    logits: Logits,
    out?: Out,
  ): [Out] extends [never] ? Like<Logits> : Out;
  clone(): SoftmaxState;
}

export interface SoftmaxStateConstructor {
  new (options?: SoftmaxStateOptions): SoftmaxState;
  readonly prototype: SoftmaxState;
  /** The state whose toBytes gave these. */
  fromBytes(bytes: Uint8Array): SoftmaxState;
  /** The state of all that an iterable gives, which may be asynchronous. */
  collect(source: AsyncIterable<StateChunk> | Iterable<StateChunk>, options?: CollectOptions): Promise<SoftmaxState>;
}

interface SignalOptions {
  /** Gives the call up: the promise is rejected with an AbortError, and the state is as it was but for the next id. */
  signal?: AbortSignal | undefined;
}

/** SoftmaxState of softmax-native/promises. What is pushed while a push is under way has the ids that follow it. */
export interface PromisedSoftmaxState extends StateOfSoftmax {
  push(logits: Input, options?: PushOptions & SignalOptions): Promise<this>;
  merge(other: StateOfSoftmax): this;
  probabilities<Logits extends Input, Out extends Storage<FloatArray> = never>(
    logits: Logits,
    out?: Out,
    options?: SignalOptions,
  ): Promise<[Out] extends [never] ? Like<Logits> : Out>;
  clone(): PromisedSoftmaxState;
}

export interface PromisedSoftmaxStateConstructor {
  new (options?: SoftmaxStateOptions): PromisedSoftmaxState;
  readonly prototype: PromisedSoftmaxState;
  fromBytes(bytes: Uint8Array): PromisedSoftmaxState;
  collect(
    source: AsyncIterable<StateChunk> | Iterable<StateChunk>,
    options?: CollectOptions,
  ): Promise<PromisedSoftmaxState>;
}
