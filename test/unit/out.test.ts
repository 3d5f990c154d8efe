// Where results go: storage of each form, in place, and inputs that are never changed.
import { describe, expect, test } from 'vitest';
import { libraries, names, untyped } from '../libraries';

const values = [1, 2, 4, 0, -1, 3];

describe.each(libraries)('%s', (_, functions) => {
  const { softmax, logSoftmax, hardmax, logSumExp, smoothMax, argmax } = functions;
  const elementwise = { softmax, logSoftmax, hardmax };

  describe.each(Object.entries(elementwise))('%s', (_name, call) => {
    test.each([6, 200])('a vector of %d: out is what is returned, and holds the same as without', (n) => {
      const z = Float32Array.from({ length: n }, (_element, i) => values[i % 6] as number);
      const out = new Float32Array(n);
      expect(call(z, { out })).toBe(out);
      expect(out).toEqual(call(z));
      expect(call(z, { out: z })).toBe(z);
      expect(z).toEqual(out);
    });

    test('numbers go into a Float64Array', () => {
      const out = new Float64Array(6);
      expect(call(values, { out })).toBe(out);
      expect(out).toEqual(call(values));
    });

    test.each([0, 1])('a tensor along axis %d: into a tensor, into a bare array, in place', (axis) => {
      const logits = { data: Float64Array.from(values), dims: [2, 3] };
      const expected = call(logits, { axis });
      const tensor = { data: new Float64Array(6), dims: [2, 3] };
      expect(call(logits, { axis, out: tensor })).toBe(tensor);
      expect(tensor.data).toEqual(expected.data);
      const bare = new Float64Array(6);
      expect(call(logits, { axis, out: bare })).toBe(bare);
      expect(bare).toEqual(expected.data);
      expect(call(logits, { axis, out: logits })).toBe(logits);
      expect(logits.data).toEqual(expected.data);
    });

    test('two views of one region are in place', () => {
      const memory = Float32Array.from([9, ...values, 9]);
      const expected = call(memory.slice(1, 7));
      call(memory.subarray(1, 7), { out: memory.subarray(1, 7) });
      expect(memory).toEqual(Float32Array.of(9, ...expected, 9));
    });

    test('regions of one buffer side by side', () => {
      const memory = new Float32Array(12);
      memory.set(values);
      const expected = call(memory.subarray(0, 6));
      call(memory.subarray(0, 6), { out: memory.subarray(6) });
      expect(memory.subarray(6)).toEqual(expected);
      expect(memory.subarray(0, 6)).toEqual(Float32Array.from(values));
    });
  });

  test('where axes or scale need a copy, in place is right too', () => {
    const create = () => ({ data: Float32Array.from({ length: 24 }, (_element, i) => (i * 7) % 5), dims: [2, 3, 4] });
    for (const options of [{ axis: [0, 2] }, { beta: 1e-30 }, { axis: [0, 2], beta: -1e30 }]) {
      const logits = create();
      const expected = softmax(create(), options);
      softmax(logits, { ...options, out: logits });
      expect(logits.data).toEqual(expected.data);
    }
  });

  test('one number for each row', () => {
    const logits = { data: Float32Array.from(values), dims: [2, 3] };
    const sums = new Float32Array(2);
    expect(logSumExp(logits, { out: sums })).toBe(sums);
    expect(sums).toEqual(logSumExp(logits).data);
    const tensor = { data: new Float32Array(2), dims: [2, 1] };
    expect(smoothMax(logits, { keepDims: true, out: tensor })).toBe(tensor);
    const indices = new Int32Array(2);
    expect(argmax(logits, { out: indices })).toBe(indices);
    expect([...indices]).toEqual([2, 2]);
    const signed = logSumExp(logits, { out: sums, returnSign: true });
    expect(signed).toEqual({ value: sums, sign: { data: Float32Array.of(1, 1), dims: [2], type: 'float32' } });
    const wide = new Float32Array(2);
    expect(logSumExp(logits, { beta: 1e-30, out: wide, returnSign: true }).sign.data).toEqual(Float32Array.of(1, 1));
    expect(wide).toEqual(Float32Array.of(Math.log(3), Math.log(3)));
  });

  test('the number of one vector is also written', () => {
    const out = new Float64Array(1);
    expect(logSumExp([0, 0], { out })).toBe(Math.LN2);
    expect(out[0]).toBe(Math.LN2);
    const index = { data: new Int32Array(1), dims: [] };
    expect(argmax([1, 5, 2], { out: index })).toBe(1);
    expect(index.data[0]).toBe(1);
  });

  test('rows of one element may be their own result', () => {
    const logits = { data: Float64Array.of(1, 2, 3), dims: [3, 1] };
    expect(logSumExp(logits, { out: logits.data, beta: 2 })).toBe(logits.data);
    expect([...logits.data]).toEqual([2, 4, 6]);
  });

  test.each(names)('%s never changes its inputs', (name) => {
    const call = untyped(functions, name);
    for (const n of [3, 100]) {
      const z = Float32Array.from({ length: n * 2 }, (_element, i) => values[i % 6] as number);
      const mask = Uint8Array.from({ length: n * 2 }, (_element, i) => i % 4);
      const weights = Float64Array.from(z);
      const copies = [z.slice(), mask.slice(), weights.slice()];
      call(z, {});
      call({ data: z, dims: Object.freeze([2, n]) }, Object.freeze({ axis: 0, mask, weights, beta: -3 }));
      expect([z, mask, weights]).toEqual(copies);
    }
  });

  test('results are of their own: nothing is shared with the arguments', () => {
    const logits = { data: Float64Array.from(values), dims: [2, 3] };
    const p = softmax(logits);
    expect(p.data.buffer).not.toBe(logits.data.buffer);
    expect(p.dims).not.toBe(logits.dims);
    expect(p.dims).toEqual([2, 3]);
  });
});
