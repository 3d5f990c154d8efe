// What transformers.js's sampler does for a token: temperature, its top-k on onnxruntime-node, its softmax, a draw. These
// are the steps of its MultinomialSampler, which is not exported, by the functions that are; it has no top-p.
import { softmax, TemperatureLogitsWarper, Tensor, topk } from '@huggingface/transformers';

export function transformersToken(logits, { temperature, topK }, uniform) {
  const warper = new TemperatureLogitsWarper(temperature);
  return async () => {
    // Warped in place, and so made anew from what the model gave.
    const warped = warper([], new Tensor('float32', logits.slice(), [1, logits.length]));
    const [values, ids] = await topk(warped, topK);
    const probabilities = softmax(values.data);
    let left = uniform();
    let i = 0;
    while (i < topK - 1 && left > probabilities[i]) {
      left -= probabilities[i];
      i += 1;
    }
    return ids.data[i];
  };
}

export const transformersSoftmax = (logits) => () => softmax(logits);
