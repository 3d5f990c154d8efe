// Each case of the benchmark in small: its inputs can be made, and all contestants in Node agree.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CASES, completed } from '../cases.mjs';
import { nativeContestants, referenceContestant } from '../contestants/native.mjs';
import { onnxruntimeContestants } from '../contestants/onnxruntime.mjs';
import { plainContestants } from '../contestants/plain.mjs';
import { tfjsContestants } from '../contestants/tfjs.mjs';
import { transformersContestants } from '../contestants/transformers.mjs';
import { exactAnswer, largestError } from '../verify.mjs';

const ALL = [
  nativeContestants,
  plainContestants,
  referenceContestant,
  onnxruntimeContestants,
  tfjsContestants,
  transformersContestants,
];

// Far more than the library's own bounds, which its own tests keep; far less than a wrong formula is off.
const MOST_ULPS = 1000;

// Vectors stay vectors, and lengths are no multiples of any vector register's.
const small = (dims) => dims.map((size, k) => (size === 1 ? 1 : [3, 37, 41][k]));

test('cases have different names', () => {
  const names = CASES.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
});

// Those that differ in nothing but their size become one.
const smallCases = new Map(
  CASES.map((listed) => completed(listed, small(listed.dims))).map((workload) => [workload.name, workload]),
);

for (const [name, workload] of smallCases) {
  test(name, async () => {
    const inputs = workload.steps.inputs(workload);
    const outputs = workload.steps.outputs(workload, inputs);
    const exact = exactAnswer(workload, inputs);
    for (const make of ALL) {
      for (const contestant of [await make(workload, inputs, outputs)].flat()) {
        const results = await contestant.result();
        await contestant.release?.();
        if (contestant.name === 'native') assert.deepEqual(Object.keys(results).sort(), Object.keys(exact).sort());
        const ulps = largestError(`${name}, ${contestant.name}`, results, exact, workload, inputs);
        assert.ok(ulps <= MOST_ULPS, `${contestant.name}: ${ulps} ulps`);
      }
    }
  });
}
