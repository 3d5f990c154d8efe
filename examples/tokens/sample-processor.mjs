// `sample` in the place of transformers.js's own sampling, which knows neither top-p nor min-p, nor a seed of its own for
// each call: a logits processor, the last one, that draws the token itself and leaves nothing else to draw.
import { sample, transformers } from './library.mjs';

/**
 * Goes into the list that `generate` and pipelines take as `logits_processor`, with `do_sample: false`: transformers.js then
 * takes the greatest logit, which is that of the token drawn here.
 */
export class SampleProcessor extends transformers.LogitsProcessor {
  /** @param options those of `sample`; the history is what transformers.js has: prompt and tokens so far */
  constructor(options) {
    super();
    this.options = options;
    /** What `sample` said of the last tokens, a row for each text: log-probabilities, how many were kept, entropy. */
    this.last = undefined;
  }

  /**
   * @param inputIds the ids of each text so far, arrays of BigInt
   * @param logits a tensor [texts, vocabulary] of float32, which is changed, as is usual for processors
   */
  _call(inputIds, logits) {
    const vocabulary = logits.dims.at(-1);
    this.last = sample(logits, { ...this.options, history: inputIds, count: 1 });
    logits.data.fill(-Infinity);
    this.last.ids.data.forEach((id, row) => {
      if (id < 0) throw new RangeError(`The logits of row ${row} have a NaN`);
      logits.data[row * vocabulary + id] = 0;
    });
    return logits;
  }
}
