// The public functions that draw: tokens from logits, and relaxed samples that can be differentiated.
import { nativeBackend } from './native/backend';
import type { Fits } from './options';
import { gumbel, gumbelVjp } from './tokens/gumbel';
import { sampling } from './tokens/sample';
import type { GumbelOptions, SampleOptions, SampleResult } from './tokens/types';
import type { Direction, ElementsOf, Input, Like } from './types';

/**
 * Draws tokens from logits: one row, or a batch [..., vocabulary]. The stages, in this order unless `order` says another:
 *
 *     allow, deny    what may be drawn at all
 *     bias           z + b
 *     penalties      z > 0 ? z / r : z r  for what is in the history, then z - presence - frequency * times
 *     temperature    beta z;  0 leaves the greatest logit alone
 *     minP           p_i >= minP max p, which is beta (z_i - max) >= log minP
 *     topK           the k greatest
 *     topP           the shortest list, most likely first, with sum of p >= topP; equality ends it
 *     typicalP       the same, but nearest |-log p_i - entropy| first
 *
 * Each filter counts p among what the one before it left. Of equal logits the lower id comes first. Repetition penalty:
 * Keskar et al., "CTRL", 2019; top-k: Fan, Lewis and Dauphin, "Hierarchical neural story generation", 2018; top-p: Holtzman
 * et al., "The curious case of neural text degeneration", 2020; typical-p: Meister et al., "Locally typical sampling",
 * 2023; min-p: Nguyen et al., "Turning up the heat", 2024.
 *
 * A draw by u in (0, 1) is the first id, ascending, at which the sum of probabilities reaches u times their total: a token
 * of probability 0 is never drawn. All that decides is computed in float64, so that the reference draws the same tokens.
 * Row r draws from stream r of a seed that `rng` gives; with an array of generators each row draws what it would alone.
 * Without replacement (`replace` false) draws are one after the other among what is left, as by Gumbel top-k (Kool, van
 * Hoof and Welling 2019). Logits of +Infinity share all the mass; a row with a NaN gives id -1 and NaN, unless nonFinite is
 * 'throw'.
 *
 * @param logits - one vector (Float32Array, Float64Array, Float16Array or numbers), or a tensor with data and dims
 * [..., vocabulary], whose data may also be a Uint16Array with type 'float16' or 'bfloat16'
 * @param options - see SampleOptions
 * @returns ids and their log-probabilities in nats, after all stages and before them (rawLogprobs: log-softmax of the
 * logits as given); with `logprobs` the most likely tokens; how many tokens were kept, their mass, and the entropy
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE (also where a row has fewer tokens of positive
 * probability than are to be drawn), ERR_SOFTMAX_SHAPE_MISMATCH, ERR_SOFTMAX_DETACHED, ERR_SOFTMAX_NON_FINITE
 * @example
 * sample([2, 1, 0, -1, -3], { temperature: 0 }).ids; // Int32Array [0]
 * sample([2, 1, 0, -1, -3], { topP: 0.9, rng: new Rng(1) }).kept; // 3
 */
export function sample<Logits extends Input>(logits: Logits, options?: SampleOptions): SampleResult<Logits> {
  return sampling(nativeBackend.sample, sample, logits, options) as SampleResult<Logits>;
}

/**
 * A sample of the Gumbel-softmax, a distribution over probabilities that tends to the categorical one for tau -> 0.
 *
 *     y = softmax((z + G) / tau),  G = -log(-log U),  U uniform in (0, 1)
 *
 * Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", 2017; Maddison, Mnih and Teh, "The concrete
 * distribution", 2017. With `hard` it is one-hot at the greatest z + G, which is an exact draw from softmax(z). The noise
 * is drawn in the order of the logits in memory, from stream 0 of a seed that `rng` gives; it is the same to the bit on
 * every instruction set and in TypeScript. z + G is rounded to the type of the logits, to float32 for those of 16 bits.
 *
 * @param logits - one vector (of floats, see Input, or numbers), or a tensor with data and dims
 * @param options - tau; hard; rng (required); axis; mask; nonFinite; out
 * @returns probabilities of the logits' kind and shape; `out` if it was given
 * @throws the same as softmax; ERR_OUT_OF_RANGE where tau is not > 0 and finite
 * @example
 * gumbelSoftmax([1, 2, 4], { tau: 0.5, rng: new Rng(1) }); // Float64Array [0.00769..., 0.140..., 0.852...]
 */
export function gumbelSoftmax<Logits extends Input, Out = Like<Logits>>(
  logits: Logits,
  options: GumbelOptions<Out> & Fits<ElementsOf<Logits>>,
): Out {
  return gumbel(nativeBackend, gumbelSoftmax, logits, options) as Out;
}

/**
 * The gradient with respect to the logits from that with respect to a sample of gumbelSoftmax, for the very same sample:
 * give a generator that stands where that of the sample stood (Rng.fromState).
 *
 *     y_i (g_i - sum_j y_j g_j) / tau,  y = softmax((z + G) / tau)
 *
 * With `hard` it is the straight-through estimator: the gradient of the soft sample, with g of the one-hot one.
 *
 * @param logits - as for gumbelSoftmax
 * @param g - the gradient with respect to the sample, of the kind and shape of the logits
 * @param options - as for gumbelSoftmax
 * @returns the gradient with respect to the logits, of their kind and shape; `out` if it was given
 * @throws the same as gumbelSoftmax
 * @example
 * gumbelSoftmaxVjp([0, 0], [1, 0], { rng: new Rng(1) }); // Float64Array [0.237..., -0.237...]
 */
export function gumbelSoftmaxVjp<Logits extends Input, Out = Like<Logits>>(
  logits: Logits,
  g: Direction<Logits>,
  options: GumbelOptions<Out> & Fits<ElementsOf<Logits>>,
): Out {
  return gumbelVjp(nativeBackend, gumbelSoftmaxVjp, logits, g, options) as Out;
}
