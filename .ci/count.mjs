// Sums up what the runners reported: node count.mjs FOLDER [FAILED_STEP...], where a step is known by its report. A failed
// step that reports no failed test counts as one. Ends with 1 if anything failed.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...failedSteps] = process.argv.slice(2);
const counts = { passed: 0, failed: 0 };
const explained = new Set();

function report(name, count) {
  const path = join(folder, name);
  const { passed, failed } = existsSync(path) ? count(readFileSync(path, 'utf8')) : { passed: 0, failed: 0 };
  console.log(`${name}: ${passed} passed, ${failed} failed`);
  counts.passed += passed;
  counts.failed += failed;
  if (failed > 0) explained.add(name);
}

const number = (text, pattern) => Number(text.match(pattern)?.[1] ?? 0);

report('vitest.json', (text) => {
  const { numPassedTests, numFailedTests } = JSON.parse(text);
  return { passed: numPassedTests, failed: numFailedTests };
});
for (const name of ['ctest.xml', 'fuzz.xml']) {
  report(name, (text) => {
    const failed = number(text, /\bfailures="(\d+)"/);
    const skipped = number(text, /\bskipped="(\d+)"/) + number(text, /\bdisabled="(\d+)"/);
    return { passed: number(text, /\btests="(\d+)"/) - failed - skipped, failed };
  });
}
report('peers.tap', (text) => ({ passed: number(text, /^# pass (\d+)$/m), failed: number(text, /^# fail (\d+)$/m) }));

for (const step of failedSteps.filter((name) => !explained.has(name))) {
  console.log(`${step}: the step failed`);
  counts.failed += 1;
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;
