// Short forms of test/service/arguments.mjs and leaks.mjs.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const run = (...args: string[]) =>
  JSON.parse(execFileSync(process.execPath, ['--expose-gc', ...args], { cwd: __dirname, encoding: 'utf8' }));

test('random argument lists give results or published errors', () => {
  const { lists, results, errors } = run(join(__dirname, 'arguments.mjs'), '2000');
  expect(lists).toBe(2000);
  expect(results).toBeGreaterThan(400);
  expect(Object.keys(errors).length).toBeGreaterThan(5);
}, 120_000);

test('many calls leave nothing behind', () => {
  const { quartersMiB } = run(join(__dirname, 'leaks.mjs'), '30000', '20000');
  expect(Math.min(...quartersMiB)).toBeLessThan(1);
}, 120_000);
