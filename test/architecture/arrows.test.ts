// Every arrow points down: who may include or import whom.
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { files, folderIn, read } from './tree';

// binding -> operations -> { random, parallel, core }; core <- isa -> kernels -> simd.
const mayInclude: Record<string, readonly string[]> = {
  binding: ['binding', 'operations', 'parallel', 'core'],
  operations: ['operations', 'attention-calls', 'random', 'parallel', 'core'],
  random: ['random'],
  parallel: ['parallel'],
  core: ['core'],
  isa: ['isa', 'core', 'kernels', 'simd'],
  kernels: ['kernels', 'simd'],
  simd: ['simd'],
};

// index -> { layers -> random } -> operations -> { validate, shape, errors, ... }; reference -> types; native -> { tiny, errors, reference, ... }.
const mayImport: Record<string, readonly string[]> = {
  entry: [
    'entry',
    'layers',
    'addressing',
    'distributions',
    'fields',
    'regression',
    'optimization',
    'random',
    'tokens',
    'token-calls',
    'operations',
    'native',
    'reference',
    'validate',
    'errors',
    'options',
    'attention-options',
    'promise-types',
    'random-promise-types',
    'types',
  ],
  layers: [
    'layers',
    'candidate-calls',
    'layer-calls',
    'tree-calls',
    'random',
    'operations',
    'validate',
    'shape',
    'errors',
    'intrinsics',
    'ownership',
    'types',
    'options',
  ],
  addressing: [
    'addressing',
    'state-calls',
    'layer-calls',
    'layers',
    'operations',
    'validate',
    'shape',
    'errors',
    'intrinsics',
    'ownership',
    'types',
    'options',
  ],
  regression: [
    'regression',
    'optimization',
    'layer-calls',
    'layers',
    'operations',
    'validate',
    'shape',
    'errors',
    'intrinsics',
    'ownership',
    'types',
    'options',
  ],
  optimization: ['optimization', 'errors'],
  distributions: [
    'distributions',
    'layers',
    'random',
    'operations',
    'validate',
    'shape',
    'errors',
    'intrinsics',
    'ownership',
    'types',
  ],
  fields: [
    'fields',
    'optimization',
    'layers',
    'random',
    'operations',
    'validate',
    'shape',
    'errors',
    'intrinsics',
    'ownership',
    'types',
  ],
  tokens: [
    'tokens',
    'token-calls',
    'random',
    'tiny',
    'operations',
    'validate',
    'shape',
    'errors',
    'intrinsics',
    'ownership',
    'types',
    'options',
  ],
  operations: [
    'operations',
    'attention-calls',
    'validate',
    'shape',
    'errors',
    'intrinsics',
    'ownership',
    'types',
    'options',
  ],
  random: ['random', 'validate', 'errors', 'intrinsics', 'types'],
  native: [
    'native',
    'attention-calls',
    'candidate-calls',
    'layer-calls',
    'state-calls',
    'token-calls',
    'tree-calls',
    'tiny',
    'errors',
    'intrinsics',
    'ownership',
    'types',
    'reference',
  ],
  tiny: ['tiny', 'intrinsics', 'types'],
  reference: [
    'reference',
    'attention-calls',
    'candidate-calls',
    'layer-calls',
    'state-calls',
    'token-calls',
    'tree-calls',
    'types',
  ],
  validate: ['errors', 'intrinsics', 'types'],
  shape: ['errors', 'intrinsics', 'types'],
  errors: [],
  intrinsics: [],
  ownership: [],
  types: [
    'intrinsics',
    'attention-calls',
    'candidate-calls',
    'layer-calls',
    'state-calls',
    'token-calls',
    'tree-calls',
  ],
  'attention-calls': ['types'],
  'state-calls': ['types'],
  'token-calls': ['types'],
  'candidate-calls': ['types'],
  'tree-calls': ['layer-calls', 'types'],
  'layer-calls': ['types'],
  options: ['types'],
  'attention-options': ['types'],
  'promise-types': ['options', 'attention-options', 'types'],
  'random-promise-types': ['promise-types', 'options', 'random', 'tokens', 'types'],
};

