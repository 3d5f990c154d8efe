// What the compiler made. An instruction set's code must not reach a machine without it: by a template that two objects
// share, of which the linker keeps either, or by a portable object compiled with the wrong flags.
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { binary, compilations } from './build';

const run = (tool: string, ...args: string[]) =>
  execFileSync(tool, args, { encoding: 'utf8', maxBuffer: 2 ** 28 }).split('\n');

const objects = compilations();
const isaOf = (source: string) => source.match(/^native\/isa\/(\w+)\.cpp$/)?.[1];
const sets = objects.filter(({ source }) => isaOf(source) !== undefined);
const portable = objects.filter(({ source }) => !/^native\/isa\/avx/.test(source));

// Registers wider than 128 bits, or the three-operand encoding: neither exists before AVX.
const avx = /%[yz]mm|%k[0-7]\b|^\s*[0-9a-f]+:\s+v[a-z]/;

describe.runIf(process.platform === 'linux')('objects', () => {
  test.each(sets)('$source has no symbol that another object may share', ({ source, object }) => {
    const own = `softmax_native::${isaOf(source)}::`;
    const shared = run('nm', '-C', object).filter((line) => / [WVu] /.test(line) && !line.includes(own));
    expect(shared).toEqual([]);
  });

  test.each(sets)('$source needs nothing but the C library', ({ object }) => {
    const needed = run('nm', object).flatMap((line) => line.match(/ U (\w+)/)?.[1] ?? []);
    const allowed = new Set(['fma', 'fmaf', 'memcpy', 'memset', 'memmove', '_GLOBAL_OFFSET_TABLE_']);
    expect(needed.filter((name) => !allowed.has(name))).toEqual([]);
  });

  describe.runIf(process.arch === 'x64')('x86-64', () => {
    test.each(portable)('$source has no AVX instruction', ({ object }) => {
      const found = run('objdump', '-d', '--no-show-raw-insn', object).filter((line) => avx.test(line));
      expect(found.slice(0, 3)).toEqual([]);
    });

    test('native/isa/avx2.cpp has them: the search finds what it looks for', () => {
      const object = sets.find(({ source }) => isaOf(source) === 'avx2')?.object as string;
      const code = run('objdump', '-d', '--no-show-raw-insn', object);
      expect(code.filter((line) => avx.test(line)).length).toBeGreaterThan(1000);
      expect(code.filter((line) => /%zmm|%k[0-7]\b/.test(line))).toEqual([]);
    });

    test('native/isa/avx512.cpp has its registers', () => {
      const object = sets.find(({ source }) => isaOf(source) === 'avx512')?.object as string;
      const code = run('objdump', '-d', '--no-show-raw-insn', object);
      expect(code.filter((line) => /%zmm/.test(line)).length).toBeGreaterThan(1000);
    });
  });
});

describe.runIf(process.platform === 'linux')('softmax_native.node', () => {
  const symbols = run('objdump', '-T', binary);

  const newest = (name: string) => {
    const versions = symbols.flatMap((line) => line.match(new RegExp(`\\(${name}_([0-9.]+)\\)`))?.[1] ?? []);
    return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) as string;
  };
  const isAtMost = (version: string, limit: string) => version.localeCompare(limit, 'en', { numeric: true }) <= 0;

  // The oldest system that an official Node 20 runs on: Red Hat 8, with glibc 2.28 and the libstdc++ of GCC 8.
  test.each([
    ['GLIBC', '2.28'],
    ['GLIBCXX', '3.4.25'],
    ['CXXABI', '1.3.11'],
  ])('needs no newer symbol than %s_%s', (name, limit) => {
    expect(newest(name), `the newest is ${name}_${newest(name)}`).toSatisfy((version: string) =>
      isAtMost(version, limit),
    );
  });

  test('shows no symbol of its own but the entries that Node looks for', () => {
    const defined = symbols.filter((line) => /\.(text|rodata|data|bss)\b/.test(line));
    const names = defined.map((line) => line.trim().split(/\s+/).at(-1) as string);
    const entries = /^(napi_register_module_v1|node_api_module_get_api_version_v1)$/;
    // Static variables of the standard library's inline functions are always shown.
    const ofTheStandardLibrary = /^_ZZ?NK?St/;
    expect(names.filter((name) => !entries.test(name) && !ofTheStandardLibrary.test(name))).toEqual([]);
  });
});
