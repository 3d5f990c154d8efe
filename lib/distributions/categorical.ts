// Categorical: softmax as a distribution, with what belongs to one of an exponential family.
import { atCallSite, invalidType, invalidValue, outOfRange, printShape, shapeMismatch } from '../errors';
import { Float64Array } from '../intrinsics';
import { exposed } from '../layers/exposed';
import { afterwards } from '../layers/layer';
import { argmaxOperation } from '../operations/argmax';
import { diagnosis } from '../operations/diagnose';
import { divergence } from '../operations/divergence';
import { elementwise } from '../operations/elementwise';
import { logSumExpOperation, smoothMaxOperation } from '../operations/log-sum-exp';
import { reduction } from '../operations/reduction';
import { tensorOf } from '../operations/results';
import { logSoftmaxOperation, softmaxOperation } from '../operations/softmax';
import type { AliasTable } from '../random/alias';
import { readIds } from '../random/arguments';
import { validateRng } from '../random/rng';
import type { Backend, Tensor } from '../types';
import type { CategoricalConstructor } from './categorical-types';
import { drawAll, tablesOf, validateDraws } from './draws';
import { denseFisher, type Product, timesFisher, timesInverse } from './fisher';
import {
  type Distributions,
  eachOf,
  naturalOf,
  readDirection,
  readParameters,
  rounded,
  rowsOf,
  sumsOf,
} from './parameters';

/** What computes, with the positions of the options; what has none is read like a property. */
export const categoricalMembers = {
  logPartition: 0,
  mean: 0,
  probabilities: 0,
  logProbabilities: 0,
  entropy: 0,
  freeEnergy: 0,
  meanEnergy: 0,
  mode: 0,
  fisherLogDeterminant: 0,
  crossEntropy: 1,
  klDivergence: 1,
  fisher: 1,
  fisherInverse: 1,
  fisherInformation: 0,
  logProbability: 1,
  sample: 2,
} as const;

const methods = [
  'crossEntropy',
  'klDivergence',
  'fisher',
  'fisherInverse',
  'fisherInformation',
  'temper',
  'logProbability',
  'sample',
];

// A distribution of any entry point can be compared with one of any other.
const contents = new WeakMap<object, Distributions>();

