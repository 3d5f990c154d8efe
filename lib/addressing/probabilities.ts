// The probabilities of logits beside the rest of a state.
import { Float64Array, kindOf, lengthOf } from '../intrinsics';
import { measure, measureStorage, readFloats, readStorage } from '../operations/arguments';
import { allocateLike, fitsFloat32 } from '../operations/arrange';
import { validateApartOrSame } from '../operations/overlap';
import { tensorOf } from '../operations/results';
import { own } from '../ownership';
import { sizeOf } from '../shape';
import type { Backend, FloatArray, NonFinite } from '../types';

export interface Beside {
  readonly beta: number;
  readonly rule: NonFinite;
  /** The greatest key, and the logarithm of the sum of exponentials relative to it. */
  readonly max: number;
  readonly logTotal: number;
  /** What decides where no exponential does. */
  readonly one: ((logit: number) => number) | undefined;
}

export function probabilities(backend: Backend, logits: unknown, out: unknown, beside: Beside): unknown {
  const given = readFloats('logits', logits);
  const storage = out === undefined ? undefined : readStorage<FloatArray>('out', out, given.kind);
  const dims = measure(given);
  if (storage !== undefined) {
    measureStorage(storage, dims);
    validateApartOrSame('out', storage.data, 'logits', given.data);
  }
  const n = sizeOf(dims);
  const results = storage?.data ?? allocateLike(given.kind, n);
  const finish = (): unknown => {
    if (out !== undefined) return out;
    return given.dims === undefined ? results : tensorOf(results, dims);
  };
  const { beta, max, logTotal, one } = beside;
  if (one !== undefined || n === 0) {
    for (let i = 0; i < n; i += 1) results[i] = (one as (logit: number) => number)(given.data[i] as number);
    return finish();
  }
  const wide = fitsFloat32(beta) ? given.data : asFloat64(given.data);
  const computed = wide === given.data ? results : own(new Float64Array(n));
  const shape = { outer: 1, n, inner: 1, mask: undefined, maskStrides: undefined, beta, rule: beside.rule } as const;
  return backend.stateProbabilities.perform({ ...shape, logits: wide, out: computed, max, logTotal }, () => {
    if (computed !== results) for (let i = 0; i < lengthOf(results); i += 1) results[i] = computed[i] as number;
    return finish();
  });
}

const asFloat64 = (data: FloatArray): FloatArray =>
  kindOf(data) === 'Float64Array' ? data : own(new Float64Array(data));
