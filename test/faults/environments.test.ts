// RELIABILITY: several environments at once, contexts of vm, loading twice, no output, exit codes. Each in a process of
// its own, with the library as it was built.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const dist = (file: string) => JSON.stringify(join(__dirname, '..', '..', 'dist', file));

function run(code: string, flags: string[] = []) {
  const begin = `
    const library = require(${dist('index.js')}), promises = require(${dist('promises.js')});
    const z = Float32Array.from({ length: 50000 }, (_, i) => 9 * Math.sin(i * i));
    const bits = (array) => require('node:crypto').createHash('sha1').update(new Uint8Array(array.buffer)).digest('hex');
    const print = (value) => process.stdout.write(JSON.stringify(value));`;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [...flags, '--eval', `${begin}\n${code}`], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect({ signal, stderr }).toEqual({ signal: null, stderr: '' });
  return { status, answer: stdout === '' ? undefined : (JSON.parse(stdout) as unknown) };
}

test('six workers and the main thread with jobs and plain calls at once: the same bits, and all end', () => {
  const work = `
    const { softmax } = require(${dist('promises.js')}), plain = require(${dist('index.js')});
    const z = Float32Array.from({ length: 50000 }, (_, i) => 9 * Math.sin(i * i));
    const sum = (array) => require('node:crypto').createHash('sha1').update(new Uint8Array(array.buffer)).digest('hex');
    const all = Array.from({ length: 50 }, () => softmax(z));
    const now = plain.softmax(z);
    Promise.all(all).then((rows) =>
      require('node:worker_threads').parentPort.postMessage([...new Set([now, ...rows].map(sum))]));`;
  const { status, answer } = run(`
    const { Worker } = require('node:worker_threads');
    const one = () => new Promise((resolve, reject) =>
      new Worker(${JSON.stringify(work)}, { eval: true }).on('message', resolve).on('error', reject));
    const own = Promise.all(Array.from({ length: 50 }, () => promises.softmax(z)));
    Promise.all([own, ...Array.from({ length: 6 }, one)]).then(([rows, ...others]) =>
      print([...new Set([bits(library.softmax(z)), ...rows.map(bits), ...others.flat()])].length));`);
  expect({ status, answer }).toEqual({ status: 0, answer: 1 });
});

test('arrays and functions of another context', () => {
  const { status, answer } = run(`
    const vm = require('node:vm');
    const context = vm.createContext({ library, promises });
    const row = vm.runInContext('z = new Float32Array(50000).fill(1); z', context);
    const call = vm.runInContext('(name) => promises[name](z, { transfer: false })', context);
    Promise.all([call('softmax'), promises.softmax(row)]).then(([a, b]) =>
      print([a[0], b[0], library.softmax(row)[0]]));`);
  expect({ status, answer }).toEqual({ status: 0, answer: Array(3).fill(Math.fround(1 / 50000)) });
});

test('loading twice: both copies compute, also what is in flight meanwhile', () => {
  const { status, answer } = run(`
    const expected = bits(library.softmax(z));
    const pending = promises.softmax(z);
    for (const key of Object.keys(require.cache)) delete require.cache[key];
    const again = require(${dist('index.js')}), promised = require(${dist('promises.js')});
    const all = [pending, promised.softmax(z), promises.softmax(z), again.softmax(z), library.softmax(z)];
    Promise.all(all).then((rows) => print([again !== library, ...rows.map((row) => bits(row) === expected)]));`);
  expect({ status, answer }).toEqual({ status: 0, answer: Array(6).fill(true) });
});

test('a process ends by itself when its jobs are done, and not before', () => {
  const { status, answer } = run(`promises.softmax(z).then((p) => print(p.length));`);
  expect({ status, answer }).toEqual({ status: 0, answer: 50_000 });
});

test('the exit code is that of the program, whatever is in flight', () => {
  expect(run(`for (let i = 0; i < 100; i += 1) promises.softmax(z); process.exit(7);`).status).toBe(7);
  expect(run(`for (let i = 0; i < 100; i += 1) promises.softmax(z); process.exitCode = 5;`).status).toBe(5);
});

test('a rejection that nobody handles ends the process as Node has it', () => {
  const code = `require(${dist('promises.js')}).softmax(new Float32Array(50000).fill(NaN), { nonFinite: 'throw' });`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--eval', code], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('ERR_SOFTMAX_NON_FINITE');
});

test('calls and jobs write nothing, and leave the arithmetic of JavaScript as it is', () => {
  const { answer } = run(`
    const look = () => [2.2250738585072014e-308 / 2, Math.exp(-740), 1 / 3, parseFloat('1e23')];
    const before = look();
    promises.softmax(z).then(() => print([before, look()]));`);
  const [before, after] = answer as [number[], number[]];
  expect(after).toEqual(before);
  expect(before[0]).toBe(1.1125369292536007e-308);
});
