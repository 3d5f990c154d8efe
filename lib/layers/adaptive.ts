// Adaptive softmax. All parameters are one array, in the order of adaptive-shape.ts, and so is their gradient.
import { atCallSite } from '../errors';
import type { AdaptiveShape, AdaptiveSource } from '../layer-calls';
import { allocateLike } from '../operations/arrange';
import { tensorOf } from '../operations/results';
import { own } from '../ownership';
import { Rng, validateRng } from '../random/rng';
import type { Backend, FloatArray, FloatType, Tensor } from '../types';
import { validateFlag, validateOptions } from '../validate';
import { readCutoffs, readDivValue } from './adaptive-options';
import { type Part, type Parts, partsOf, shapeOf, viewOf } from './adaptive-shape';
import type { AdaptiveSoftmaxConstructor, AdaptiveSoftmaxOptions } from './adaptive-types';
import { decode, encode } from './bytes';
import { allocateTopK, drawn, negated, uniformsOf } from './exact';
import { exposed } from './exposed';
import {
  allocateFor,
  canonicalRows,
  gradientOfAll,
  type HiddenRows,
  measureHidden,
  measureIds,
  ownParameters,
  readHidden,
  readIds,
  readK,
  readReduction,
} from './layer';
import { adopt, kindOfType, readParameters, readSize, readType, typeOf } from './parameters';
import { readStep } from './training';
import type { SparseGradient } from './types';

