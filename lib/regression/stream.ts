// Learning from batches: AdaGrad, and the average of its steps (see SoftmaxRegression).
import type { Evaluation } from '../optimization/search';

/** Never changed: each step makes another one. */
export interface Stream {
  readonly steps: number;
  readonly rows: number;
  /** The sum of the weights of the rows. */
  readonly totalWeight: number;
  /** Where the steps have led, and their average. */
  readonly point: Float64Array;
  readonly average: Float64Array;
  /** The sums of the squares of the gradients. */
  readonly squares: Float64Array;
}

export const streamFrom = (point: Float64Array): Stream => ({
  steps: 0,
  rows: 0,
  totalWeight: 0,
  point,
  average: point,
  squares: new Float64Array(point.length),
});

/** eta of Shamir and Zhang: the larger, the more the last steps count. */
const lateness = 3;

interface BatchStep {
  readonly rows: number;
  readonly totalWeight: number;
  /** How many of the parameters, the first ones, are penalised. */
  readonly coefficients: number;
  readonly l2: number;
  readonly learningRate: number;
}

export function stepped(stream: Stream, { gradient }: Evaluation, batch: BatchStep): Stream {
  const steps = stream.steps + 1;
  const totalWeight = stream.totalWeight + batch.totalWeight;
  const point = stream.point.slice();
  const average = stream.average.slice();
  const squares = stream.squares.slice();
  const share = (lateness + 1) / (steps + lateness);
  for (let i = 0; i < point.length; i += 1) {
    const penalty = i < batch.coefficients ? (batch.l2 / totalWeight) * (point[i] as number) : 0;
    const g = (gradient[i] as number) + penalty;
    const square = (squares[i] as number) + g * g;
    squares[i] = square;
    if (square > 0) point[i] = (point[i] as number) - (batch.learningRate * g) / Math.sqrt(square);
    average[i] = (average[i] as number) + share * ((point[i] as number) - (average[i] as number));
  }
  return { steps, rows: stream.rows + batch.rows, totalWeight, point, average, squares };
}
