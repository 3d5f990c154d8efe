// Each error code is documented, and thrown in some test.
import { describe, expect, test } from 'vitest';
import { files, read } from './tree';

const union = read('lib/errors.ts').match(/export type ErrorCode =((?:\s*\|\s*'\w+')+);/)?.[1] ?? '';
const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code as string);

const readme = read('README.md');
const tests = files('test', /\.ts$/)
  .filter((path) => !path.startsWith('test/architecture/'))
  .map(read)
  .join('\n');

describe('error codes', () => {
  test('are known here', () => {
    expect(codes.length).toBeGreaterThan(5);
  });

  test.each(codes)('%s has a row in the README', (code) => {
    expect(readme).toMatch(new RegExp(`^\\| \`${code}\` \\|`, 'm'));
  });

  test.each(codes)('%s is thrown in a test', (code) => {
    expect(tests).toContain(code);
  });

  test('the README names no other', () => {
    const named = [...readme.matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code as string);
    expect(named.filter((code) => !codes.includes(code))).toEqual([]);
  });
});
