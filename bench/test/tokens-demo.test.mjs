// The tokens demo keeps its promises, piped, in colour-free text.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const demo = fileURLToPath(new URL('../../examples/tokens/demo.mjs', import.meta.url));
const run = (...words) => spawnSync(process.execPath, [demo, ...words], { encoding: 'utf8' });
const small = ['--tokens=30000', '--epochs=1', '--classes=1200', '--dim=16', '--length=30'];

test('it runs to its end: the same seed, the same text; an acrostic; top-p heeded by one of two', () => {
  const { status, stdout, stderr } = run(...small, '--prompt=The king and');
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.ok(!stdout.includes('\u001b'));
  assert.match(stdout, /\n {2}The king and [^\n]{60,}\n/);
  assert.match(stdout, /again: the same 30 of 30 tokens/);
  const lines = /a word\n([\s\S]*?)\n\n/.exec(stdout)[1].split('\n');
  assert.equal(lines.map((line) => line.trim()[0]).join(''), 'TOKENS');
  for (const line of lines) assert.equal(line.match(/[A-Za-z']+/g).length, 6, line);
  const outside = (name) => Number(new RegExp(`${name} +(\\d+)`).exec(stdout)[1]);
  assert.equal(outside('SampleProcessor'), 0);
  assert.ok(outside('its own sampler') > 100);
});

test('it says what it does not understand', () => {
  assert.match(run('--length=none').stderr, /RangeError: --length must be a number above 0. Received 'none'/);
  assert.match(run('--prompt=...').stderr, /TypeError: --prompt must have a word. Received '...'/);
});