const lines = (path: string) => read(path).split('\n');

function included(path: string): string[] {
  return lines(path).flatMap((line) => line.match(/^\s*#\s*include\s+([<"].*[>"])/)?.[1] ?? []);
}

function imported(path: string): string[] {
  return [...read(path).matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*|\brequire\s*\(\s*)'([^']+)'/g)].map(
    ([, name]) => name as string,
  );
}

describe('native', () => {
  const sources = files('native', /\.(cpp|hpp|def)$/);

  test.each(Object.keys(mayInclude))('%s includes only what lies below it', (layer) => {
    const wrong = sources
      .filter((path) => folderIn('native', path) === layer)
      .flatMap((path) =>
        included(path)
          .filter((name) => name.startsWith('"'))
          .map((name) => posix.join(posix.dirname(path), name.slice(1, -1)))
          .filter((target) => !mayInclude[layer]?.includes(folderIn('native', target)))
          .map((target) => `${path} includes ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  test('each folder is one of the layers', () => {
    const folders = new Set(sources.map((path) => folderIn('native', path)));
    expect([...folders].sort()).toEqual(Object.keys(mayInclude).sort());
  });

  const only = (header: RegExp, allowed: RegExp) =>
    sources.filter((path) => included(path).some((name) => header.test(name)) && !allowed.test(path));

  test('only binding/napi.hpp includes napi', () => {
    expect(only(/napi\.h>|node_api\.h>/, /^native\/binding\/napi\.hpp$/)).toEqual([]);
  });

  test('only simd includes intrinsics', () => {
    expect(only(/(intrin\.h|arm_neon\.h)>/, /^native\/(simd\/|core\/(cpu\.cpp|float_mode\.hpp)$)/)).toEqual([]);
  });

  test('kernels include no standard header but <cstddef> and <cstdint>', () => {
    const wrong = sources
      .filter((path) => path.startsWith('native/kernels/'))
      .flatMap((path) => included(path).filter((name) => /^</.test(name) && !/^<cstd(def|int)>$/.test(name)));
    expect(wrong).toEqual([]);
  });

  test('an isa file is flags and includes, and nothing else', () => {
    const code = files('native/isa', /\.cpp$/).flatMap((path) =>
      lines(path).filter((line) => line !== '' && !/^(#define SOFTMAX_ISA|#include|\/\/)/.test(line)),
    );
    expect(code).toEqual([]);
  });
});

describe('lib', () => {
  const sources = files('lib', /\.m?ts$/);
  // The files that package.json exports, and those whose functions they pass on, are entries: lib/reference.ts is one,
  // lib/reference/ is the layer.
  const layerOf = (path: string) => {
    const file = path.replace(/\.m?[jt]s$/, '');
    return /^lib\/(index|promises|output-layers|memories|distributions|models|reference|derivatives|losses|diagnosis|attention|decoding)$/.test(
      file,
    )
      ? 'entry'
      : folderIn('lib', file);
  };

  test('each file imports only what lies below it', () => {
    const wrong = sources.flatMap((path) =>
      imported(path)
        .filter((name) => name.startsWith('.'))
        .map((name) => layerOf(posix.join(posix.dirname(path), name)))
        .filter((layer) => !mayImport[layerOf(path)]?.includes(layer))
        .map((layer) => `${path} imports ${layer}`),
    );
    expect(wrong).toEqual([]);
  });

  test('only Node itself is imported besides', () => {
    const foreign = sources.flatMap((path) => imported(path).filter((name) => !/^(\.|node:)/.test(name)));
    expect(foreign).toEqual([]);
  });

  test('the reference imports nothing but types from outside its folder', () => {
    const wrong = sources
      .filter((path) => path.startsWith('lib/reference/'))
      .flatMap((path) => read(path).match(/^import (?!type )[^;]* from '\.\.\/[^;]*/gm) ?? []);
    expect(wrong).toEqual([]);
  });
});
