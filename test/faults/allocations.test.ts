// Whatever the binary asks for is refused in turn, once and from then on: memory, threads, references to arrays. Each time
// an error with a code, storage as it was, nothing kept, and the next call computes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { binary } from '../architecture/build';
import { hasCompiler, linkFailing } from './failing.mjs';

interface Control {
  /** The nth call from now on fails, and if `forEver` all later ones; 0 = none. */
  failAt(n: number, forEver: boolean): void;
  /** Since then. */
  asked(): number;
  /** Blocks and references that have not come back. */
  held(): number;
}

describe.runIf(hasCompiler())('each allocation refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'softmax-native-failing-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let control: Control;

  beforeAll(() => {
    const linked = linkFailing(process.env.SOFTMAX_NATIVE_TEST_BUILD ?? join(binary, '..', '..'), folder);
    control = createRequire(__filename)(linked.control) as Control;
    process.env.SOFTMAX_NATIVE_BINARY = linked.binary;
  }, 60_000);

  test('in new environments: loading, the first job, its threads', () => {
    const program = join(__dirname, 'allocations.mjs');
    const env = { ...process.env, SOFTMAX_NATIVE_REQUIRE: '0', SOFTMAX_NATIVE_BINARY: '' };
    const seen = JSON.parse(execFileSync(process.execPath, [program, folder], { encoding: 'utf8', env }));
    expect(seen.failures).toEqual([]);
    expect(seen.cases).toBeGreaterThan(60);
    expect(seen.outcomes.refused).toBeGreaterThan(10);
  }, 300_000);

  // Memory for jobs is kept for the next one: what is held is compared when there has been one.
  test.each(['plain', 'promise'])(
    'every function, %s',
    async (title) => {
      const { bitsOf, errorOf, placesOf, subjects, ways } = await import('./subjects');
      const library = await import('../../lib/index');
      expect(library.backend.kind).not.toBe('typescript');
      library.setThreads(2);
      // All threads there will be.
      const promises = await import('../../lib/promises');
      await Promise.all(Array.from({ length: 20 }, () => promises.softmax(new Float32Array(200_000))));
      const [, call] = ways.find(([way]) => way === title) as (typeof ways)[number];
      let refusals = 0;
      for (const subject of subjects) {
        const run = (args: unknown[]) => errorOf(() => call(subject.name)(...args));
        const stored = (args: unknown[]) => bitsOf(placesOf(subject, args).map(({ array }) => array));
        const computed = subject.create();
        expect(await run(computed), subject.name).toBeUndefined();
        const [wanted, untouched] = [stored(computed), stored(subject.create())];
        const held = control.held();
        for (const forEver of [false, true]) {
          for (let n = 1; ; n += 1) {
            const args = subject.create();
            control.failAt(n, forEver);
            const error = await run(args);
            const asked = control.asked();
            control.failAt(0, false);
            const which = `${subject.title}: ${n} of ${asked}, ${forEver ? 'and all later ones' : 'alone'}`;
            // Fewer threads than wished are no error.
            if (error === undefined) expect(stored(args) === wanted, which).toBe(true);
            else {
              refusals += 1;
              expect(error, which).toBeInstanceOf(RangeError);
              expect(error.code, which).toBe('ERR_MEMORY_ALLOCATION_FAILED');
              expect(stored(args) === untouched, which).toBe(true);
            }
            expect(control.held(), which).toBeLessThanOrEqual(held);
            if (asked < n) break;
          }
        }
        const again = subject.create();
        expect(await run(again), subject.name).toBeUndefined();
        expect(stored(again) === wanted, subject.title).toBe(true);
        expect(control.held(), subject.title).toBe(held);
      }
      expect(refusals).toBeGreaterThan(subjects.length);
    },
    120_000,
  );
});
