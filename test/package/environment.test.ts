// The installed package in processes that differ: with and without a binary, each instruction set, several threads.
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answer, type Installation, install, node } from './installation';

let installed: Installation;
let binary: string;
beforeAll(() => {
  installed = install();
  const prebuilds = join(installed.folder, 'node_modules', 'softmax-native', 'prebuilds');
  binary = join(prebuilds, readdirSync(prebuilds)[0] as string, 'softmax_native.node');
}, 60_000);
afterAll(() => installed.remove());

// A row that every instruction set must answer with the same bits.
const bits = `
  const { softmax, logSumExp, backend } = require('softmax-native');
  const row = Float32Array.from({ length: 1001 }, (_, i) => 9 * Math.sin(i * i));
  const bits = () => [Buffer.from(softmax(row).buffer).toString('base64'), logSumExp(row)];`;

describe('loading', () => {
  test('writes nothing', () => {
    expect(node(installed.folder, `require('softmax-native')`)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('leaves the arithmetic of JavaScript as it is', () => {
    const code = `
      require('softmax-native').softmax(new Float32Array(1000));
      let smallest = Number.MIN_VALUE, normal = 2.2250738585072014e-308;
      print([smallest * 1, normal / 2, Math.exp(-740), 1 / 3, parseFloat('1e23')]);`;
    expect(answer(installed.folder, code)).toEqual([
      5e-324, 1.1125369292536007e-308, 4.199558e-322, 0.3333333333333333, 1e23,
    ]);
  });

  test('leaves the process as it is', () => {
    const code = `
      const look = () => JSON.stringify([process.report.excludeNetwork, process.report.directory, Object.keys(process.env),
        process.eventNames(), Object.getOwnPropertyNames(globalThis), process.title]);
      const before = look();
      require('softmax-native').softmax([1, 2]);
      print(before === look());`;
    expect(answer(installed.folder, code)).toBe(true);
  });

  test('uses the prebuilt binary', () => {
    const { kind, reason } = answer<{ kind: string; reason?: string }>(
      installed.folder,
      `const { kind, reason } = require('softmax-native').backend; print({ kind, reason });`,
    );
    expect(kind).not.toBe('typescript');
    expect(reason).toBeUndefined();
  });
});

describe('without a binary', () => {
  const look = `
    const { softmax, backend } = require('softmax-native');
    print({ kind: backend.kind, threads: backend.threads, reason: backend.reason, result: [...softmax([0, 0])] });`;
  interface Look {
    kind: string;
    threads: number;
    reason: string;
    result: number[];
  }

  test('TypeScript computes, and the reason says what was looked for', () => {
    const aside = `${binary}.aside`;
    copyFileSync(binary, aside);
    rmSync(binary);
    try {
      const { kind, threads, reason, result } = answer<Look>(installed.folder, look);
      expect({ kind, threads, result }).toEqual({ kind: 'typescript', threads: 1, result: [0.5, 0.5] });
      expect(reason).toContain(binary);
      expect(reason).toContain('not found');
    } finally {
      copyFileSync(aside, binary);
      rmSync(aside);
    }
  });

  test('a file that is no binary is told, not passed over', () => {
    const broken = join(installed.folder, 'broken.node');
    writeFileSync(broken, 'not a binary');
    const { kind, reason } = answer<Look>(installed.folder, look, { SOFTMAX_NATIVE_BINARY: broken });
    expect(kind).toBe('typescript');
    expect(reason).toContain(broken);
    expect(reason).not.toContain('not found');
  });

  test('SOFTMAX_NATIVE_REQUIRE=1 makes it an error that lists paths and remedies', () => {
    const code = `
      try { require('softmax-native'); } catch (error) { print({ name: error.name, code: error.code, message: error.message }); }`;
    const missing = join(installed.folder, 'missing.node');
    const error = answer<{ name: string; code: string; message: string }>(installed.folder, code, {
      SOFTMAX_NATIVE_BINARY: missing,
      SOFTMAX_NATIVE_REQUIRE: '1',
    });
    expect(error).toMatchObject({ name: 'Error', code: 'ERR_SOFTMAX_NATIVE_LOAD' });
    expect(error.message).toContain(`${process.platform}-${process.arch}`);
    expect(error.message).toContain(`${missing}: not found`);
    expect(error.message).toMatch(/Remedies:\n( {2}- .*\n?){1,3}$/);
  });

  test('SOFTMAX_NATIVE_REQUIRE=1 with a binary changes nothing', () => {
    expect(answer<Look>(installed.folder, look, { SOFTMAX_NATIVE_REQUIRE: '1' }).kind).not.toBe('typescript');
  });
});

describe('SOFTMAX_NATIVE_ISA', () => {
  const all = () => answer<string[]>(installed.folder, `print(require(${JSON.stringify(binary)}).isas())`);

  test('forces each instruction set, with the same bits', () => {
    const names = all();
    expect(names).toContain('scalar');
    expect(names).toContain('emulated');
    const results = names.map((isa) => {
      const code = `${bits} print([backend.kind, ...bits()]);`;
      const [kind, ...result] = answer<unknown[]>(installed.folder, code, { SOFTMAX_NATIVE_ISA: isa });
      expect(kind).toBe(isa);
      return result;
    });
    for (const result of results) expect(result).toEqual(results[0]);
  });

  test('typescript is one of them', () => {
    const code = `${bits} print([backend.kind, backend.reason]);`;
    const [kind, reason] = answer<string[]>(installed.folder, code, { SOFTMAX_NATIVE_ISA: 'typescript' });
    expect(kind).toBe('typescript');
    expect(reason).toContain('SOFTMAX_NATIVE_ISA');
  });

  test('one that is not there gives a warning with a code, and the best there is', () => {
    const code = `
      process.on('warning', ({ code }) => console.log(code));
      console.log(require('softmax-native').backend.kind);`;
    const env = { SOFTMAX_NATIVE_ISA: 'avx1024' };
    const { status, stdout } = node(installed.folder, code, env, ['--no-warnings']);
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([all()[0], 'SOFTMAX_NATIVE_ISA']);
  });
});

describe('worker threads', () => {
  test('four at once, and the main thread, give the same bits', () => {
    const code = `
      const { Worker, isMainThread, parentPort } = require('node:worker_threads');
      const work = ${JSON.stringify(`${bits} require('node:worker_threads').parentPort.postMessage(bits());`)};
      ${bits}
      const one = () => new Promise((resolve, reject) => {
        new Worker(work, { eval: true }).on('message', resolve).on('error', reject);
      });
      Promise.all([one(), one(), one(), one()]).then((results) => print([bits(), ...results].map(String)));`;
    const results = answer<string[]>(installed.folder, code);
    expect(results).toHaveLength(5);
    expect(new Set(results).size).toBe(1);
  });

  test('a worker that is ended at work, and a process that exits meanwhile, end well', () => {
    const code = `
      const { Worker } = require('node:worker_threads');
      const work = "const { softmax } = require('softmax-native'); const row = new Float32Array(1e6);" +
        "require('node:worker_threads').parentPort.postMessage(0); for (;;) softmax(row, { out: row });";
      const start = () => new Promise((resolve) => {
        const worker = new Worker(work, { eval: true });
        worker.once('message', () => resolve(worker));
      });
      (async () => {
        for (let i = 0; i < 5; i += 1) await (await start()).terminate();
        await start();
        process.exit(0);
      })();`;
    expect(node(installed.folder, code)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });
});
