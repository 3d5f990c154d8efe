// What is in the package, and how other tools see it.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answer, type Installation, install, node, root } from './installation';

let installed: Installation;
beforeAll(() => {
  installed = install();
}, 60_000);
afterAll(() => installed.remove());

function tool(path: string, ...args: string[]): string {
  const script = join(root, 'node_modules', path);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: installed.folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${path} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

describe('contents', () => {
  test('only dist, prebuilds and the documents', () => {
    const strange = installed.files.filter(
      (path) => !/^(dist\/.+\.(js|mjs|d\.ts|d\.mts)|prebuilds\/[^/]+\/softmax_native\.node)$/.test(path),
    );
    expect(strange).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  });

  test('the binary of this platform', () => {
    expect(installed.files.filter((path) => path.endsWith('.node'))).toHaveLength(1);
  });

  test('smaller than 5 MB', () => {
    expect(installed.unpackedSize).toBeLessThan(5e6);
  });

  test('no dependency and no script that npm would run', () => {
    const manifest = JSON.parse(
      readFileSync(join(installed.folder, 'node_modules', 'softmax-native', 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string>>;
    for (const field of ['dependencies', 'optionalDependencies', 'peerDependencies', 'bundleDependencies']) {
      expect(manifest).not.toHaveProperty(field);
    }
    const atInstallation = /^(pre|post)?install$|^(pre|post)?prepare$|^prepublish$/;
    expect(Object.keys(manifest.scripts ?? {}).filter((name) => atInstallation.test(name))).toEqual([]);
    expect(manifest.gypfile).toBe(false);
  });

  test('the lockfile of the project names no registry', () => {
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});

describe('require and import', () => {
  const functions = readFileSync(join(root, 'README.md'), 'utf8').match(/## Functions\n(.*?)### Options/s)?.[1] ?? '';
  const names = [...functions.matchAll(/^\| `(\w+)[(.`]/gm)].map(([, name]) => name as string).sort();

  test('have the documented names', () => {
    expect(answer(installed.folder, `print(Object.keys(require('softmax-native')).sort())`)).toEqual(names);
    expect(answer(installed.folder, `import('softmax-native').then((all) => print(Object.keys(all).sort()))`)).toEqual(
      names,
    );
    const reference = names.filter((name) => name !== 'backend' && name !== 'setThreads');
    const code = (load: string) => `${load}.then((all) => print(Object.keys(all).sort()))`;
    expect(answer(installed.folder, code(`Promise.resolve(require('softmax-native/reference'))`))).toEqual(reference);
    expect(answer(installed.folder, code(`import('softmax-native/reference')`))).toEqual(reference);
  });

  test.each(['softmax-native', 'softmax-native/reference'])('%s gives both the same objects', (entry) => {
    const code = `
      const required = require('${entry}');
      import('${entry}').then((imported) =>
        print(Object.keys(imported).filter((name) => imported[name] !== required[name])));`;
    expect(answer(installed.folder, code)).toEqual([]);
  });

  test('nothing but the entries can be reached', () => {
    const code = `
      const reach = (path) => { try { require(path); return 'reached'; } catch (error) { return error.code; } };
      print([reach('softmax-native/dist/native/load.js'), reach('softmax-native/package.json')]);`;
    expect(answer(installed.folder, code)).toEqual(['ERR_PACKAGE_PATH_NOT_EXPORTED', 'reached']);
  });

  test('a module of ES reads like the README', () => {
    const code = `import { softmax } from 'softmax-native'; console.log(softmax([0, 0]));`;
    const { stdout } = node(installed.folder, code, {}, ['--input-type=module']);
    expect(stdout).toBe('Float64Array(2) [ 0.5, 0.5 ]\n');
  });
});

describe('tools', () => {
  test('publint finds nothing', () => {
    const path = join(installed.folder, 'node_modules', 'softmax-native');
    expect(tool('publint/src/cli.js', '--strict', path)).toContain('All good');
  });

  test('attw finds the types in every resolution', () => {
    expect(tool('@arethetypeswrong/cli/dist/index.js', installed.tarball, '--format', 'ascii')).toContain(
      'No problems found',
    );
  });

  test.each([
    ['node16', 'node16', 'cts'],
    ['node16', 'node16', 'mts'],
    ['esnext', 'bundler', 'ts'],
  ])('TypeScript, module %s, resolution %s, in a .%s', (module, resolution, extension) => {
    const source = join(installed.folder, `consumer.${extension}`);
    writeFileSync(
      source,
      `import { type ErrorCode, logSumExp, softmax } from 'softmax-native';
       import { softmax as exact } from 'softmax-native/reference';
       const p: Float32Array = softmax(new Float32Array([1, 2]), { temperature: 2 });
       const q: Float64Array = exact([1, 2]);
       const sum: number = logSumExp(p);
       const { value, sign } = logSumExp([1, 2], { weights: [1, -1], returnSign: true });
       const code: ErrorCode = 'ERR_OUT_OF_RANGE';
       // @ts-expect-error: there is no such option
       softmax([1], { temprature: 1 });
       export { code, p, q, sign, sum, value };`,
    );
    const options = ['--module', module, '--moduleResolution', resolution];
    tool('typescript/bin/tsc', '--noEmit', '--strict', '--target', 'es2023', ...options, source);
  });
});
