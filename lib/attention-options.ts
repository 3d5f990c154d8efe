// The options of attention and its gradients, with the results' types. Types only.
import type { ElementsOf, Input, NonFinite, RowElementsOf, Scale, Storage, Tensor, TensorLike } from './types';

/** Options that say which keys a query attends to, and how strongly. */
export interface ScoreOptions extends Scale {
  /** What multiplies the products of queries and keys: any finite number. Default 1 / sqrt(d). */
  scale?: number | undefined;
  /**
   * Whether a query attends to no key behind its own place. The last query stands at the last key ('bottomRight', which is
   * what true means: the queries continue a cache of keys), or the first at the first ('topLeft', PyTorch's is_causal).
   * The two agree where there are as many queries as keys. Default false.
   */
  causal?: boolean | 'topLeft' | 'bottomRight' | undefined;
  /** What takes part: non-zero = yes. Broadcast against [..., heads, queries, keys] as NumPy does. Default: all. */
  mask?: Uint8Array | TensorLike | undefined;
  /** What is added to the scores, of the query's kind, broadcast as the mask is. -Infinity takes no part. */
  bias?: Input | undefined;
  /**
   * How many keys before and after its own place a query attends to besides it: [left, right], or a number for both; each
   * may be Infinity. Places as for causal, 'bottomRight' where that is false. Default: all.
   */
  window?: number | readonly [left: number, right: number] | undefined;
  /** Scores are capped smoothly, cap tanh(score / cap), before the bias: greater than 0. Default: not. */
  softcap?: number | undefined;
  /** NaN, +Infinity, and rows in which nothing takes part: see attention. Default 'limit'. */
  nonFinite?: NonFinite | undefined;
}

export interface AttentionOptions<Out> extends ScoreOptions {
  /** Whether to return log sum e^(beta score) of each query. Default false. */
  returnLogSumExp?: boolean | undefined;
  /** Whether to return the weights themselves, queries times keys of them. Default false. */
  returnWeights?: boolean | undefined;
  /** Storage for the output, apart from all inputs. */
  out?: Out | undefined;
}

export interface AttentionVjpOptions<Elements, RowElements = Elements> extends ScoreOptions {
  /** The output that attention gave with these options, and its logSumExp: with both, it need not be computed again. */
  output?: Storage<Elements> | undefined;
  logSumExp?: Storage<RowElements> | undefined;
  /** Whether to return the gradient of the bias, in its shape. Default false. */
  biasGradient?: boolean | undefined;
}

/** `name` with its value where the option is true, and perhaps where it is some boolean. */
type Asked<Name extends string, Option extends string, Value, Chosen> = Chosen extends {
  readonly [option in Option]: infer Choice;
}
  ? [Choice] extends [true]
    ? { readonly [name in Name]: Value }
    : { readonly [name in Name]?: true extends Choice ? Value | undefined : undefined }
  : { readonly [name in Name]?: undefined };

/** What attention returns; Chosen is the type of its options. */
export type AttentionResult<Query, Chosen> = {
  /** [..., heads, queries, width of a value]; `out` if it was given. */
  readonly output: Chosen extends { readonly out: infer Out extends object } ? Out : Tensor<ElementsOf<Query>>;
} & Asked<'logSumExp', 'returnLogSumExp', Tensor<RowElementsOf<Query>>, Chosen> &
  Asked<'weights', 'returnWeights', Tensor<ElementsOf<Query>>, Chosen>;

type BiasOf<Query, Chosen> = Chosen extends { readonly bias: TensorLike }
  ? Tensor<ElementsOf<Query>>
  : ElementsOf<Query>;

/** What attentionVjp returns: gradients of the shapes of query, key, value and bias. */
export type AttentionGradients<Query, Chosen> = {
  readonly queryGradient: Tensor<ElementsOf<Query>>;
  readonly keyGradient: Tensor<ElementsOf<Query>>;
  readonly valueGradient: Tensor<ElementsOf<Query>>;
} & Asked<'biasGradient', 'biasGradient', BiasOf<Query, Chosen>, Chosen>;

export type AttentionOptionsOf<Query> = AttentionOptions<Storage<ElementsOf<Query>>>;
export type AttentionVjpOptionsOf<Query> = AttentionVjpOptions<ElementsOf<Query>, RowElementsOf<Query>>;
