// What the documents show is run: a line that ends in `console.log(...); // text` must write that text.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Installation, install, node, root } from './installation';

let installed: Installation;
beforeAll(() => {
  installed = install();
}, 60_000);
afterAll(() => installed.remove());

interface Block {
  readonly language: string;
  readonly code: string;
}

function blocks(path: string): Block[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
    language: language as string,
    code: code as string,
  }));
}

const expected = (code: string) => [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);

// The packages that these import are installed in bench/ only, where a test runs them: bench/test/readme.test.mjs.
const needsPeers = ({ code }: Block): boolean => /from '(onnxruntime-node|@huggingface\/transformers)'/.test(code);

// One line for each console.log, however long.
const wide = `require('node:util').inspect.defaultOptions.breakLength = Infinity;`;

describe('README.md', () => {
  const shown = blocks('README.md');
  const programs = shown.filter((block) => /^m?js$/.test(block.language) && !needsPeers(block));

  test('has blocks of shell and of JavaScript only', () => {
    expect(new Set(shown.map(({ language }) => language))).toEqual(new Set(['sh', 'js', 'mjs']));
  });

  test.each(programs)('runs: $code', ({ language, code }) => {
    const isModule = language === 'mjs';
    const first = isModule
      ? `import { createRequire } from 'node:module'; createRequire('file:///')('node:util').inspect.defaultOptions.breakLength = Infinity;`
      : wide;
    const ran = node(installed.folder, `${first}\n${code}`, {}, isModule ? ['--input-type=module'] : []);
    expect(ran.stderr).toBe('');
    expect(ran.stdout.trimEnd().split('\n')).toEqual(expected(code).length === 0 ? [''] : expected(code));
  });

  test('names only scripts of npm that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const text = ['README.md', 'CONTRIBUTING.md'].map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name as string);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
