// The examples of the public documentation are run, each as a program of its own: `expression; // value` must give that
// value. An array's value is written with its kind, and a number may end in "...".
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import { files, read } from '../architecture/tree';

// The files of the public functions lie in lib itself, or in the folders of the public classes.
const source = files('lib', /\.ts$/)
  .filter((path) => /^lib\/((random|layers|addressing|distributions|fields|regression)\/)?[\w-]+\.ts$/.test(path))
  .map(read)
  .join('\n');
const examples = [...source.matchAll(/@example\n((?: *\* (?!@).*\n)+)/g)].map(([, text]) =>
  (text as string).replace(/^ *\* /gm, ''),
);
const functions = Object.keys(library).filter((name) => name !== 'backend');

/** The statements of a program, with what the comment behind each says of its value. */
const statementsOf = (program: string) =>
  [...program.matchAll(/([\s\S]+?);(?: \/\/ (.*))?\n/g)].map(([, code, shown]) => ({
    code: (code as string).trim(),
    shown,
  }));

/** Runs it; gives the values of the statements of which something is said. */
function run(program: string): { value: unknown; shown: string }[] {
  const values: { value: unknown; shown: string }[] = [];
  const note = (value: unknown, shown: string) => values.push({ value, shown });
  const body = statementsOf(program).map(({ code, shown }) =>
    shown === undefined ? `${code};` : `note(${code}, ${JSON.stringify(shown)});`,
  );
  new Function('note', ...Object.keys(library), body.join('\n'))(note, ...Object.values(library));
  return values;
}

/** What the comment says of it: 'Float64Array [0.09..., 1]: why', '4' or '{ nodes: [1], bits: [0] }'. */
function matches(value: unknown, shown: string): boolean {
  const list = shown.match(/^(\w+) \[(.*)\]/);
  if (list === null) return isShownAs(value, shown);
  const elements = [...(value as Float64Array)];
  const texts = (list[2] as string).split(', ');
  const isKind = (value as object).constructor.name === list[1];
  return isKind && elements.length === texts.length && elements.every((x, i) => isShownAs(x, texts[i] as string));
}

function isShownAs(x: unknown, text: string): boolean {
  if (typeof x === 'object') return withoutKinds(inspect(x)) === withoutKinds(text);
  return text.endsWith('...') ? String(x).startsWith(text.slice(0, -3)) : String(x) === text;
}

const withoutKinds = (text: string) => text.replace(/\w+\(\d+\) |\s/g, '');

describe('the public functions', () => {
  test.each(functions)('%s has an example', (name) => {
    expect(examples.some((program) => new RegExp(`^(const \\w+ = )?(new )?${name}[(.]`, 'm').test(program))).toBe(true);
  });

  test.each(examples)('%s', (program) => {
    for (const { value, shown } of run(program)) {
      expect(value, shown).toSatisfy((result: unknown) => matches(result, shown));
    }
  });
});