/** The class that computes with a backend: now, or for promises. */
export function adaptiveSoftmax<Constructor = AdaptiveSoftmaxConstructor>(backend: Backend): Constructor {
  class AdaptiveSoftmax {
    readonly classes: number;
    readonly dim: number;
    readonly type: FloatType;
    readonly cutoffs: readonly number[];
    readonly divValue: number;
    readonly weight: Tensor;
    readonly bias: Tensor | undefined;
    readonly projections: readonly Tensor[];
    readonly tails: readonly Tensor[];
    readonly parameters: FloatArray;
    readonly #shape: AdaptiveShape;
    readonly #parts: Parts;

    constructor(options: AdaptiveSoftmaxOptions) {
      try {
        validateOptions(options);
        const { classes, dim, cutoffs, divValue, type, bias, seed = 0, parameters } = options;
        this.classes = readSize('options.classes', classes);
        this.dim = readSize('options.dim', dim);
        this.type = readType(type);
        this.cutoffs = Object.freeze(readCutoffs(cutoffs, this.classes));
        this.divValue = readDivValue(divValue);
        const hasBias = validateFlag('options.bias', bias);
        const rng = new Rng(seed);
        const given = readParameters('options.parameters', parameters, this.type);
        this.#shape = shapeOf(this.classes, this.dim, this.cutoffs, this.divValue, hasBias);
        this.#parts = partsOf(this.#shape);
        this.parameters = adopt(given, this.type, [this.#parts.size]).data;
        const view = (part: Part): Tensor => viewOf(this.parameters, part);
        this.weight = view(this.#parts.weight);
        this.bias = this.#parts.bias && view(this.#parts.bias);
        this.projections = this.#parts.projections.map(view);
        this.tails = this.#parts.tails.map(view);
        if (given === undefined) for (const { data } of this.projections) fill(data, this.dim, rng);
      } catch (error) {
        throw atCallSite(error, new.target);
      }
    }

    #source({ data, count }: HiddenRows): AdaptiveSource {
      ownParameters(this.parameters);
      const { parameters } = this;
      return { ...canonicalRows(count, this.classes), hidden: data, parameters, shape: this.#shape };
    }

    logProbability(hidden: unknown, ids: unknown): unknown {
      const vectors = readHidden(hidden, this.type);
      const given = readIds('ids', ids);
      const rows = measureHidden(vectors, this.dim);
      const targets = measureIds(given, rows.count, this.classes);
      const out = allocateLike(kindOfType[this.type], rows.count);
      const gradients = { hiddenGradient: undefined, gradient: undefined, factor: 1 };
      const call = { ...this.#source(rows), targets, out, ...gradients, totals: { loss: 0 } };
      return backend.adaptiveCrossEntropy.perform(call, () => negated(out, rows));
    }

    distribution(hidden: unknown): unknown {
      const rows = measureHidden(readHidden(hidden, this.type), this.dim);
      const result = allocateFor(rows, this.classes);
      const call = { ...this.#source(rows), form: 'probabilities', out: result.data } as const;
      return backend.adaptive.perform(call, () => result);
    }

    topK(hidden: unknown, k: unknown): unknown {
      const vectors = readHidden(hidden, this.type);
      const count = readK(k, this.classes);
      const rows = measureHidden(vectors, this.dim);
      const result = allocateTopK(rows, count);
      const { ids, logProbabilities } = result;
      const call = { ...this.#source(rows), k: count, ids: ids.data, out: logProbabilities.data };
      return backend.adaptiveTopK.perform(call, () => result);
    }

    sample(hidden: unknown, rng: unknown): unknown {
      const vectors = readHidden(hidden, this.type);
      const source = validateRng('rng', rng);
      const rows = measureHidden(vectors, this.dim);
      const out = own(new Int32Array(rows.count));
      const call = { ...this.#source(rows), uniforms: uniformsOf(source, rows.count), out };
      return backend.adaptiveSample.perform(call, () => drawn(out, rows));
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
      const gradient = allocateLike(kind, this.#parts.size);
      const factor = isMean && rows.count > 0 ? 1 / rows.count : 1;
      const storage = { targets: classes, out: losses, hiddenGradient, gradient, factor };
      const call = { ...this.#source(rows), ...storage, totals: { loss: 0 } };
      return backend.adaptiveCrossEntropy.perform(call, () => ({
        loss: isMean ? call.totals.loss / rows.count : call.totals.loss,
        losses,
        hiddenGradient: tensorOf(hiddenGradient, rows.dims),
        ...this.#gradients(gradient, classes),
      }));
    }

    #gradients(all: FloatArray, targets: Int32Array) {
      const { weight, bias, projections, tails } = this.#parts;
      const whole = (part: Part): SparseGradient => gradientOfAll(viewOf(all, part).data, part.dims);
      const { ends } = this.#shape;
      const isTouched = ends.slice(1).map((end, i) => targets.some((t) => t >= (ends[i] as number) && t < end));
      const none = (part: Part): SparseGradient => whole({ start: part.start, dims: [0, part.dims[1] as number] });
      return {
        weightGradient: whole(weight),
        ...(bias && { biasGradient: whole(bias) }),
        projectionGradients: projections.map((part) => viewOf(all, part)),
        tailGradients: tails.map((part, i) => (isTouched[i] ? whole(part) : none(part))),
      };
    }

    trainStep(examples: unknown, targets: unknown, options: unknown): unknown {
      const { parameters } = this;
      const step = readStep(this, { parameters }, { examples, targets, options });
      const call = { ...step.call, parameters, shape: this.#shape };
      return backend.adaptiveTrain.perform(call, () => ({ loss: call.totals.loss / step.count }));
    }

    toBytes(): Uint8Array {
      const { classes, dim, divValue, cutoffs, bias, parameters } = this;
      const numbers = [classes, dim, divValue, bias === undefined ? 0 : 1, ...cutoffs];
      return encode('AdaptiveSoftmax', { numbers, arrays: [parameters] });
    }

    static fromBytes(bytes: unknown): AdaptiveSoftmax {
      const { numbers, arrays } = decode('AdaptiveSoftmax', 'bytes', bytes);
      const [classes, dim, divValue, bias, ...cutoffs] = numbers as [number, number, number, number];
      const parameters = arrays[0] as FloatArray;
      return new AdaptiveSoftmax({
        classes,
        dim,
        cutoffs,
        divValue,
        type: typeOf(parameters),
        bias: bias === 1,
        parameters,
      });
    }
  }
  return exposed(AdaptiveSoftmax) as unknown as Constructor;
}

/** Uniform in (-1 / sqrt(dim), 1 / sqrt(dim)): were both they and the tails zero, neither would ever change. */
function fill(data: FloatArray, dim: number, rng: Rng): void {
  const scale = 2 / Math.sqrt(dim);
  for (let i = 0; i < data.length; i += 1) data[i] = (rng.uniform() - 0.5) * scale;
}
