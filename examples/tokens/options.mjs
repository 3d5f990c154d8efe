// What the program understands: npm run demo:tokens -- --prompt='The whale' --seed=2
import { parseArgs } from 'node:util';

export function readOptions(words = process.argv.slice(2)) {
  const { values } = parseArgs({
    args: words,
    options: {
      prompt: { type: 'string', default: 'In the beginning' },
      seed: { type: 'string', default: '1' },
      length: { type: 'string', default: '80' },
      tokens: { type: 'string', default: '400000' },
      epochs: { type: 'string', default: '2' },
      classes: { type: 'string', default: '5000' },
      dim: { type: 'string', default: '64' },
    },
  });
  const number = (name) => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new RangeError(`--${name} must be a number above 0. Received '${values[name]}'`);
    return value;
  };
  if (!/[a-z]/i.test(values.prompt)) throw new TypeError(`--prompt must have a word. Received '${values.prompt}'`);
  return {
    prompt: values.prompt,
    seed: number('seed'),
    length: number('length'),
    tokens: number('tokens'),
    epochs: number('epochs'),
    classes: number('classes'),
    dim: number('dim'),
  };
}
