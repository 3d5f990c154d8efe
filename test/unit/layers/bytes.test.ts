// Layers and tables as bytes: what comes back is what was there, and nothing else is taken for it.
import { describe, expect, test } from 'vitest';
import { EmbeddingTable } from '../../../lib/index';
import { thrown } from '../../thrown';
import { cases, normals } from './subjects';

interface Restored {
  readonly name: string;
  readonly of: { toBytes(): Uint8Array };
  readonly restore: (bytes: Uint8Array) => { toBytes(): Uint8Array };
}

const restored: Restored[] = [
  ...cases.map(({ title, make, subject, functions }) => ({
    name: title,
    of: make(),
    restore: (bytes: Uint8Array) => subject.restore(functions, bytes),
  })),
  { name: 'EmbeddingTable', of: new EmbeddingTable({ size: 7, dim: 3, seed: 1 }), restore: EmbeddingTable.fromBytes },
];
const codes = ['ERR_SOFTMAX_TRUNCATED', 'ERR_SOFTMAX_CORRUPTED'];

describe.each(restored)('$name', ({ of, restore }) => {
  const bytes = of.toBytes();

  test('comes back as it was', () => {
    const again = restore(bytes);
    expect(again.toBytes()).toEqual(bytes);
    expect(Object.keys(again)).toEqual(Object.keys(of));
    expect(JSON.stringify(again)).toBe(JSON.stringify(of));
    // Also from within other bytes, at any place.
    const moved = new Uint8Array(bytes.length + 3);
    moved.set(bytes, 3);
    expect(restore(moved.subarray(3)).toBytes()).toEqual(bytes);
  });

  test('bytes that are missing', () => {
    for (let length = 0; length < bytes.length; length += 1) {
      expect(thrown(() => restore(bytes.subarray(0, length)))).toMatchObject({ code: 'ERR_SOFTMAX_TRUNCATED' });
    }
  });

  test('a byte too many', () => {
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(thrown(() => restore(longer))).toMatchObject({ code: 'ERR_SOFTMAX_CORRUPTED' });
  });

  test('any byte changed', () => {
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      expect(codes).toContain((thrown(() => restore(changed)) as { code?: string }).code);
    }
  });

  test('bytes of something else', () => {
    for (const { of: another } of restored) {
      if (another.constructor.name === of.constructor.name) continue;
      expect(thrown(() => restore(another.toBytes()))).toMatchObject({ code: 'ERR_SOFTMAX_CORRUPTED' });
    }
    for (const nothing of [undefined, 'SMNB', [...bytes], bytes.buffer]) {
      expect(thrown(() => restore(nothing as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
  });
});

describe('EmbeddingTable', () => {
  test('is a tensor in shared memory, with small random rows', () => {
    const table = new EmbeddingTable({ size: 50, dim: 20, seed: 3 });
    expect(table).toMatchObject({ size: 50, dim: 20, dims: [50, 20], type: 'float32' });
    expect(table.data.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Math.max(...table.data.map(Math.abs))).toBeLessThan(1 / 40);
    expect(new Set(table.data).size).toBeGreaterThan(990);
    expect(new EmbeddingTable({ size: 50, dim: 20, seed: 3 }).data).toEqual(table.data);
    expect(new EmbeddingTable({ size: 50, dim: 20, seed: 4 }).data).not.toEqual(table.data);
  });

  test('row gives the elements themselves', () => {
    const table = new EmbeddingTable({ size: 4, dim: 3, type: 'float64', data: normals(12) });
    expect(table.row(2)).toEqual(normals(12).subarray(6, 9));
    table.row(2)[0] = 5;
    expect(table.data[6]).toBe(5);
    for (const id of [-1, 4, 0.5, Number.NaN]) {
      expect(thrown(() => table.row(id))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    }
  });

  test('takes shared memory as it is, and copies all else', () => {
    const shared = new Float32Array(new SharedArrayBuffer(24));
    expect(new EmbeddingTable({ size: 2, dim: 3, data: shared }).data).toBe(shared);
    const own = new Float32Array(6);
    const table = new EmbeddingTable({ size: 2, dim: 3, data: { data: own, dims: [2, 3] } });
    expect(table.data).not.toBe(own);
    expect(table.data.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  test.each([
    [{ dim: 3 }, 'ERR_INVALID_ARG_TYPE', 'options.size'],
    [{ size: 0, dim: 3 }, 'ERR_OUT_OF_RANGE', 'options.size'],
    [{ size: 2, dim: 1.5 }, 'ERR_OUT_OF_RANGE', 'options.dim'],
    [{ size: 2, dim: 3, type: 'float16' }, 'ERR_INVALID_ARG_VALUE', 'options.type'],
    [{ size: 2, dim: 3, seed: -1 }, 'ERR_OUT_OF_RANGE', 'seed'],
    [{ size: 2, dim: 3, data: [1] }, 'ERR_SOFTMAX_SHAPE_MISMATCH', 'options.data'],
    [{ size: 2, dim: 3, data: new Float64Array(6) }, 'ERR_INVALID_ARG_TYPE', 'options.data'],
  ])('%j is refused', (options, code, name) => {
    const error = thrown(() => new EmbeddingTable(options as never));
    expect(error).toMatchObject({ code, message: expect.stringContaining(name) });
  });
});
