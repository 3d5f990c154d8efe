// calibrateTemperature as users see it. Types only.
import type { ClassIndices } from '../options';
import type { TensorLike } from '../types';

export interface CalibrationOptions {
  /** Bins of equal width that confidences in (0, 1] fall into. Default 15. */
  bins?: number | undefined;
  /** Ends the search with an AbortError. */
  signal?: AbortSignal | undefined;
}

/** What was predicted with a confidence in (lower, upper]. */
export interface ConfidenceBin {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  /** The share of them that were right, and their mean confidence: NaN where there are none. */
  readonly accuracy: number;
  readonly confidence: number;
}

export interface Reliability {
  /** The mean of -log p of the labels, in nats. */
  readonly loss: number;
  /** ECE: the mean difference of accuracy and confidence, bin by bin. */
  readonly expectedCalibrationError: number;
  readonly bins: readonly ConfidenceBin[];
}

export interface Calibration {
  /** What logits are to be divided by: the option `temperature` of softmax. */
  readonly temperature: number;
  /** 1 / temperature */
  readonly beta: number;
  readonly before: Reliability;
  readonly after: Reliability;
  /** The share of rows whose greatest logit is that of their label, which no temperature changes. */
  readonly accuracy: number;
  readonly iterations: number;
  /**
   * 'minimum'; or where the loss has none: 'allRight', every label has the greatest logit of its row, and the temperature is
   * 0; 'noInformation', labels have no greater logits than other classes, and the temperature is Infinity.
   */
  readonly reason: 'minimum' | 'allRight' | 'noInformation';
}

/** Logits [rows, classes], and the class of each row. */
export type CalibrationArguments = [logits: TensorLike, labels: ClassIndices, options?: CalibrationOptions];
