// Whoever adds a kernel or an operation cannot leave a part of it out. Most gaps fail to compile, as the list is expanded
// in the tables, the tests and the benchmark; the rest is looked for here.
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as reference from '../../lib/reference';
import { files, read } from './tree';

const kernels = [...read('native/core/kernels.def').matchAll(/^KERNEL\((\w+),/gm)].map(([, name]) => name as string);
const texts = (folder: string, name: RegExp) => files(folder, name).map((path) => ({ path, text: read(path) }));

describe('kernels.def', () => {
  test('names each kernel once', () => {
    expect(kernels.length).toBeGreaterThan(0);
    expect(new Set(kernels).size).toBe(kernels.length);
  });

  // Expanding the list there makes a kernel without an entry fail to compile.
  test.each([
    ['the table of function pointers', 'native/core/table.hpp'],
    ["the instruction sets' tables", 'native/core/make_table.hpp'],
    ['the tests of all tables', 'test/native/kernel_cases.hpp'],
    ['the benchmark', 'bench/native/kernels.cpp'],
  ])('makes %s', (_, path) => {
    expect(read(path)).toMatch(/#include ".*kernels\.def"/);
  });

  const headers = texts('native/kernels', /\.hpp$/);

  test.each(kernels)('%s is defined once', (name) => {
    const defined = new RegExp(`template[^\\n]*\\n[^\\n]*\\b${name}\\(`);
    expect(headers.filter(({ text }) => defined.test(text)).map(({ path }) => path)).toHaveLength(1);
  });

  test.each(kernels)('%s is used by an operation, or by another kernel', (name) => {
    const used = new RegExp(`\\b${name}\\b`);
    const users = [...texts('native/operations', /\.[ch]pp$/), ...headers].filter(({ text }) => used.test(text));
    expect(users.length).toBeGreaterThan(0);
  });
});

const functions = Object.entries(library)
  .filter(([, value]) => typeof value === 'function')
  .map(([name]) => name)
  .sort();
// What has no kernel.
const drawing = ['Rng', 'checkUnbiased', 'importanceSampling', 'EmbeddingTable'];
const operations = functions.filter((name) => name !== 'setThreads' && !drawing.includes(name));

describe('each function', () => {
  const readme = read('README.md');
  const benchCases = texts('bench', /\.mjs$/)
    .map(({ text }) => text)
    .join('\n');
  const tests = texts('test', /\.ts$/).filter(({ path }) => !path.startsWith('test/architecture/'));

  test.each(functions)('%s has a row in the README', (name) => {
    expect(readme).toMatch(new RegExp(`^\\|[^|]*\`${name}[.(]`, 'm'));
  });

  test.each(functions)('%s is exported by name to import', (name) => {
    expect(read('lib/index.mts')).toMatch(new RegExp(`\\b${name},`));
  });

  test.each(operations)('%s has a reference', (name) => {
    expect(reference).toHaveProperty(name);
  });

  test.each(operations)('%s is in the benchmark', (name) => {
    expect(benchCases).toMatch(new RegExp(`\\b${name}\\b`));
  });

  test.each(['unit', 'properties', 'types'])('has tests in test/%s', (folder) => {
    const text = tests
      .filter(({ path }) => path.startsWith(`test/${folder}/`))
      .map((file) => file.text)
      .join('\n');
    expect(operations.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
  });
});
