// CMakeLists.txt is the source of truth; native/binding.gyp, for machines without CMake, must build the same.
import { describe, expect, test } from 'vitest';
import { compilations } from './build';
import { files, read } from './tree';

interface Settings {
  cflags_cc?: string[];
  'cflags_cc!'?: string[];
  defines?: string[];
}
interface Target extends Settings {
  target_name: string;
  sources?: string[];
  conditions?: [string, Target][];
}
interface Gyp {
  target_defaults: Settings;
  targets: Target[];
}

const gyp = JSON.parse(read('native/binding.gyp').replace(/^\s*#.*$/gm, '')) as Gyp;

// Flags that say how to compile, of those that say where things are, or that node-gyp gives by itself.
const isOurs = (flag: string) => /^-(std=|O|f|m|W)/.test(flag) && flag !== '-fPIC';

/** Where a flag and its opposite are both given, the later one holds. */
function effective(flags: readonly string[]): string[] {
  const holding = new Map<string, string>();
  for (const flag of flags.filter(isOurs)) {
    holding.set(flag.startsWith('-O') ? '-O' : flag.replace(/^-f(no-)?/, '-f'), flag);
  }
  return [...holding.values()].sort();
}

const cmakeFlags = new Map(compilations().map(({ source, flags }) => [source, effective(flags)]));

const gypFlags = new Map<string, string[]>();
for (const target of gyp.targets) {
  const here = (target.conditions ?? []).filter(([condition]) => condition === `target_arch=='${process.arch}'`);
  const parts: Target[] = [target, ...here.map(([, part]) => part)];
  const removed = new Set(parts.flatMap((part) => part['cflags_cc!'] ?? []));
  const flags = [
    ...(gyp.target_defaults.cflags_cc ?? []).filter((flag) => !removed.has(flag)),
    ...parts.flatMap((part) => part.cflags_cc ?? []),
  ];
  for (const source of parts.flatMap((part) => part.sources ?? [])) gypFlags.set(`native/${source}`, effective(flags));
}

describe('native/binding.gyp', () => {
  test('has the sources of CMakeLists.txt', () => {
    expect([...gypFlags.keys()].sort()).toEqual([...cmakeFlags.keys()].sort());
  });

  test.each([...cmakeFlags.keys()].sort())('compiles %s with the same flags', (source) => {
    expect(gypFlags.get(source)).toEqual(cmakeFlags.get(source));
  });

  test('defines the same', () => {
    const binding = compilations().find(({ source }) => source === 'native/binding/module.cpp');
    const defines = (binding?.flags ?? []).filter((flag) => /^-D(NAPI|NODE_ADDON)/.test(flag));
    const target = gyp.targets.find(({ target_name }) => target_name === 'softmax_native');
    expect((target?.defines ?? []).map((name) => `-D${name}`).sort()).toEqual(defines.sort());
  });
});

describe('CMakeLists.txt', () => {
  test('names each C++ source of native', () => {
    const text = read('CMakeLists.txt');
    const missing = files('native', /\.cpp$/).filter(
      (path) => !text.includes(path) && !/^native\/isa\/\w+\.cpp$/.test(path),
    );
    expect(missing).toEqual([]);
  });

  test('leaves the choice to fuse a * b + c to nobody', () => {
    for (const [source, flags] of cmakeFlags) expect(flags, source).toContain('-ffp-contract=off');
  });
});
