// A short form of test/service/cycles.mjs.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const run = (kind: string, cycles: number) =>
  JSON.parse(
    execFileSync(process.execPath, [join(__dirname, 'cycles.mjs'), kind, String(cycles)], { encoding: 'utf8' }),
  );

test('workers terminated in the middle of jobs', () => {
  expect(run('terminate', 20)).toMatchObject({ cycles: 20, failures: 0 });
}, 60_000);

test('processes that exit in the middle of jobs', () => {
  expect(run('exit', 8)).toEqual({ cycles: 8, failures: 0 });
}, 60_000);
