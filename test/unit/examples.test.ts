// The examples of the documentation, run: each line says what it gives, as Node's prompt would print it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import * as library from '../../lib/index';

const root = join(__dirname, '..', '..');

const examples = ['lib/index.ts', 'lib/native/backend.ts'].flatMap((path) => {
  const source = readFileSync(join(root, path), 'utf8');
  return [...source.matchAll(/@example\n((?: \* .*\n)+)/g)].flatMap(([, lines]) =>
    [...(lines as string).matchAll(/ \* (.*); \/\/ (.*)/g)].map(([, code, printed]) => [code, printed] as const),
  );
});

test('every public function has one', () => {
  const described = Object.keys(library).filter((name) => examples.some(([code]) => code?.startsWith(name)));
  expect(described.sort()).toEqual(Object.keys(library).sort());
});

test.runIf(library.backend.reason === undefined).each(examples)('%s', (code, printed) => {
  const run = new Function(...Object.keys(library), `return ${code}`);
  expect(inspect(run(...Object.values(library)), { breakLength: Infinity })).toBe(printed);
});
