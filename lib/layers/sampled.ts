// Softmax learnt from sampled classes, once for any backend: SampledSoftmax of lib/layers/sampled-types.ts.
import { invalidValue } from '../errors';
import { Float64Array } from '../intrinsics';
import type { Backend, FloatArray } from '../types';
import { decode, encode } from './bytes';
import {
  type CandidateOptions,
  candidateLayer,
  dataOf,
  proposalOf,
  readChoice,
  shares,
  sharesOf,
} from './candidate-layer';
import { type CandidateResult, candidateGradients } from './candidate-loss';
import type { Sampling } from './candidates';
import { exposed } from './exposed';
import { typeOf } from './parameters';
import type { SampledSoftmaxConstructor } from './sampled-types';

const forms = ['expectedCount', 'negatives'] as const;

const notLearned = { logPartition: undefined, fixedLogPartition: 0 };

/** The class that computes with a backend: now, or for promises. */
export function sampledSoftmax<Constructor = SampledSoftmaxConstructor>(backend: Backend): Constructor {
  class SampledSoftmax extends candidateLayer(backend) {
    readonly form: (typeof forms)[number];

    constructor(options: CandidateOptions & { readonly form?: unknown }) {
      super(options, ({ removeAccidentalHits }) => {
        const negatives = readChoice('options.form', options.form, forms, 'expectedCount') === 'negatives';
        if (negatives && removeAccidentalHits === false) {
          throw invalidValue('options.removeAccidentalHits', "must not be false in the form 'negatives'", false);
        }
        return { share: 'batch', unique: true, withoutHits: (unique) => negatives || unique };
      });
      this.form = readChoice('options.form', options.form, forms, 'expectedCount');
    }

    lossAndGradient(hidden: unknown, targets: unknown, options: object = {}): unknown {
      const { classes, dim, type, weight, bias } = this;
      const parameters = { classes, dim, type, weight, bias, ...notLearned };
      const sampling = this.sampling();
      return candidateGradients(backend.candidateLoss, parameters, sampling, { hidden, targets, options }, (result) =>
        reported(result, sampling.corrects === 'negatives'),
      );
    }

    trainStep(examples: unknown, targets: unknown, options: unknown): unknown {
      return this.train(this.sampling(), notLearned, examples, targets, options);
    }

    /** @internal */
    sampling(): Sampling {
      const negatives = this.unique ? 'none' : 'negatives';
      return this.samplingFor({
        logistic: false,
        counts: true,
        corrects: this.form === 'negatives' ? negatives : 'count',
      });
    }

    toBytes(): Uint8Array {
      const { classes, dim, samples, unique, share, removeAccidentalHits, form, weight, bias, proposal } = this;
      const flags = [unique, removeAccidentalHits, form === 'negatives'].map(Number);
      return encode('SampledSoftmax', {
        numbers: [classes, dim, samples, shares.indexOf(share), ...flags],
        arrays: [sharesOf(proposal), ...dataOf(weight, bias)],
      });
    }

    static fromBytes(bytes: unknown): SampledSoftmax {
      const { numbers, arrays } = decode('SampledSoftmax', 'bytes', bytes);
      const [classes, dim, samples, share, unique, removeAccidentalHits, negatives] = numbers as number[];
      const [ofClasses, weight, bias] = arrays as FloatArray[];
      return new SampledSoftmax({
        classes,
        dim,
        samples,
        proposal: proposalOf(classes as number, ofClasses as Float64Array),
        share: shares[share as number],
        unique: unique === 1,
        removeAccidentalHits: removeAccidentalHits === 1,
        form: negatives === 1 ? 'negatives' : 'expectedCount',
        type: typeOf(weight as FloatArray),
        weight,
        bias,
      });
    }
  }
  return exposed(SampledSoftmax) as unknown as Constructor;
}

/** With what the weights r = e^a of a row's candidates say of its partition function: lib/random/importance.ts. */
function reported({ call, targets, ...gradients }: CandidateResult, correctsOthers: boolean): object {
  const { outer, n, reports, withoutHits, targetCorrection } = call;
  const ess = new Float64Array(outer);
  const logZ = new Float64Array(outer);
  const logZStandardError = new Float64Array(outer);
  for (let row = 0; row < outer; row += 1) {
    const [logSum, logSquares, , ofTargets] = reports.subarray(4 * row) as unknown as [number, number, number, number];
    const relative = Math.exp(logSquares - 2 * logSum);
    ess[row] = logSum === -Infinity ? 0 : 1 / relative;
    // What the correction of the target makes up for, in the form 'negatives'.
    const others = logSum + (correctsOthers ? (targetCorrection[row * targets.several] as number) : 0);
    const all = withoutHits ? logAddExp(ofTargets, others) : others;
    logZ[row] = all;
    const spread = Math.sqrt((Math.max(relative - 1 / n, 0) * n) / (n - 1));
    logZStandardError[row] = spread * Math.exp(others - all);
  }
  return { ...gradients, ess, logZ, logZStandardError };
}

function logAddExp(a: number, b: number): number {
  const max = Math.max(a, b);
  return max === -Infinity ? max : max + Math.log1p(Math.exp(-Math.abs(a - b)));
}
