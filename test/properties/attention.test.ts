// Laws of attention that hold for any queries, keys, values and options; the binary beside the reference; and gradients
// beside finite differences.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as library from '../../lib/index';
import * as reference from '../../lib/reference';
import { libraries } from '../libraries';
import { seed } from '../seed';
import { normal, sizeOf, worst } from '../unit/attention-inputs';

fc.configureGlobal({ seed, numRuns: 60 });

const shape = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    keyHeads: fc.integer({ min: 1, max: 2 }),
    group: fc.integer({ min: 1, max: 3 }),
    queries: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 60, max: 70 })),
    keys: fc.oneof(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 60, max: 70 }),
      fc.integer({ min: 250, max: 260 }),
    ),
    depth: fc.integer({ min: 1, max: 20 }),
    width: fc.integer({ min: 1, max: 20 }),
    stream: fc.nat(1000),
  })
  // Long and long takes the reference long.
  .map((s) => (s.queries > 12 && s.keys > 100 ? { ...s, keys: 30 } : s));

const reach = fc.oneof(fc.nat(80), fc.constant(Infinity));
const options = fc.record(
  {
    scale: fc.integer({ min: -20, max: 20 }).map((tenths) => tenths / 10),
    causal: fc.constantFrom(true, false, 'topLeft' as const, 'bottomRight' as const),
    window: fc.oneof(reach, fc.tuple(reach, reach)),
    softcap: fc.double({ min: 0.5, max: 10, noNaN: true }),
    beta: fc.oneof(
      fc.integer({ min: -20, max: 20 }).map((tenths) => tenths / 10),
      fc.constantFrom(0, Infinity, -Infinity),
    ),
    nonFinite: fc.constantFrom('limit' as const, 'ieee' as const),
    mask: fc.constantFrom('whole', 'keys', 'queries', 'heads'),
    bias: fc.constantFrom('whole', 'keys', 'queries', 'heads'),
  },
  { requiredKeys: [] },
);

type Shape = typeof shape extends fc.Arbitrary<infer S> ? S : never;
type Options = typeof options extends fc.Arbitrary<infer O> ? O : never;
type Kind = typeof Float32Array | typeof Float64Array;

/** Everything that a call is given. */
function callOf({ batch, keyHeads, group, queries, keys, depth, width, stream }: Shape, chosen: Options, kind: Kind) {
  const heads = keyHeads * group;
  const dimsOf = {
    whole: [batch, heads, queries, keys],
    keys: [batch, 1, 1, keys],
    queries: [queries, 1],
    heads: [heads, 1, keys],
  };
  const maskDims = chosen.mask && dimsOf[chosen.mask as keyof typeof dimsOf];
  const biasDims = chosen.bias && dimsOf[chosen.bias as keyof typeof dimsOf];
  const noise = maskDims && normal(kind, maskDims, stream + 5);
  return {
    query: normal(kind, [batch, heads, queries, depth], stream),
    key: normal(kind, [batch, keyHeads, keys, depth], stream + 1),
    value: normal(kind, [batch, keyHeads, keys, width], stream + 2),
    direction: normal(kind, [batch, heads, queries, width], stream + 3),
    options: {
      ...chosen,
      mask: noise && { data: Uint8Array.from(noise.data, (x) => (x > -0.8 ? 1 : 0)), dims: noise.dims },
      bias: biasDims && normal(kind, biasDims, stream + 4),
    },
  };
}

/** The greatest magnitude. */
const size = (x: ArrayLike<number>): number =>
  Array.from(x).reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);

describe.each([
  ['float64', Float64Array, 1e-13],
  ['float32', Float32Array, 4e-6],
] as [string, Kind, number][])('the binary beside the reference, %s', (_, kind, tolerance) => {
  test('attention', () => {
    fc.assert(
      fc.property(shape, options, fc.boolean(), (dims, chosen, returnWeights) => {
        const { query, key, value, options } = callOf(dims, chosen, kind);
        // In float32 scores that all but tie are not the reference's ties.
        fc.pre(kind === Float64Array || !(Math.abs(options.beta ?? 1) === Infinity));
        const all = { ...options, returnWeights, returnLogSumExp: true } as const;
        const ours = library.attention(query, key, value, all);
        const theirs = reference.attention(query, key, value, all);
        expect(worst(ours.output.data, theirs.output.data)).toBeLessThan(tolerance);
        expect(worst(ours.logSumExp.data, theirs.logSumExp.data)).toBeLessThan(tolerance);
        if (returnWeights) expect(worst(ours.weights?.data ?? [], theirs.weights?.data ?? [])).toBeLessThan(tolerance);
      }),
    );
  });

  test('attentionVjp, from nothing and from what is known', () => {
    fc.assert(
      fc.property(shape, options, fc.boolean(), (dims, chosen, isKnown) => {
        const { query, key, value, direction, options } = callOf(dims, chosen, kind);
        fc.pre(kind === Float64Array || !(Math.abs(options.beta ?? 1) === Infinity));
        const known = isKnown ? library.attention(query, key, value, { ...options, returnLogSumExp: true }) : {};
        const all = { ...options, ...known, biasGradient: options.bias !== undefined };
        const ours = library.attentionVjp(query, key, value, direction as never, all as object);
        const theirs = reference.attentionVjp(query, key, value, direction as never, all as object);
        for (const name of ['queryGradient', 'keyGradient', 'valueGradient', 'biasGradient'] as const) {
          const [found, wanted] = [ours[name] as unknown as typeof query, theirs[name] as unknown as typeof query];
          if (wanted === undefined) continue;
          expect(found.dims).toEqual(wanted.dims);
          expect(worst(found.data, wanted.data, 1 + size(wanted.data)), name).toBeLessThan(tolerance);
        }
      }),
    );
  });
});

