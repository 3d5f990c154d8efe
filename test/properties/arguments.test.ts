// Arguments of every kind, thrown together: each call gives a result of the right form or one of the published errors,
// and never takes the process down. SOFTMAX_NATIVE_RUNS sets how many (before a release: 100000).
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { libraries, names, untyped } from '../libraries';
import { seed } from '../seed';

const runs = Number(process.env.SOFTMAX_NATIVE_RUNS ?? 5000);

const codes = [
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_OUT_OF_RANGE',
  'ERR_SOFTMAX_SHAPE_MISMATCH',
  'ERR_SOFTMAX_DETACHED',
  'ERR_SOFTMAX_OVERLAP',
  'ERR_SOFTMAX_NON_FINITE',
];

const number = fc.oneof(fc.double(), fc.integer({ min: -4, max: 4 }), fc.constantFrom(Infinity, -Infinity, NaN, -0));
const length = fc.oneof(fc.constant(4), fc.integer({ min: 0, max: 12 }));

// Views of three pools, so that some overlap, at any offset of whole elements.
const pools = { plain: new ArrayBuffer(512), shared: new SharedArrayBuffer(512), resizable: createResizable(512) };

function createResizable(bytes: number): ArrayBuffer {
  const options: unknown = { maxByteLength: 1024 };
  return Reflect.construct(ArrayBuffer, [bytes, options]);
}

const kinds = [Float32Array, Float64Array, Uint8Array, Int32Array, Uint16Array, BigInt64Array] as const;

const view = fc
  .record({
    Elements: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(Float32Array, Float64Array) },
      { weight: 1, arbitrary: fc.constantFrom(...kinds) },
    ),
    pool: fc.constantFrom(...(Object.keys(pools) as (keyof typeof pools)[])),
    offset: fc.integer({ min: 0, max: 8 }),
    length,
  })
  .map(({ Elements, pool, offset, length }) => {
    const buffer = pools[pool] as ArrayBuffer;
    return new Elements(buffer, offset * Elements.BYTES_PER_ELEMENT, length);
  });

const detached = fc.constant(0).map(() => {
  const array = Float32Array.of(1, 2, 3);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
});

const fresh = fc.array(number, { maxLength: 12 }).map((values) => Float64Array.from(values));
const odd = fc.constantFrom<unknown>(
  null,
  undefined,
  5,
  'text',
  Symbol('s'),
  1n,
  {},
  [],
  () => 1,
  new DataView(pools.plain),
);
const array = fc.oneof(
  { weight: 6, arbitrary: view as fc.Arbitrary<unknown> },
  { weight: 4, arbitrary: fresh },
  { weight: 3, arbitrary: fc.array(number, { maxLength: 12 }) },
  { weight: 1, arbitrary: detached },
  { weight: 1, arbitrary: odd },
  { weight: 1, arbitrary: fresh.map((data) => new Proxy(data, {})) },
);

const dims = fc.array(
  fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 4 }) }, { weight: 1, arbitrary: number }),
  {
    maxLength: 4,
  },
);
/** A tensor whose dims fit, more often than chance would have it. */
const fitting = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }), fc.boolean())
  .map(([shape, wide]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return { data: wide ? new Float64Array(size).fill(1) : new Float32Array(size).fill(2), dims: shape };
  });
const argument = fc.oneof(array, fitting, fc.record({ data: array, dims }));

const good = {
  beta: fc.record({ beta: number }),
  axis: fc.record({ axis: fc.integer({ min: -2, max: 1 }) }),
  axes: fc.record({ axis: fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 3 }) }),
  mask: fc.record({ mask: fc.array(fc.constantFrom(0, 1), { maxLength: 12 }).map((m) => Uint8Array.from(m)) }),
  rule: fc.record({ nonFinite: fc.constantFrom('limit', 'ieee', 'throw') }),
  ties: fc.record({ ties: fc.constantFrom('first', 'split') }),
  flags: fc.record({ keepDims: fc.boolean(), returnSign: fc.boolean() }),
  out: fc.record({ out: argument }),
};

const bad = {
  beta: fc.record({ beta: odd }),
  scale: fc.record({ temperature: number, base: number }, { requiredKeys: [] }),
  axis: fc.record({ axis: odd }),
  mask: fc.record({ mask: argument }),
  weights: fc.record({ weights: argument }),
  flags: fc.record({ keepDims: odd, ties: odd, nonFinite: odd }, { requiredKeys: [] }),
};

/** Up to three of them: with more, hardly a call would get to the kernels. */
const options = fc
  .array(
    fc.oneof<fc.MaybeWeightedArbitrary<object>[]>(
      { weight: 5, arbitrary: fc.oneof(...Object.values<fc.Arbitrary<object>>(good)) },
      { weight: 1, arbitrary: fc.oneof(...Object.values<fc.Arbitrary<object>>(bad)) },
    ),
    { maxLength: 3 },
  )
  .map((parts) => Object.assign({}, ...parts) as object);

/** Logits and out of one type and length, in one pool: apart, the same, or overlapping. */
const neighbours = fc
  .record({ from: fc.integer({ min: 0, max: 8 }), to: fc.integer({ min: 0, max: 8 }), more: options })
  .map(({ from, to, more }) => {
    const region = (offset: number) => new Float64Array(pools.plain, offset * 8, 4);
    return [region(from) as unknown, { ...more, out: region(to) } as object | undefined] as const;
  });

const calls = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(argument, fc.option(options, { nil: undefined })) },
  { weight: 1, arbitrary: neighbours },
);

const values = Array.from({ length: 64 }, (_, i) => [0, -1, 2.5, NaN, 3, Infinity, -2][i % 7] as number);

test.each(libraries)('%s: a result or a published error, whatever the arguments', (_, functions) => {
  const seen = { results: 0, errors: new Set<string>() };
  fc.assert(
    fc.property(fc.constantFrom(...names), calls, (name, [logits, given]) => {
      for (const buffer of [pools.plain, pools.shared, pools.resizable])
        new Float64Array(buffer as ArrayBuffer).set(values);
      try {
        const result = untyped(functions, name)(logits, given) as { value?: unknown };
        expect(['number', 'object']).toContain(typeof (result.value ?? result));
        seen.results += 1;
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === undefined) throw error;
        expect(codes).toContain(code);
        seen.errors.add(code);
      }
    }),
    { seed, numRuns: runs },
  );
  expect(seen.results).toBeGreaterThan(runs / 20);
  expect([...seen.errors].sort()).toEqual([...codes].sort());
});
