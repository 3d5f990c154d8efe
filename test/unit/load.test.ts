// Finding the binary, doing without it, and what `backend` says of both.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadAddon, target } from '../../lib/native/load';
import manifest from '../../package.json' with { type: 'json' };

const folder = mkdtempSync(join(tmpdir(), 'softmax-native-'));
const broken = join(folder, 'broken.node');
const missing = join(folder, 'missing.node');
writeFileSync(broken, 'not a binary');
process.on('exit', () => rmSync(folder, { recursive: true }));

/** The library as it is when it is loaded with these variables set. */
async function libraryWith(variables: Record<string, string>) {
  vi.resetModules();
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return import('../../lib/index');
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.resetModules();
});

describe('without a binary', () => {
  test.each([
    ['not there', missing, `${missing}: not found`],
    ['no binary at all', broken, `${broken}: `],
  ])('that is %s, the reference computes', async (_, path, reason) => {
    const { backend, softmax, setThreads, argmax } = await libraryWith({ SOFTMAX_NATIVE_BINARY: path });
    expect(backend.kind).toBe('typescript');
    expect(backend.threads).toBe(1);
    expect(backend.version).toBe(manifest.version);
    expect(backend.reason).toContain(reason);
    expect(backend.reason).not.toContain('\n');
    expect([...softmax([0, 0])]).toEqual([0.5, 0.5]);
    expect(softmax(Float32Array.of(1, 1), { axis: 0 })).toEqual(Float32Array.of(0.5, 0.5));
    expect(argmax([1, 2])).toBe(1);
    expect(() => setThreads(2)).not.toThrow();
  });

  test('SOFTMAX_NATIVE_ISA=typescript asks for the reference', async () => {
    const { backend } = await libraryWith({ SOFTMAX_NATIVE_ISA: 'typescript' });
    expect(backend).toMatchObject({ kind: 'typescript', reason: 'SOFTMAX_NATIVE_ISA is typescript' });
  });

  test('in strict mode it cannot be loaded', async () => {
    const variables = { SOFTMAX_NATIVE_REQUIRE: '1', SOFTMAX_NATIVE_BINARY: missing };
    await expect(libraryWith(variables)).rejects.toThrow(
      expect.objectContaining({ name: 'Error', code: 'ERR_SOFTMAX_NATIVE_LOAD' }),
    );
    const lines = messageOf(() => loadAddon(variables)).split('\n');
    expect(lines[0]).toBe(
      `No binary of softmax-native could be loaded for ${target()}, Node-API ${process.versions.napi}.`,
    );
    expect(lines[2]).toBe(`  ${missing}: not found`);
    expect(lines.filter((line) => line.startsWith('  - '))).toHaveLength(3);
    expect(messageOf(() => loadAddon({ ...variables, SOFTMAX_NATIVE_BINARY: broken }))).toContain(`  ${broken}: `);
    expect(messageOf(() => loadAddon({ ...variables, SOFTMAX_NATIVE_ISA: 'typescript' }))).toContain(missing);
  });
});

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('It was not thrown');
}

test('the platform is named as the prebuilt folders are', () => {
  expect(target('linux', 'x64', false)).toBe('linux-x64');
  expect(target('linux', 'arm64', true)).toBe('linux-arm64-musl');
  expect(target('darwin', 'arm64', true)).toBe('darwin-arm64');
  expect(target()).toContain(process.arch);
});

const { addon } = loadAddon();

describe.runIf(addon !== undefined)('with a binary', () => {
  const isas = addon?.isas() ?? [];

  test('backend says what runs', async () => {
    const { backend, setThreads } = await libraryWith({});
    expect(isas).toContain(backend.kind);
    expect(backend.reason).toBeUndefined();
    setThreads(1);
    expect(backend.threads).toBe(1);
    setThreads(2);
    expect(backend.threads).toBe(2);
    setThreads(0);
    expect(backend.threads).toBeGreaterThanOrEqual(1);
  });

  test('modules loaded twice share the binary, and each other', async () => {
    const first = await libraryWith({});
    const second = await libraryWith({});
    expect(second.softmax).not.toBe(first.softmax);
    // Through the frame, and through arrays.
    for (const n of [12, 200]) {
      const z = Float64Array.from({ length: n }, (_element, j) => j / n);
      const p = first.softmax(z, { beta: 3 });
      expect(second.softmax(z, { beta: 3 })).toEqual(p);
      expect(first.logSumExp(new Float64Array(n))).toBeCloseTo(Math.log(n), 14);
      expect(first.softmax(z, { beta: 3 })).toEqual(p);
    }
  });

  test('strict mode loads it', async () => {
    const { backend } = await libraryWith({ SOFTMAX_NATIVE_REQUIRE: '1' });
    expect(backend.kind).not.toBe('typescript');
  });

  // In processes of their own: the binary reads the variable when it is first loaded. These run the built package.
  const run = (variables: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, ['-p', `require('./dist').backend.kind`], {
      cwd: join(__dirname, '..', '..'),
      env: { ...process.env, ...variables },
      encoding: 'utf8',
    });

  test.each(isas)('SOFTMAX_NATIVE_ISA=%s runs it, without a word', (isa) => {
    expect(run({ SOFTMAX_NATIVE_ISA: isa })).toMatchObject({ stdout: `${isa}\n`, stderr: '', status: 0 });
  });

  test.each(['sse9', 'avx512 '])('SOFTMAX_NATIVE_ISA=%s warns, and the best one runs', (isa) => {
    const { stdout, stderr, status } = run({ SOFTMAX_NATIVE_ISA: isa });
    expect(status).toBe(0);
    expect(stdout).toBe(`${isas[0]}\n`);
    expect(stderr).toContain('[SOFTMAX_NATIVE_ISA] SoftmaxNativeWarning: ');
    expect(stderr).toContain(`'${isa}' is not one of ${isas.join(', ')}: ${isas[0]} runs`);
  });

  test('an unknown instruction set is told of once, by a warning', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { softmax } = await libraryWith({ SOFTMAX_NATIVE_ISA: 'sse9' });
    softmax([1, 2]);
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("'sse9'"), {
      type: 'SoftmaxNativeWarning',
      code: 'SOFTMAX_NATIVE_ISA',
    });
  });

  test('loading leaves subnormal numbers alone', () => {
    const program = `require('./dist'); Number.MIN_VALUE * 1 === 5e-324 && 2.2250738585072014e-308 / 2 > 0`;
    const root = join(__dirname, '..', '..');
    expect(execFileSync(process.execPath, ['-p', program], { cwd: root, encoding: 'utf8' })).toBe('true\n');
  });
});
