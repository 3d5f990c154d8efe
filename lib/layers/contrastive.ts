// Noise-contrastive estimation and negative sampling, once for any backend: NoiseContrastive of
// lib/layers/contrastive-types.ts.
import { atCallSite, corrupted, invalidType, invalidValue, outOfRange } from '../errors';
import type { Float64Array } from '../intrinsics';
import type { Backend, FloatArray, Tensor } from '../types';
import { validateFlag } from '../validate';
import { decode, encode } from './bytes';
import {
  type CandidateOptions,
  candidateLayer,
  dataOf,
  type LogPartition,
  proposalOf,
  shares,
  sharesOf,
} from './candidate-layer';
import { type CandidateResult, candidateGradients } from './candidate-loss';
import type { Sampling } from './candidates';
import type { NoiseContrastiveConstructor } from './contrastive-types';
import { exposed } from './exposed';
import { readSize, typeOf, zeros } from './parameters';

interface Options extends CandidateOptions {
  readonly negativeSampling?: unknown;
  readonly logPartition?: unknown;
  readonly contexts?: unknown;
}

/** The class that computes with a backend: now, or for promises. */
export function noiseContrastive<Constructor = NoiseContrastiveConstructor>(backend: Backend): Constructor {
  class NoiseContrastive extends candidateLayer(backend) {
    readonly negativeSampling: boolean;
    readonly logPartition: number | Tensor;

    constructor(options: Options) {
      let negativeSampling = false;
      super(options, () => {
        negativeSampling = validateFlag('options.negativeSampling', options.negativeSampling);
        return { share: 'example', unique: false, withoutHits: () => negativeSampling };
      });
      try {
        this.negativeSampling = negativeSampling;
        this.logPartition = readLogPartition(options, this, negativeSampling);
      } catch (error) {
        throw atCallSite(error, new.target);
      }
    }

    lossAndGradient(hidden: unknown, targets: unknown, options: object = {}): unknown {
      const { classes, dim, type, weight, bias } = this;
      const parameters = { classes, dim, type, weight, bias, ...this.partition() };
      const given = { hidden, targets, options };
      return candidateGradients(backend.candidateLoss, parameters, this.sampling(), given, gradientsOf);
    }

    trainStep(examples: unknown, targets: unknown, options: unknown): unknown {
      return this.train(this.sampling(), this.partition(), examples, targets, options);
    }

    /** @internal */
    sampling(): Sampling {
      return this.samplingFor({ logistic: true, counts: !this.negativeSampling, corrects: 'count' });
    }

    /** @internal */
    partition(): LogPartition {
      const { logPartition } = this;
      return typeof logPartition === 'number'
        ? { logPartition: undefined, fixedLogPartition: logPartition }
        : { logPartition, fixedLogPartition: 0 };
    }

    toBytes(): Uint8Array {
      const { classes, dim, samples, unique, share, removeAccidentalHits, negativeSampling } = this;
      const { logPartition, fixedLogPartition } = this.partition();
      const flags = [unique, removeAccidentalHits, negativeSampling, this.bias !== undefined].map(Number);
      const kind = logPartition === undefined ? 0 : logPartition.dims.length + 1;
      return encode('NoiseContrastive', {
        numbers: [classes, dim, samples, shares.indexOf(share), ...flags, kind, fixedLogPartition],
        arrays: [sharesOf(this.proposal), ...dataOf(this.weight, this.bias, logPartition)],
      });
    }

    static fromBytes(bytes: unknown): NoiseContrastive {
      const { numbers, arrays } = decode('NoiseContrastive', 'bytes', bytes);
      const [classes, dim, samples, share, unique, removeAccidentalHits, negativeSampling, hasBias, kind, fixed] =
        numbers as number[];
      const [ofClasses, weight, ...others] = arrays as FloatArray[];
      const bias = hasBias === 1 ? others.shift() : undefined;
      const [partition] = others;
      const type = typeOf(weight as FloatArray);
      const layer = new NoiseContrastive({
        classes,
        dim,
        samples,
        proposal: proposalOf(classes as number, ofClasses as Float64Array),
        share: shares[share as number],
        unique: unique === 1,
        removeAccidentalHits: removeAccidentalHits === 1,
        negativeSampling: negativeSampling === 1,
        type,
        weight,
        bias,
        logPartition: kind === 0 ? (negativeSampling === 1 ? undefined : fixed) : kind === 1 ? 'learned' : 'context',
        contexts: kind === 2 ? partition?.length : undefined,
      });
      if (partition !== undefined) restore(layer.logPartition, partition);
      return layer;
    }
  }
  return exposed(NoiseContrastive) as unknown as Constructor;
}

/** What has a log partition. */
interface Partitioned {
  readonly classes: number;
  readonly type: 'float32' | 'float64';
}

/** Learned ones begin at the logarithm of the number of classes: what it is where all scores are 0. */
function readLogPartition(options: Options, layer: Partitioned, negativeSampling: boolean): number | Tensor {
  const { logPartition, contexts } = options;
  const name = 'options.logPartition';
  if (negativeSampling && logPartition !== undefined) {
    throw invalidValue(name, 'must not be given with options.negativeSampling, which has none', logPartition);
  }
  if (contexts !== undefined && logPartition !== 'context') {
    throw invalidValue('options.contexts', "must be given with options.logPartition 'context' only", contexts);
  }
  if (logPartition === undefined || logPartition === 'fixed') return 0;
  if (typeof logPartition === 'number') {
    if (logPartition - logPartition !== 0) throw outOfRange(name, 'finite', logPartition);
    return logPartition;
  }
  if (logPartition !== 'learned' && logPartition !== 'context') {
    throw invalidType(name, "of type number, 'learned', 'context' or 'fixed'", logPartition);
  }
  const dims = logPartition === 'learned' ? [] : [readSize('options.contexts', contexts)];
  const values = zeros(layer.type, dims);
  values.data.fill(Math.log(layer.classes));
  return values;
}

/** What toBytes stored of a learned one. */
function restore(logPartition: number | Tensor, values: FloatArray): void {
  if (typeof logPartition === 'number' || logPartition.data.length !== values.length) {
    throw corrupted('bytes', 'be what toBytes gave');
  }
  logPartition.data.set(values);
}

function gradientsOf({ call, targets, ...gradients }: CandidateResult): object {
  return gradients;
}
