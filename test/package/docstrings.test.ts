// The examples of the public documentation are run: `expression; // value`. An array's value is written with its kind,
// and a number may end in "...".
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import { files, read } from '../architecture/tree';

// The files of the public functions lie in lib itself, or are those of what draws and of what addresses.
const source = files('lib', /\.ts$/)
  .filter((path) => /^lib\/((random|addressing)\/)?[\w-]+\.ts$/.test(path))
  .map(read)
  .join('\n');
const examples = [...source.matchAll(/@example\n((?: \* .*\n)+)/g)].flatMap(([, text]) =>
  (text as string).split('\n').flatMap((line) => line.match(/^ \* (.*);(?: \/\/ (.*))?$/)?.slice(1, 3) ?? []),
);
const pairs = examples.flatMap((code, i) => (i % 2 === 0 ? [{ code, shown: examples[i + 1] }] : []));
const functions = Object.keys(library).filter((name) => name !== 'backend');

function evaluate(code: string): unknown {
  const names = Object.keys(library);
  return new Function(...names, `return ${code}`)(...Object.values(library));
}

/** What the comment says of it: 'Float64Array [0.09..., 1]: why' or '4'. */
function matches(value: unknown, shown: string): boolean {
  const list = shown.match(/^(\w+) \[(.*)\]/);
  if (list === null) return isShownAs(value as number, shown);
  const elements = [...(value as Float64Array)];
  const texts = (list[2] as string).split(', ');
  const isKind = (value as object).constructor.name === list[1];
  return isKind && elements.length === texts.length && elements.every((x, i) => isShownAs(x, texts[i] as string));
}

const isShownAs = (x: number, text: string) =>
  text.endsWith('...') ? String(x).startsWith(text.slice(0, -3)) : String(x) === text;

describe('the public functions', () => {
  test.each(functions)('%s has an example', (name) => {
    expect(pairs.some(({ code }) => code.startsWith(`${name}(`) || code.startsWith(`new ${name}(`))).toBe(true);
  });

  test.each(pairs)('$code', ({ code, shown }) => {
    const value = evaluate(code);
    if (shown !== undefined) expect(value).toSatisfy((result: unknown) => matches(result, shown));
  });
});
