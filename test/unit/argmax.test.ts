// Which index, and which ones: argmax and hardmax.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const inf = Infinity;

describe.each(libraries)('%s', (_, { argmax, hardmax }) => {
  test.each<[z: number[], options: { beta?: number; mask?: Uint8Array }, index: number]>([
    [[1, 3, 3], {}, 1],
    [[3, 1, 3], {}, 0],
    [[0, -0], {}, 0],
    [[-0, 0], {}, 0],
    [[1, inf, inf], {}, 1],
    [[-inf, -inf], {}, 0],
    [[-inf, -5], {}, 1],
    [[1, NaN, 9, NaN], {}, 1],
    [[inf, NaN], {}, 1],
    [[2, 1, 1], { beta: -1 }, 1],
    [[2, -inf], { beta: -0.001 }, 1],
    [[inf, inf], { beta: -1 }, 0],
    [[7, 9], { beta: 0 }, 0],
    [[-inf, 9], { beta: 0 }, 1],
    [[9, inf], { beta: 0 }, 1],
    [[7, 9], { beta: inf }, 1],
    [[7, 9], { beta: -inf }, 0],
    [[9, 1, 5], { mask: Uint8Array.of(0, 1, 1) }, 2],
    [[NaN, 1, 5], { mask: Uint8Array.of(0, 1, 1) }, 2],
    [[9, -inf, 5], { mask: Uint8Array.of(0, 1, 0) }, 1],
    [[9, 1, 5], { mask: Uint8Array.of(0, 0, 0) }, -1],
    [[NaN], {}, 0],
  ])('argmax of %j with %j is %d', (z, options, index) => {
    expect(argmax(z, options)).toBe(index);
    expect(argmax(Float32Array.from(z), options)).toBe(index);
    const long = Float32Array.of(...z, ...new Array<number>(90).fill(options.beta && options.beta < 0 ? inf : -inf));
    const mask = options.mask && Uint8Array.of(...options.mask, ...new Array<number>(90).fill(0));
    if (options.mask || z.some(Number.isFinite)) expect(argmax(long, { ...options, mask })).toBe(index);
    expect(argmax(z, { ...options, nonFinite: 'ieee' })).toBe(index);
  });

  test.each<[z: number[], options: { beta?: number; mask?: Uint8Array }, first: number[], split: number[]]>([
    [[1, 3, 3], {}, [0, 1, 0], [0, 0.5, 0.5]],
    [[1, 3, 2], {}, [0, 1, 0], [0, 1, 0]],
    [[2, 1, 1], { beta: -4 }, [0, 1, 0], [0, 0.5, 0.5]],
    [[inf, 1, inf], {}, [1, 0, 0], [0.5, 0, 0.5]],
    [[-inf, -inf, -inf], {}, [0, 0, 0], [0, 0, 0]],
    [[5, 6, -inf], { beta: 0 }, [1, 0, 0], [0.5, 0.5, 0]],
    [[1, NaN, 2], {}, [NaN, NaN, NaN], [NaN, NaN, NaN]],
    [[9, NaN, 2], { mask: Uint8Array.of(1, 0, 1) }, [1, 0, 0], [1, 0, 0]],
    [[9, 9, 9], { mask: Uint8Array.of(0, 1, 1) }, [0, 1, 0], [0, 0.5, 0.5]],
    [[9, 9, 9], { mask: Uint8Array.of(0, 0, 0) }, [0, 0, 0], [0, 0, 0]],
  ])('hardmax of %j with %j', (z, options, first, split) => {
    for (const Elements of [Float32Array, Float64Array]) {
      expect([...hardmax(Elements.from(z), options)]).toEqual(first);
      expect([...hardmax(Elements.from(z), { ...options, ties: 'first' })]).toEqual(first);
      expect([...hardmax(Elements.from(z), { ...options, ties: 'split' })]).toEqual(split);
    }
  });

  test('indices of rows, with and without the axis', () => {
    const logits = { data: Float32Array.of(1, 9, 2, 8, 3, 4), dims: [2, 3] };
    expect(argmax(logits)).toEqual({ data: Int32Array.of(1, 0), dims: [2], type: 'int32' });
    expect(argmax(logits, { axis: 0, keepDims: true })).toEqual({
      data: Int32Array.of(1, 0, 1),
      dims: [1, 3],
      type: 'int32',
    });
  });
});
