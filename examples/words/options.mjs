// What the program understands: npm run demo:words -- --minutes=10
import { parseArgs } from 'node:util';

/** Words of text an epoch, for each minute that the language models may take together. Measured: README beside this. */
const TOKENS_A_MINUTE = 60_000;

export function readOptions(words = process.argv.slice(2)) {
  const { values } = parseArgs({
    args: words,
    options: {
      minutes: { type: 'string', default: '2' },
      tokens: { type: 'string' },
      epochs: { type: 'string', default: '1' },
      classes: { type: 'string', default: '10000' },
      dim: { type: 'string', default: '128' },
      'held-out': { type: 'string', default: '20000' },
      out: { type: 'string' },
    },
  });
  const number = (name) => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new RangeError(`--${name} must be a number above 0. Received '${values[name]}'`);
    return value;
  };
  const minutes = number('minutes');
  const epochs = number('epochs');
  return {
    minutes,
    epochs,
    tokens: values.tokens === undefined ? Math.ceil((minutes * TOKENS_A_MINUTE) / epochs) : number('tokens'),
    classes: number('classes'),
    dim: number('dim'),
    heldOutTokens: number('held-out'),
    out: values.out ?? new URL('results/perplexity.svg', import.meta.url).pathname,
  };
}