/** The class that computes with a backend: now, or for promises. */
export function categorical<Constructor = CategoricalConstructor>(backend: Backend): Constructor {
  class Categorical {
    readonly #of: Distributions;
    #tables: readonly AliasTable[] | undefined;

    constructor(parameters: unknown) {
      try {
        this.#of = found(parameters) ?? readParameters(parameters);
      } catch (error) {
        throw atCallSite(error, new.target);
      }
      contents.set(this, this.#of);
    }

    get dims(): readonly number[] {
      return [...this.#of.dims];
    }
    get classes(): number {
      return this.#of.n;
    }
    get beta(): number {
      return this.#of.beta;
    }
    get temperature(): number {
      return 1 / this.#of.beta;
    }
    get naturalParameters(): unknown {
      return rowsOf(this.#of, rounded(naturalOf(this.#of), this.#of.kind), this.#of.n);
    }
    get minimalParameters(): unknown {
      const { n, rows, kind } = this.#of;
      const eta = naturalOf(this.#of);
      const minimal = new Float64Array(rows * (n - 1));
      for (let i = 0; i < minimal.length; i += 1) {
        const row = Math.floor(i / (n - 1));
        minimal[i] = (eta[i + row] as number) - (eta[row * n + n - 1] as number);
      }
      return rowsOf(this.#of, rounded(minimal, kind), n - 1);
    }
    get energies(): unknown {
      return rowsOf(
        this.#of,
        this.#of.z.map((value) => 0 - value),
        this.#of.n,
      );
    }

    get logPartition(): unknown {
      const { beta } = this.#of;
      // At the limits the natural parameters are 0 and -Infinity, and Z counts the classes that share the mass.
      const [logits, scale] = Number.isFinite(beta) ? [this.#wide(), beta] : [this.#natural(), 1];
      const computed = reduction(logSumExpOperation, backend.logSumExp, entry, logits, { beta: scale });
      return this.#each(computed, ({ data }: Tensor<Float64Array>) => data);
    }
    get mean(): unknown {
      return this.probabilities;
    }
    get probabilities(): unknown {
      return elementwise(softmaxOperation, backend.softmax, entry, this.#logits(), { beta: this.#of.beta });
    }
    get logProbabilities(): unknown {
      return elementwise(logSoftmaxOperation, backend.logSoftmax, entry, this.#logits(), { beta: this.#of.beta });
    }
    get entropy(): unknown {
      return this.#each(this.#entropies(), (entropies: Float64Array) => entropies);
    }
    get freeEnergy(): unknown {
      const { beta } = this.#of;
      const maxima = reduction(smoothMaxOperation, backend.logSumExp, entry, this.#wide(), { beta });
      return this.#each(maxima, ({ data }: Tensor<Float64Array>) => data.map((value) => 0 - value));
    }
    get meanEnergy(): unknown {
      const { z } = this.#of;
      const term = (p: number, energy: number): number => (p === 0 ? 0 : p * energy);
      return this.#each(this.#wideProbabilities(), (p: Float64Array) =>
        sumsOf(this.#of, (i) => term(p[i] as number, 0 - (z[i] as number))),
      );
    }
    get mode(): unknown {
      return reduction(argmaxOperation, backend.argmax, entry, this.#logits(), { beta: this.#of.beta });
    }
    get fisherLogDeterminant(): unknown {
      return this.#each(this.#wideLogProbabilities(), (logP: Float64Array) =>
        sumsOf(this.#of, (i) => logP[i] as number),
      );
    }

    crossEntropy(other: unknown): unknown {
      const q = this.#comparable(other);
      return afterwards(this.#divergence(q), (divergences: Float64Array) =>
        this.#each(this.#entropies(), (entropies: Float64Array) =>
          divergences.map((value, row) => value + (entropies[row] as number)),
        ),
      );
    }

    klDivergence(other: unknown): unknown {
      return this.#each(this.#divergence(this.#comparable(other)), (divergences: Float64Array) => divergences);
    }

    fisher(v: unknown): unknown {
      return this.#product(v, timesFisher);
    }

    fisherInverse(v: unknown): unknown {
      return this.#product(v, timesInverse);
    }

    fisherInformation(): unknown {
      const { n, rows, kind, dims } = this.#of;
      return afterwards(this.#wideProbabilities(), (p: Float64Array) =>
        tensorOf(rounded(denseFisher(p, rows, n), kind), [...dims.slice(0, -1), n - 1, n - 1]),
      );
    }

    temper(beta: unknown): Categorical {
      if (typeof beta !== 'number') throw invalidType('beta', 'of type number', beta);
      if (beta !== beta) throw invalidValue('beta', 'must not be NaN', beta);
      if (beta < 0 && !this.#of.z.every(Number.isFinite)) {
        throw outOfRange('beta', '>= 0, as there is a class of probability 0', beta);
      }
      const isUniform = beta === 0 || this.#of.beta === 0;
      return restored({ ...this.#of, beta: isUniform ? 0 : this.#of.beta * beta });
    }

    logProbability(ids: unknown): unknown {
      const { rows, n, dims, isVector, kind } = this.#of;
      const chosen = readIds('ids', ids, n);
      if (!isVector && chosen.length !== rows) {
        throw shapeMismatch('ids', `have ${rows} elements, one for each distribution`, String(chosen.length));
      }
      return afterwards(this.#wideLogProbabilities(), (logP: Float64Array) => {
        const values = Float64Array.from(chosen, (id, i) => logP[(isVector ? 0 : i * n) + id] as number);
        const results = rounded(values, kind);
        if (!isVector) return tensorOf(results, dims.slice(0, -1));
        return typeof ids === 'number' ? results[0] : results;
      });
    }

    sample(rng: unknown, count?: unknown): unknown {
      const { rows, n, isVector } = this.#of;
      const generator = validateRng('rng', rng);
      const each = count === undefined ? undefined : validateDraws(count, rows);
      const drawn = (tables: readonly AliasTable[]): unknown => {
        this.#tables = tables;
        const ids = drawAll(tables, each ?? 1, generator);
        if (each !== undefined) return rowsOf(this.#of, ids, each);
        return isVector ? ids[0] : tensorOf(ids, this.#of.dims.slice(0, -1));
      };
      if (this.#tables !== undefined) return drawn(this.#tables);
      return afterwards(this.#wideProbabilities(), (p: Float64Array) => drawn(tablesOf(p, rows, n)));
    }

    /** z as the functions take it. */
    #logits(): unknown {
      return this.#of.isVector ? this.#of.z : tensorOf(this.#of.z, this.#of.dims);
    }

    /** The same in float64, always a tensor. */
    #wide(): Tensor {
      return tensorOf(new Float64Array(this.#of.z), this.#of.dims);
    }

    #natural(): Tensor {
      return tensorOf(naturalOf(this.#of), this.#of.dims);
    }

    #wideProbabilities(): unknown {
      const { beta } = this.#of;
      const computed = elementwise(softmaxOperation, backend.softmax, entry, this.#wide(), { beta });
      return afterwards(computed, ({ data }: Tensor) => data);
    }

    #wideLogProbabilities(): unknown {
      const { beta } = this.#of;
      const computed = elementwise(logSoftmaxOperation, backend.logSoftmax, entry, this.#wide(), { beta });
      return afterwards(computed, ({ data }: Tensor) => data);
    }

    /** One number for each distribution of what has been computed. */
    #each<Value>(computed: unknown, values: (value: Value) => Float64Array): unknown {
      return afterwards(computed, (value: Value) => eachOf(this.#of, values(value)));
    }

    #entropies(): unknown {
      const { beta } = this.#of;
      const diagnosed = diagnosis(backend.diagnose, entry, this.#wide(), { beta });
      return afterwards(diagnosed, ({ entropy }: { entropy: Tensor<Float64Array> }) => entropy.data);
    }

    #divergence(other: Distributions): unknown {
      const eta = tensorOf(naturalOf(other), other.dims);
      const computed = divergence(backend.klDivergence, entry, this.#natural(), eta, {});
      return afterwards(computed, ({ data }: Tensor) => data);
    }

    #product(v: unknown, product: Product): unknown {
      const { n, rows, kind } = this.#of;
      const { direction, width } = readDirection(this.#of, v);
      return afterwards(this.#wideProbabilities(), (p: Float64Array) => {
        const out = new Float64Array(rows * width);
        for (let row = 0; row < rows; row += 1) product(p, row * n, n, direction, row * width, width, out);
        return rowsOf(this.#of, rounded(out, kind), width);
      });
    }

    #comparable(other: unknown): Distributions {
      const q = found(other);
      if (q === undefined) throw invalidType('other', 'an instance of Categorical', other);
      const { kind, dims } = this.#of;
      if (q.kind !== kind) throw invalidType('other', `of elements of ${kind}`, q.z);
      if (printShape(q.dims) !== printShape(dims)) {
        throw shapeMismatch('other', `have shape ${printShape(dims)}`, `shape ${printShape(q.dims)}`);
      }
      return q;
    }
  }

  const restored = (of: Distributions): Categorical => {
    const key = {};
    contents.set(key, of);
    return new Categorical(key);
  };
  return exposed(Categorical, methods) as unknown as Constructor;
}

/** What the functions of the library are called for: their errors are shown at the method instead. */
const entry = (): void => {};

const found = (value: unknown): Distributions | undefined =>
  typeof value === 'object' && value !== null ? contents.get(value) : undefined;
