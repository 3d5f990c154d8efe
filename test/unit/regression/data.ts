// Small problems for the tests of regressions.
import { Rng } from '../../../lib/random/rng';

export interface Problem {
  readonly features: { data: Float64Array; dims: [number, number] };
  readonly labels: number[];
  readonly rows: number;
  readonly width: number;
  readonly classes: number;
}

/** Classes about their own means, which overlap. */
export function problem(seed: number, { rows = 60, width = 4, classes = 3, apart = 1 } = {}): Problem {
  const rng = new Rng(seed);
  const normal = (): number => rng.uniform() + rng.uniform() + rng.uniform() + rng.uniform() - 2;
  const means = Float64Array.from({ length: classes * width }, () => apart * normal());
  const labels = Array.from({ length: rows }, (_, r) => (r < classes ? r : Math.floor(rng.uniform() * classes)));
  const data = Float64Array.from(
    { length: rows * width },
    (_, i) => (means[(labels[Math.floor(i / width)] as number) * width + (i % width)] as number) + normal(),
  );
  return { features: { data, dims: [rows, width] }, labels, rows, width, classes };
}

/** J and its gradient by the definition: coefficients [classes][width], intercept [classes]. */
export function objectiveOf(
  { features: { data }, labels, rows, width, classes }: Problem,
  coefficients: ArrayLike<number>,
  intercept: ArrayLike<number>,
  l2: number,
  weightOf: (row: number) => number = () => 1,
): { value: number; gradient: number[]; total: number } {
  const gradient = Array.from(coefficients, (w) => l2 * w);
  const ofIntercept = new Array<number>(classes).fill(0);
  let value = 0;
  let total = 0;
  for (let i = 0; i < coefficients.length; i += 1) value += (l2 / 2) * (coefficients[i] as number) ** 2;
  for (let r = 0; r < rows; r += 1) {
    const z = Array.from({ length: classes }, (_, c) => {
      let sum = intercept[c] as number;
      for (let k = 0; k < width; k += 1)
        sum += (coefficients[c * width + k] as number) * (data[r * width + k] as number);
      return sum;
    });
    const most = Math.max(...z);
    const exponentials = z.map((x) => Math.exp(x - most));
    const sum = exponentials.reduce((a, b) => a + b, 0);
    const weight = weightOf(r);
    total += weight;
    value -= weight * ((z[labels[r] as number] as number) - most - Math.log(sum));
    exponentials.forEach((e, c) => {
      const g = weight * (e / sum - (c === labels[r] ? 1 : 0));
      ofIntercept[c] = (ofIntercept[c] as number) + g;
      for (let k = 0; k < width; k += 1) {
        gradient[c * width + k] = (gradient[c * width + k] as number) + g * (data[r * width + k] as number);
      }
    });
  }
  return { value, gradient: [...gradient, ...ofIntercept], total };
}
