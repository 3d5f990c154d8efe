// Full softmax over all classes, as an output layer: what the others are measured by.
import { atCallSite } from '../errors';
import { allocateLike } from '../operations/arrange';
import { tensorOf } from '../operations/results';
import type { Backend, FloatArray, FloatType, Tensor } from '../types';
import { validateOptions } from '../validate';
import { decode, encode, type Stored } from './bytes';
import { exactDistribution, exactLogits, exactLogProbability, exactSample, exactTopK, linearLossCall } from './exact';
import { computingMethods, exposed } from './exposed';
import type { FullSoftmaxConstructor } from './full-types';
import { gradientOfAll, measureHidden, measureIds, readHidden, readIds, readReduction } from './layer';
import { adoptLinear, kindOfType, readLinear, readSize, readType, typeOf } from './parameters';
import { readStep } from './training';

interface Options {
  readonly classes?: unknown;
  readonly dim?: unknown;
  readonly type?: unknown;
  readonly bias?: unknown;
  readonly weight?: unknown;
}

/** The methods that compute, with the positions of their options. */
export const fullMethods = { ...computingMethods, logits: 1 } as const;

/** The class that computes with a backend: now, or for promises. */
export function fullSoftmax<Constructor = FullSoftmaxConstructor>(backend: Backend): Constructor {
  class FullSoftmax {
    readonly classes: number;
    readonly dim: number;
    readonly type: FloatType;
    readonly weight: Tensor;
    readonly bias: Tensor | undefined;

    constructor(options: Options) {
      try {
        validateOptions(options);
        const { classes, dim, type, bias, weight } = options;
        this.classes = readSize('options.classes', classes);
        this.dim = readSize('options.dim', dim);
        this.type = readType(type);
        const given = readLinear({ weight, bias }, this.type);
        ({ weight: this.weight, bias: this.bias } = adoptLinear(given, this.type, this.classes, this.dim));
      } catch (error) {
        throw atCallSite(error, new.target);
      }
    }

    logProbability(hidden: unknown, ids: unknown): unknown {
      return exactLogProbability(backend, this, hidden, ids);
    }

    distribution(hidden: unknown): unknown {
      return exactDistribution(backend, this, hidden);
    }

    logits(hidden: unknown): unknown {
      return exactLogits(backend, this, hidden);
    }

    topK(hidden: unknown, k: unknown): unknown {
      return exactTopK(backend, this, hidden, k);
    }

    sample(hidden: unknown, rng: unknown): unknown {
      return exactSample(backend, this, hidden, rng);
    }

    lossAndGradient(hidden: unknown, targets: unknown, options: object = {}): unknown {
      const isMean = readReduction(options);
      const vectors = readHidden(hidden, this.type);
      const given = readIds('targets', targets);
      const rows = measureHidden(vectors, this.dim);
      const classes = measureIds(given, rows.count, this.classes);
      const kind = kindOfType[this.type];
      const losses = allocateLike(kind, rows.count);
      const hiddenGradient = allocateLike(kind, rows.count * this.dim);
      const matrixGradient = allocateLike(kind, this.classes * this.dim);
      const biasGradient = this.bias && allocateLike(kind, this.classes);
      const wanted = { losses, hiddenGradient, matrixGradient, biasGradient };
      const call = linearLossCall(this, rows, classes, { reduction: isMean ? 'mean' : 'sum', ...wanted });
      return backend.linearCrossEntropy.perform(call, () => ({
        loss: call.totals.loss,
        losses,
        hiddenGradient: tensorOf(hiddenGradient, rows.dims),
        weightGradient: gradientOfAll(matrixGradient, this.weight.dims),
        ...(biasGradient && { biasGradient: gradientOfAll(biasGradient, [this.classes]) }),
      }));
    }

    trainStep(examples: unknown, targets: unknown, options: unknown): unknown {
      const parameters = { weight: this.weight.data, bias: this.bias?.data };
      const step = readStep(this, parameters, { examples, targets, options });
      const call = { ...step.call, matrix: parameters.weight, bias: parameters.bias };
      return backend.linearTrain.perform(call, () => ({ loss: call.totals.loss / step.count }));
    }

    toBytes(): Uint8Array {
      const { classes, dim, bias, weight } = this;
      return encode('FullSoftmax', storedOf([classes, dim], [weight, bias]));
    }

    static fromBytes(bytes: unknown): FullSoftmax {
      const { numbers, arrays } = decode('FullSoftmax', 'bytes', bytes);
      const [classes, dim] = numbers;
      const [weight, bias] = arrays as FloatArray[];
      return new FullSoftmax({ classes, dim, type: typeOf(weight as FloatArray), weight, bias });
    }
  }
  return exposed(FullSoftmax, Object.keys(fullMethods)) as unknown as Constructor;
}

const storedOf = (numbers: readonly number[], tensors: readonly (Tensor | undefined)[]): Stored => ({
  numbers,
  arrays: tensors.flatMap((tensor) => (tensor === undefined ? [] : [tensor.data])),
});
