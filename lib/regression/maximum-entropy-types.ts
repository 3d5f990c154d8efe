// fitMaximumEntropy as users see it. Types only.
import type { Input } from '../types';

export interface MaximumEntropyOptions {
  /** The factor of half the sum of the squared multipliers: expectations are then met but nearly. Default 0. */
  l2?: number | undefined;
  /** The largest difference of an expectation, relative to how far the feature goes from it. Default 1e-12. */
  tolerance?: number | undefined;
  /** Steps of Newton's method. Default 200. */
  maxIterations?: number | undefined;
  /** Ends the search with an AbortError. */
  signal?: AbortSignal | undefined;
}

export interface MaximumEntropy {
  /** lambda, one for each feature. */
  readonly multipliers: Float64Array;
  /** p, one for each outcome. */
  readonly probabilities: Float64Array;
  /** H(p), in nats. */
  readonly entropy: number;
  /** log Z(lambda) */
  readonly logPartition: number;
  /** E_p f, one for each feature. */
  readonly expectations: Float64Array;
  readonly iterations: number;
  /** Whether the expectations are met. With l2 whether the penalised minimum is. */
  readonly converged: boolean;
}

/** A number for each outcome, or a row of numbers: [outcomes, features]. */
export type OutcomeFeatures = Input;

export type MaximumEntropyArguments = [
  features: OutcomeFeatures,
  expectations: number | Input,
  options?: MaximumEntropyOptions,
];
