// The types of what draws tokens.
import type { Ids } from '../random/arguments';
import type { Rng } from '../random/rng';
import type { Stage } from '../token-calls';
import type { FloatArray, Input, NonFinite, Scale, Tensor, TensorLike } from '../types';

export interface GumbelOptions<Out> {
  /** The temperature of the sample, > 0: to a class for 0, to equal parts for Infinity. Default 1. */
  tau?: number | undefined;
  /** Whether the sample is one-hot. Default false. */
  hard?: boolean | undefined;
  /** Where the noise comes from. */
  rng: Rng;
  /** The axis of the classes, or several that are taken together (with `hard` one). Default -1. */
  axis?: number | readonly number[] | undefined;
  /** What takes part: non-zero = yes. Default: all. */
  mask?: Uint8Array | TensorLike | undefined;
  /** The rule for infinities and empty rows. Default 'limit'. */
  nonFinite?: NonFinite | undefined;
  /** Storage for the result, which is then returned. */
  out?: Out | undefined;
}

/** Ids of tokens as runtimes keep them: transformers.js has arrays of BigInt. */
type TokenIds = Ids | readonly bigint[];

export interface SampleOptions extends Scale {
  /** Keeps the k greatest logits. Default: all. */
  topK?: number | undefined;
  /** Keeps the shortest list of the most likely tokens that has this part of the mass, in (0, 1]. Default 1. */
  topP?: number | undefined;
  /** Keeps what is at least this part as likely as the most likely token, in [0, 1]. Default 0. */
  minP?: number | undefined;
  /** Keeps the tokens whose surprise is nearest to the entropy, up to this part of the mass, in (0, 1]. Default 1. */
  typicalP?: number | undefined;
  /** The tokens so far, which the penalties are about; for several rows an array of them. */
  history?: TokenIds | readonly TokenIds[] | undefined;
  /** Divides positive logits of what is in the history, and multiplies others; > 0. Default 1. */
  repetitionPenalty?: number | undefined;
  /** Subtracted from the logit of what is in the history. Default 0. */
  presencePenalty?: number | undefined;
  /** Subtracted from it for each time that it is. Default 0. */
  frequencyPenalty?: number | undefined;
  /** What is added to logits, by id: -Infinity bans a token. */
  logitBias?: ReadonlyMap<number, number> | readonly (readonly [id: number, bias: number])[] | undefined;
  /**
   * The tokens that may be drawn: ids, or a Uint32Array with a bit for each token (bit id % 32 of word id / 32), for all
   * rows or for each, as grammar engines have it. Default: all.
   */
  allow?: Ids | Uint32Array | undefined;
  /** Tokens that may not be drawn. */
  deny?: Ids | undefined;
  /**
   * The stages in the order in which they are done. 'bias' and 'penalties' come before the others, and none whose option
   * is given may be missing. Default: bias, penalties, temperature, minP, topK, topP, typicalP.
   */
  order?: readonly Stage[] | undefined;
  /** How many tokens to draw. Default 1. */
  count?: number | undefined;
  /** Whether a token may be drawn more than once. Default true. */
  replace?: boolean | undefined;
  /** Of equal logits at the end of what a filter keeps: the lower ids, or all of them. Default 'lower'. */
  ties?: 'lower' | 'all' | undefined;
  /** How many of the most likely tokens to list with their log-probabilities. Default 0. */
  logprobs?: number | undefined;
  /** Where random numbers come from; for several rows also one for each. Not needed where nothing is left to chance. */
  rng?: Rng | readonly Rng[] | undefined;
  /** The rule for infinities and empty rows. Default 'limit'. */
  nonFinite?: NonFinite | undefined;
}

type ForRows<Logits, Vector, Rows> = Logits extends FloatArray | readonly number[] ? Vector : Rows;

export interface TokenLogProbabilities<Indices, Values> {
  readonly ids: Indices;
  /** Of the distribution that is drawn from: -Infinity for what a filter dropped. */
  readonly logprobs: Values;
  /** log-softmax of the logits as they were given. */
  readonly rawLogprobs: Values;
}

/** Of one vector arrays of `count`; of a tensor [..., vocabulary] tensors [..., count] and [...]. */
export interface SampleResult<Logits extends Input = Input>
  extends TokenLogProbabilities<
    ForRows<Logits, Int32Array, Tensor<Int32Array>>,
    ForRows<Logits, Float64Array, Tensor<Float64Array>>
  > {
  /** With `logprobs`: the most likely tokens by the logits as they were given, best first. */
  readonly top:
    | TokenLogProbabilities<
        ForRows<Logits, Int32Array, Tensor<Int32Array>>,
        ForRows<Logits, Float64Array, Tensor<Float64Array>>
      >
    | undefined;
  /** How many tokens the filters kept. */
  readonly kept: ForRows<Logits, number, Tensor<Int32Array>>;
  /** Their part of the mass before the filters, after all else. */
  readonly keptMass: ForRows<Logits, number, Tensor<Float64Array>>;
  /** Of the distribution that is drawn from, in nats. */
  readonly entropy: ForRows<Logits, number, Tensor<Float64Array>>;
}
