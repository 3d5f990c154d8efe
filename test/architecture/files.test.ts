// Files stay readable in one sitting, and their names say what is in them.
import { expect, test } from 'vitest';
import { files, lineCount, read } from './tree';

const native = files('native', /\.(cpp|hpp|def)$/);
const nativeTests = [...files('test/native', /\.(cpp|hpp)$/), ...files('bench/native', /\.(cpp|hpp)$/)];
const lib = files('lib', /\.m?ts$/);
const scripts = ['bench', 'examples', 'scripts'].flatMap((folder) => files(folder, /\.mjs$/));
const tests = files('test', /\.ts$/);

/** Lines that are neither documentation nor empty. */
const codeLines = (path: string) =>
  read(path)
    .split('\n')
    .filter((line) => !/^\s*(\*|\/\*|\/\/|$)/.test(line)).length;

function median(paths: readonly string[], count: (path: string) => number): number {
  const sorted = paths.map(count).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

const longerThan = (limit: number, paths: readonly string[]) =>
  paths.filter((path) => lineCount(path) > limit).map((path) => `${path}: ${lineCount(path)} lines`);

test('no C++ file is longer than 400 lines, the median at most 150', () => {
  expect(longerThan(400, [...native, ...nativeTests])).toEqual([]);
  expect(median(native, lineCount)).toBeLessThanOrEqual(150);
});

test('no TypeScript file is longer than 300 lines, the median of lib has at most 80 of code', () => {
  expect(longerThan(300, [...lib, ...scripts, ...tests])).toEqual([]);
  expect(median(lib, codeLines)).toBeLessThanOrEqual(80);
});

test('C++ is plain ASCII', () => {
  const wrong = [...native, ...nativeTests].filter((path) => /[^\n\x20-\x7e]/.test(read(path)));
  expect(wrong).toEqual([]);
});

test('no file or folder is called utils, helpers, common or misc', () => {
  const wrong = [...native, ...nativeTests, ...lib, ...scripts, ...tests].filter((path) =>
    path.split('/').some((part) => /^(utils?|helpers?|common|misc)([._-]|$)/.test(part)),
  );
  expect(wrong).toEqual([]);
});

test('-ffast-math and -Ofast appear in no build description', () => {
  for (const path of ['CMakeLists.txt', 'native/binding.gyp', 'test/native/CMakeLists.txt', 'package.json']) {
    expect(read(path)).not.toMatch(/-Ofast|-ffast-math|-funsafe-math|-fassociative-math/);
  }
});
