// The public attention and its gradients, computed by the binary, or by the reference where none loads.
import type {
  AttentionGradients,
  AttentionOptionsOf,
  AttentionResult,
  AttentionVjpOptionsOf,
} from './attention-options';
import { nativeBackend } from './native/backend';
import { attend } from './operations/attention';
import { attendVjp } from './operations/attention-vjp';
import type { ElementsOf, Storage, TensorLike } from './types';

/**
 * Attention: for each query the mean of the values, weighed with the softmax of its products with the keys.
 *
 *     score_ij = cap tanh(scale q_i.k_j / cap) + bias_ij,   p_i = softmax(beta score_i),   output_i = sum_j p_ij v_j
 *
 * Vaswani and others, "Attention is all you need", 2017; fewer key heads than query heads: Ainslie and others, "GQA",
 * 2023 (query head h reads key head h / (heads / key heads)); softcap: Gemma 2, 2024. Scores exist a tile at a time, with
 * a running maximum and sum (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao and others,
 * "FlashAttention", 2022): the memory needed besides the results grows with the length, not with its square. A few
 * queries beside a long cache of keys are computed a chunk of 256 keys at a time, by all threads.
 *
 * beta = Infinity is the exact arg max limit: the values of the keys of the greatest score, averaged; 0 is the plain mean.
 * A score that is NaN makes its query's row NaN and no other; scores of +Infinity share all the mass; a query to which
 * no key is left gives zeros, its logSumExp is -Infinity. With nonFinite 'ieee' the last two are NaN too (but for the
 * logSumExp); with 'throw' the three are refused, by the number of the row over all batches and heads. A score of
 * -Infinity takes no part, and what has no weight contributes nothing, whatever its key and value hold.
 *
 * @param query - a tensor [..., heads, length, d], or [length, d], of Float32Array or Float64Array
 * @param key - a tensor of the same kind [..., key heads, keys, d]; the key heads divide the heads
 * @param value - a tensor of the same kind [..., key heads, keys, width]
 * @param options - scale (1 / sqrt(d)); causal; window; mask; bias; softcap; beta, temperature or base; nonFinite;
 * returnLogSumExp; returnWeights; out
 * @returns output [..., heads, length, width]; logSumExp [..., heads, length] and weights [..., heads, length, keys] if
 * they were asked for. With d = 0 all scores are 0; without keys the output is zeros
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE, ERR_SOFTMAX_SHAPE_MISMATCH,
 * ERR_SOFTMAX_DETACHED, ERR_SOFTMAX_OVERLAP, ERR_SOFTMAX_NON_FINITE. `out` is then as it was.
 * @example
 * const matrix = (...rows) => ({ data: Float64Array.from(rows.flat()), dims: [rows.length, rows[0].length] });
 * const [keys, values] = [matrix([1, 1], [1, 0], [0, 2]), matrix([1, 2], [3, 4], [5, 6])];
 * attention(matrix([1, 0]), keys, values).output.data; // Float64Array [2.5933..., 3.5933...]
 */
export function attention<
  Query extends TensorLike,
  const Chosen extends AttentionOptionsOf<Query> = Record<never, never>,
>(query: Query, key: TensorLike, value: TensorLike, options?: Chosen): AttentionResult<Query, Chosen> {
  return attend(nativeBackend.attention, attention, query, key, value, options) as AttentionResult<Query, Chosen>;
}

/**
 * The gradients of attention with respect to query, key, value and bias, from that with respect to its output: the
 * vector-Jacobian product, in memory that grows with the length. With P the weights and D the row sums of g * output:
 *
 *     dV = P^T g,   dS = beta P * (g V^T - D),   dQ = scale dS K,   dK = scale dS^T Q,   dbias = dS
 *
 * Dao and others, "FlashAttention", 2022: the weights are made again, tile by tile, from the logSumExp. Where softmax does
 * not change with the scores (beta = 0 or +-Infinity, scores of +Infinity) the gradients of query, key and bias are 0.
 * Key heads that several query heads read get the sum. A row that is NaN makes NaN of the gradients of its query and of
 * what takes part in it, and of no other. The bits do not depend on the number of threads.
 *
 * @param query - as for attention
 * @param key - as for attention
 * @param value - as for attention
 * @param outputGradient - the gradient with respect to the output, of its kind and shape
 * @param options - those that attention was given (but returnLogSumExp, returnWeights and out); output and logSumExp, as
 * attention returned them, which spare computing them again; biasGradient
 * @returns queryGradient, keyGradient and valueGradient; biasGradient in the bias's shape if it was asked for
 * @throws the same as attention
 * @example
 * const column = (...rows) => ({ data: Float64Array.from(rows), dims: [rows.length, 1] });
 * const [query, keys, values] = [column(1), column(0, 0), column(1, 3)];
 * attentionVjp(query, keys, values, column(1)).keyGradient.data; // Float64Array [-0.5, 0.5]
 */
export function attentionVjp<
  Query extends TensorLike,
  const Chosen extends AttentionVjpOptionsOf<Query> = Record<never, never>,
>(
  query: Query,
  key: TensorLike,
  value: TensorLike,
  outputGradient: Storage<ElementsOf<Query>>,
  options?: Chosen,
): AttentionGradients<Query, Chosen> {
  return attendVjp(
    nativeBackend.attentionVjp,
    attentionVjp,
    query,
    key,
    value,
    outputGradient,
    options,
  ) as AttentionGradients<Query, Chosen>;
}
