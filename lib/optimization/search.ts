// What a search for a minimum is to the rest: a generator that yields points and is given the function there. It computes
// no function itself, so that one search serves calls, promises and the reference. Types only.

/** A function at a point. The search copies the gradient: its array may be used again. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** Why a search ended. */
export type StopReason =
  /** No element of the gradient is larger than the tolerance. */
  | 'gradient'
  | 'maxIterations'
  /** The function does not fall any more in the arithmetic that it is computed in. */
  | 'precision'
  /** Value or gradient at the first point are NaN or infinite. */
  | 'notFinite';

/** How a search ended. */
export interface Convergence {
  /** Steps taken. */
  readonly iterations: number;
  /** Points at which the function was computed. */
  readonly evaluations: number;
  /** Whether `reason` is 'gradient'. */
  readonly converged: boolean;
  /** The largest element of the gradient, by magnitude. */
  readonly gradientNorm: number;
  /** The function at the point found. */
  readonly loss: number;
  readonly reason: StopReason;
}

/** What is told after each step. */
export type Progress = Pick<Convergence, 'iterations' | 'evaluations' | 'gradientNorm' | 'loss'>;

export interface Minimum extends Convergence {
  readonly point: Float64Array;
}

/** Yields points, which change once it goes on, and wants the function there. */
export type Search = Generator<Float64Array, Minimum, Evaluation>;

export interface SearchOptions {
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Multiplies with an approximation of the inverse Hessian, symmetric and positive definite. Default: a number. */
  readonly precondition?: ((vector: Float64Array) => Float64Array) | undefined;
  /** Called after each step. What it throws ends the search. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}
