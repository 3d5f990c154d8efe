// Queries, keys and values for the tests of attention, and what is done to them.
import { createRandom } from '../seed';

export interface Floats<Data extends Float32Array | Float64Array = Float32Array | Float64Array> {
  readonly data: Data;
  readonly dims: readonly number[];
}

export const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Numbers of about standard normal distribution. */
export function normal(
  kind: typeof Float32Array | typeof Float64Array,
  dims: readonly number[],
  stream: number,
): Floats {
  const random = createRandom(stream);
  const draw = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const data = new kind(sizeOf(dims));
  for (let i = 0; i < data.length; i += 1) data[i] = draw();
  return { data, dims };
}

export const f64 = (dims: readonly number[], ...values: number[]): Floats<Float64Array> => ({
  data: Float64Array.from(values),
  dims,
});

export const bytes = (dims: readonly number[], ...values: number[]) => ({ data: Uint8Array.from(values), dims });

/** The heads of [batch, heads, n, d], each `times` times one after the other. */
export function repeatHeads({ data, dims }: Floats, times: number): Floats {
  const [batch, heads, n, d] = dims as [number, number, number, number];
  const repeated = new Float64Array(data.length * times);
  for (let i = 0; i < repeated.length; i += 1) {
    const head = Math.floor(i / (n * d));
    repeated[i] = data[Math.floor(head / times) * n * d + (i % (n * d))] as number;
  }
  const own = data instanceof Float32Array ? new Float32Array(repeated) : repeated;
  return { data: own, dims: [batch, heads * times, n, d] };
}

/** The greatest |a - b| / (|b| + floor), Infinity where one is NaN or infinite and the other is not that. */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>, floor = 1): number {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i += 1) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (Object.is(x, y) || x === y) continue;
    const error = Math.abs(x - y) / (Math.abs(y) + floor);
    most = Number.isNaN(error) || !Number.isFinite(x) || !Number.isFinite(y) ? Infinity : Math.max(most, error);
  }
  return most;
}
