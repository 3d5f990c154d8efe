// The tensors of the two packages most users have: passed as they are, with the real packages.
//   npm ci --ignore-scripts && npm test      (in bench/, after the library is built)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tensor as TransformersTensor } from '@huggingface/transformers';
import { Tensor as OnnxTensor } from 'onnxruntime-node';
import { native, reference } from '../library.mjs';

const PACKAGES = { 'onnxruntime-node': OnnxTensor, 'transformers.js': TransformersTensor };
const ROWS = [1, 2, 3, -Infinity, 0, 0.5];
const DIMS = [2, 3];

// From the definition, with 40 digits: e^1, e^2, e^3 over their sum; e^0 and e^0.5 over theirs.
const EXPECTED = [
  0.0900305731703804579, 0.244728471054797652, 0.665240955774821889, 0, 0.377540668798145435, 0.622459331201854565,
];
const LOG_SUM_EXP = [3.4076059644443803, 0.974076984180106681];

// Four units in the last place: the bound on softmax of so few logits as close together as these.
const TOLERANCES = { float32: 4 * 2 ** -23, float64: 4 * 2 ** -52 };

function near(actual, expected, relative) {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i] - value) <= relative * Math.abs(value), `element ${i}: ${actual[i]} and ${value}`);
  });
}

for (const [name, Tensor] of Object.entries(PACKAGES)) {
  for (const [kind, library] of Object.entries({ [native.backend.kind]: native, reference })) {
    const tensorOf = (type) => new Tensor(type, (type === 'float64' ? Float64Array : Float32Array).from(ROWS), DIMS);

    for (const [type, relative] of Object.entries(TOLERANCES)) {
      test(`${name}, ${type}, ${kind}: tensor in, tensor out`, () => {
        const logits = tensorOf(type);
        const result = library.softmax(logits);
        assert.deepEqual([...result.dims], DIMS);
        assert.equal(result.type, type);
        assert.equal(result.data.constructor, logits.data.constructor);
        near(result.data, EXPECTED, relative);
        assert.deepEqual([...logits.data], ROWS, 'the input is left as it was');

        // What comes out can go back in: it has what the package's own constructor asks for.
        const again = new Tensor(result.type, result.data, result.dims);
        near(again.data, EXPECTED, relative);
      });

      test(`${name}, ${type}, ${kind}: logSumExp and argmax keep the other dimensions`, () => {
        const sums = library.logSumExp(tensorOf(type));
        assert.deepEqual([...sums.dims], [2]);
        near(sums.data, LOG_SUM_EXP, relative);
        const indices = library.argmax(tensorOf(type));
        assert.deepEqual([...indices.dims], [2]);
        assert.deepEqual([...indices.data], [2, 2]);
      });
    }

    test(`${name}, ${kind}: a tensor as out, and in place`, () => {
      const logits = tensorOf('float32');
      const out = new Tensor('float32', new Float32Array(6), DIMS);
      assert.equal(library.softmax(logits, { out }), out);
      near(out.data, EXPECTED, TOLERANCES.float32);
      assert.equal(library.softmax(logits, { out: logits }), logits);
      near(logits.data, EXPECTED, TOLERANCES.float32);
    });

    test(`${name}, ${kind}: a bool tensor as mask`, () => {
      const mask = new Tensor('bool', Uint8Array.from([0, 1, 1]), [1, 3]);
      const result = library.softmax(new Tensor('float32', Float32Array.from([9, 0, 0.5, 9, 0.5, 0]), DIMS), { mask });
      near(result.data, [0, EXPECTED[4], EXPECTED[5], 0, EXPECTED[5], EXPECTED[4]], TOLERANCES.float32);
    });

    test(`${name}, ${kind}: a tensor of integers is refused`, () => {
      const integers = new Tensor('int32', Int32Array.from([1, 2]), [2]);
      assert.throws(() => library.softmax(integers), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    });
  }
}
