// Linear layers for the tests of linearCrossEntropy, and their logits as anyone would make them.
import { createRandom } from '../seed';

// One type for both: what is said of the results holds for either.
export type Elements = Float64ArrayConstructor;
export const kinds: Elements[] = [Float32Array as unknown as Elements, Float64Array];

export interface Matrix {
  readonly data: Float64Array;
  readonly dims: readonly number[];
}

export interface Layer {
  readonly hidden: Matrix;
  readonly weight: Matrix;
  readonly bias: Float64Array;
  /** Some rows are ignored. */
  readonly target: Int32Array;
  readonly probabilities: Matrix;
}

export function layerOf(rows: number, depth: number, classes: number, kind: Elements, stream = 1): Layer {
  const random = createRandom(stream);
  const matrix = (dims: readonly [number, number], size: number): Matrix => ({
    data: kind.from({ length: dims[0] * dims[1] }, () => (random() * 2 - 1) * size),
    dims,
  });
  const probabilities = matrix([rows, classes], 1);
  for (let row = 0; row < rows; row += 1) {
    const y = probabilities.data.subarray(row * classes, (row + 1) * classes);
    for (let c = 0; c < classes; c += 1) y[c] = random() < 0.3 ? 0 : random();
    const sum = y.reduce((a, b) => a + b, 0) || 1;
    for (let c = 0; c < classes; c += 1) y[c] = (y[c] as number) / sum;
  }
  return {
    hidden: matrix([rows, depth], 1),
    weight: matrix([classes, depth], 2 / Math.sqrt(depth || 1)),
    bias: matrix([1, classes], 1).data,
    target: Int32Array.from({ length: rows }, () => (random() < 0.2 ? -100 : Math.floor(random() * classes))),
    probabilities,
  };
}

/** hidden weight^T + bias in float64. */
export function logitsOf({ hidden, weight, bias }: Layer): Matrix {
  const [rows, depth] = hidden.dims as [number, number];
  const classes = weight.dims[0] as number;
  const data = Float64Array.from({ length: rows * classes }, (_, i) => {
    const [row, c] = [Math.floor(i / classes), i % classes];
    let sum = bias[c] as number;
    for (let k = 0; k < depth; k += 1) {
      sum += (hidden.data[row * depth + k] as number) * (weight.data[c * depth + k] as number);
    }
    return sum;
  });
  return { data, dims: [rows, classes] };
}

/** The three gradients from that of the logits. */
export function chained({ hidden, weight }: Layer, gradient: ArrayLike<number>) {
  const [rows, depth] = hidden.dims as [number, number];
  const classes = weight.dims[0] as number;
  const ofHidden = new Float64Array(rows * depth);
  const ofWeight = new Float64Array(classes * depth);
  const ofBias = new Float64Array(classes);
  for (let row = 0; row < rows; row += 1) {
    for (let c = 0; c < classes; c += 1) {
      const g = gradient[row * classes + c] as number;
      ofBias[c] = (ofBias[c] as number) + g;
      for (let k = 0; k < depth; k += 1) {
        const [h, w] = [row * depth + k, c * depth + k];
        ofHidden[h] = (ofHidden[h] as number) + g * (weight.data[w] as number);
        ofWeight[w] = (ofWeight[w] as number) + g * (hidden.data[h] as number);
      }
    }
  }
  return { hidden: ofHidden, weight: ofWeight, bias: ofBias };
}

export const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i += 1) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (Object.is(x, y) || x === y) continue;
    most = Math.max(most, Number.isNaN(x - y) ? Infinity : Math.abs(x - y));
  }
  return most;
};