describe.each(libraries)('%s', (_, { attention, attentionVjp }) => {
  test('the output is a mean of values: within their range, and theirs if all are the same', () => {
    fc.assert(
      fc.property(shape, options, (dims, chosen) => {
        const { query, key, value, options } = callOf(dims, { ...chosen, nonFinite: 'limit' }, Float64Array);
        const { output, logSumExp } = attention(query, key, value, { ...options, returnLogSumExp: true });
        const most = size(value.data) * (1 + 1e-12);
        expect(output.data.every((x) => Math.abs(x) <= most)).toBe(true);
        value.data.fill(2);
        const same = attention(query, key, value, options).output.data;
        same.forEach((x, i) => {
          const seen =
            (logSumExp.data[Math.floor(i / dims.width)] as number) > -Infinity ||
            Math.abs(options.beta ?? 1) === Infinity;
          expect(x === 0 || Math.abs(x - 2) < 1e-12).toBe(true);
          if (!seen) expect(x).toBe(0);
        });
      }),
    );
  });

  test('keys in another order, with their values, change nothing', () => {
    fc.assert(
      fc.property(shape, (dims) => {
        const { query, key, value } = callOf(dims, {}, Float64Array);
        const turn = ({ data, dims: [batch, heads, n, d] }: typeof key) => {
          const turned = new Float64Array(data.length);
          const [rows, columns] = [n as number, d as number];
          for (let i = 0; i < data.length; i += 1) {
            const [head, row] = [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows];
            turned[(head * rows + rows - 1 - row) * columns + (i % columns)] = data[i] as number;
          }
          return { data: turned, dims: [batch, heads, n, d] as number[] };
        };
        const turned = attention(query, turn(key), turn(value)).output.data;
        expect(worst(turned, attention(query, key, value).output.data)).toBeLessThan(1e-13);
      }),
    );
  });

  test('gradients are those of finite differences', () => {
    const small = shape.map((s) => ({
      ...s,
      queries: 1 + (s.queries % 5),
      keys: 1 + (s.keys % 7),
      depth: 1 + (s.depth % 3),
      width: 1 + (s.width % 3),
      batch: 1,
    }));
    fc.assert(
      fc.property(small, options, fc.nat(1000), (dims, chosen, place) => {
        const beta = Number.isFinite(chosen.beta ?? 1) ? chosen.beta : 0.7;
        const { query, key, value, direction, options } = callOf(
          dims,
          { ...chosen, ...(beta === undefined ? {} : { beta }), nonFinite: 'limit' },
          Float64Array,
        );
        const bias = options.bias ?? normal(Float64Array, [dims.queries, dims.keys], dims.stream + 6);
        const all = { ...options, bias };
        const loss = () => {
          const { data } = attention(query, key, value, all).output;
          return Array.from(direction.data).reduce((sum, g, i) => sum + g * (data[i] as number), 0);
        };
        const gradients = attentionVjp(query, key, value, direction as never, { ...all, biasGradient: true } as object);
        const step = 1e-5;
        for (const [name, { data }] of Object.entries({ query, key, value, bias })) {
          const at = place % data.length;
          const before = data[at] as number;
          data[at] = before + step;
          const up = loss();
          data[at] = before - step;
          const down = loss();
          data[at] = before;
          const found = (gradients[`${name}Gradient` as keyof typeof gradients] as unknown as typeof query).data[
            at
          ] as number;
          const wanted = (up - down) / (2 * step);
          expect(Math.abs(found - wanted), `${name} ${at}: ${found}, not ${wanted}`).toBeLessThan(
            1e-7 * (1 + Math.abs(wanted)),
          );
        }
      }),
    );
  });

  test('gradients of queries and keys beside those of the values: sum q dq = sum k dk', () => {
    fc.assert(
      fc.property(shape, (dims) => {
        const { query, key, value, direction } = callOf(dims, {}, Float64Array);
        const { queryGradient, keyGradient } = attentionVjp(query, key, value, direction as never);
        const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
          Array.from(a).reduce((sum, x, i) => sum + x * (b[i] as number), 0);
        const [left, right] = [dot(query.data, queryGradient.data), dot(key.data, keyGradient.data)];
        expect(Math.abs(left - right)).toBeLessThan(1e-12 * (1 + sizeOf(query.dims)));
      }),
    );
  });
});
