// What all output layers have, so that one can be put in the place of another. Types only.
import type { ClassIndices } from '../options';
import type { Rng } from '../random/rng';
import type { FloatArray, FloatType, Input, Reduced, Tensor, TensorLike } from '../types';

/** The hidden vectors of a call: one vector, or a tensor [batch, dim]. Of the layer's element type, or numbers. */
export type Hidden = Input;

/** Ids of classes: one for a vector, as many as rows for a tensor. */
export type ClassIds = ClassIndices;

/** Rows of a matrix that is zero elsewhere: the gradient of the rows `ids`, ascending and each once. */
export interface SparseGradient {
  readonly ids: Int32Array;
  /** [ids.length, columns]; [ids.length] for a bias. */
  readonly values: Tensor;
}

export interface LayerGradients {
  /** The mean of the losses, or their sum. */
  readonly loss: number;
  /** -log P(target | hidden) of each row, or what the layer minimises in its place. */
  readonly losses: FloatArray;
  /** Shaped as the hidden rows, [batch, dim] or [dim]. */
  readonly hiddenGradient: Tensor;
  readonly weightGradient: SparseGradient;
  /** Of a layer with a bias. */
  readonly biasGradient?: SparseGradient;
}

export interface LossAndGradientOptions {
  /** Whether loss and gradients are those of the mean over the rows or of the sum. Default 'mean'. */
  reduction?: 'mean' | 'sum' | undefined;
}

/** The k best classes of each row, best first; of equals the lower id. [k] for one vector, [batch, k] for a tensor. */
export interface TopK {
  readonly ids: Tensor<Int32Array>;
  readonly logProbabilities: Tensor;
}

/** Training examples: the hidden vector of example k is row rows[k] of the table, or the mean of a bag of rows. */
export interface Examples {
  /** [size, dim], of the layer's element type; trained in place. */
  readonly table: TensorLike;
  readonly rows: Int32Array | readonly number[];
  /** Bag k is rows[offsets[k]] to rows[offsets[k + 1] - 1]; one more than there are examples. Default: one row each. */
  readonly offsets?: Int32Array | readonly number[] | undefined;
}

export interface TrainOptions {
  /** What gradients are multiplied with before they are subtracted. Finite, not negative. */
  learningRate: number;
  /** That of the rows of the table. Default: learningRate. */
  tableLearningRate?: number | undefined;
  /** Examples that see the same parameters. Default: by the layer. */
  batchSize?: number | undefined;
  /** 1 is exact and reproducible; more may update the same parameters side by side, without locks. Default 1. */
  threads?: number | undefined;
}

export interface TrainResult {
  /** The mean of the examples' losses, each before its own update. */
  readonly loss: number;
}

/** What every layer has. `logProbability`, `distribution`, `topK` and `sample` are exact in every one of them. */
export interface OutputLayer {
  /** Number of classes: ids are 0 to classes - 1. */
  readonly classes: number;
  /** Elements of a hidden vector. */
  readonly dim: number;
  /** The element type of the parameters, of the hidden vectors and of the results. */
  readonly type: FloatType;
  /** The parameters themselves, not a copy. */
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  /** log P(id | hidden): a number for one vector, one for each row of a tensor. */
  logProbability<Given extends Hidden>(hidden: Given, ids: ClassIds): Reduced<Given, FloatArray>;
  lossAndGradient(hidden: Hidden, targets: ClassIds, options?: LossAndGradientOptions): LayerGradients;
  /** P(class | hidden) of all classes: [batch, classes], or [classes] for one vector. */
  distribution(hidden: Hidden): Tensor;
  topK(hidden: Hidden, k: number): TopK;
  /** A class for each row, drawn from the distribution: a number for one vector. */
  sample<Given extends Hidden>(hidden: Given, rng: Rng): Reduced<Given, Int32Array>;
  /** Stochastic gradient descent: each example's gradient times the learning rate is subtracted. */
  trainStep(examples: Examples, targets: ClassIds, options: TrainOptions): TrainResult;
  toBytes(): Uint8Array;
}

/** What every method that computes takes in softmax-native/promises. */
export interface SignalOptions {
  /**
   * Gives the call up: the promise is rejected with an AbortError at most 50 ms later. Of trainStep, the steps taken so
   * far have been learnt.
   */
  signal?: AbortSignal | undefined;
}

/** The methods of a layer that computes off the event loop: the same, each giving a promise. */
export interface PromisedLayer extends Pick<OutputLayer, 'classes' | 'dim' | 'type' | 'weight' | 'bias' | 'toBytes'> {
  logProbability<Given extends Hidden>(
    hidden: Given,
    ids: ClassIds,
    options?: SignalOptions,
  ): Promise<Reduced<Given, FloatArray>>;
  lossAndGradient(
    hidden: Hidden,
    targets: ClassIds,
    options?: LossAndGradientOptions & SignalOptions,
  ): Promise<LayerGradients>;
  distribution(hidden: Hidden, options?: SignalOptions): Promise<Tensor>;
  topK(hidden: Hidden, k: number, options?: SignalOptions): Promise<TopK>;
  sample<Given extends Hidden>(hidden: Given, rng: Rng, options?: SignalOptions): Promise<Reduced<Given, Int32Array>>;
  trainStep(examples: Examples, targets: ClassIds, options: TrainOptions & SignalOptions): Promise<TrainResult>;
}
