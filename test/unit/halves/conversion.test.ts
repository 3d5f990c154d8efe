// From and to floats of 16 bits, element by element: all that there are.
import { describe, expect, test } from 'vitest';
import { narrow, widened } from '../../../lib/operations/halves';
import { createRandom } from '../../seed';
import { halfTypes, nearest, valueOf } from './elements';

const random = createRandom();
const everyPattern = Uint16Array.from({ length: 0x10000 }, (_, pattern) => pattern);

describe.each(halfTypes)('$type', (half) => {
  const rounded = (values: Float32Array): Uint16Array => {
    const out = new Uint16Array(values.length);
    narrow(half.type, values, out);
    return out;
  };

  test('every pattern is widened to its value', () => {
    const wide = widened(half.type, everyPattern) as Float32Array;
    const wrong = [...everyPattern].filter((pattern) => !Object.is(wide[pattern], valueOf(pattern, half)));
    expect(wrong).toEqual([]);
  });

  test('every value is rounded to its pattern, NaN to a NaN of its sign', () => {
    const wide = widened(half.type, everyPattern) as Float32Array;
    const back = rounded(wide);
    const wrong = [...everyPattern].filter((pattern) => {
      const found = back[pattern] as number;
      return Number.isNaN(wide[pattern]) ? !Number.isNaN(valueOf(found, half)) : found !== pattern;
    });
    expect(wrong).toEqual([]);
  });

  test('what lies between is rounded to the nearest, halfway to the even one, beyond the greatest to infinity', () => {
    const between = [...everyPattern.subarray(0, 0x7fff)].flatMap((pattern) => {
      const [low, high] = [valueOf(pattern, half), valueOf(pattern + 1, half)];
      if (!Number.isFinite(high)) return [];
      const middle = Math.fround((low + high) / 2);
      // The neighbours of the middle among float32, and of bfloat16's subnormals: there float32 has a finer grid, too.
      const step = Math.max(2 ** -149, (high - low) * 2 ** -12);
      return [middle, Math.fround(middle - step), Math.fround(middle + step)].flatMap((value) => [value, -value]);
    });
    const greatest = valueOf(half.type === 'float16' ? 0x7bff : 0x7f7f, half);
    const ulp = greatest - valueOf(half.type === 'float16' ? 0x7bfe : 0x7f7e, half);
    const around = [greatest + ulp / 4, greatest + ulp / 2, greatest + 0.75 * ulp, greatest + ulp].map(Math.fround);
    const scattered = Array.from({ length: 20_000 }, () => (random() - 0.5) * 2 ** Math.floor(random() * 60 - 40));
    const values = Float32Array.from([...between, ...around, ...around.map((value) => -value), ...scattered, Infinity]);
    const found = rounded(values);
    const wrong = [...values].filter((value, i) => found[i] !== nearest(value, half));
    expect(wrong).toEqual([]);
  });
});
