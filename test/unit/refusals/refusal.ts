// What a refused call is: arguments, and the error they must give.
import type { Name } from '../../libraries';

export interface Refusal {
  readonly title: string;
  /** The functions that it concerns; all if undefined. */
  readonly of: readonly Name[] | undefined;
  readonly logits: () => unknown;
  readonly options: () => unknown;
  readonly error: Expected;
}

export interface Expected {
  readonly kind: typeof TypeError | typeof RangeError;
  readonly code: string;
  readonly message: string;
}

export const elementwise: readonly Name[] = ['softmax', 'logSoftmax', 'hardmax'];
export const sums: readonly Name[] = ['logSumExp', 'smoothMax'];
export const indices: readonly Name[] = ['argmax'];

export const vector = () => Float32Array.of(1, 2, 3);
export const matrix = () => ({ data: Float32Array.of(1, 2, 3, 4, 5, 6), dims: [2, 3] });

export const mustBe = (name: string, expected: string, received: string): Expected => ({
  kind: TypeError,
  code: 'ERR_INVALID_ARG_TYPE',
  message: `The "${name}" ${/\./.test(name) ? 'property' : 'argument'} must be ${expected}. Received ${received}`,
});

export const isUnusable = (name: string, reason: string, received: string): Expected => ({
  kind: TypeError,
  code: 'ERR_INVALID_ARG_VALUE',
  message: `The ${/\./.test(name) ? 'property' : 'argument'} '${name}' ${reason}. Received ${received}`,
});

export const isOutOfRange = (name: string, range: string, received: string): Expected => ({
  kind: RangeError,
  code: 'ERR_OUT_OF_RANGE',
  message: `The value of "${name}" is out of range. It must be ${range}. Received ${received}`,
});

export const doesNotFit = (name: string, expected: string, received: string): Expected => ({
  kind: RangeError,
  code: 'ERR_SOFTMAX_SHAPE_MISMATCH',
  message: `The "${name}" property must ${expected}. Received ${received}`,
});

export const isNonFinite = (row: number): Expected => ({
  kind: RangeError,
  code: 'ERR_SOFTMAX_NON_FINITE',
  message: `Row ${row} of "logits" must be finite and have an element that takes part, as options.nonFinite is 'throw'`,
});

/** A refusal because of the logits. */
export const ofLogits = (title: string, logits: () => unknown, error: Expected): Refusal => ({
  title,
  of: undefined,
  logits,
  options: () => ({}),
  error,
});

/** A refusal because of options, with logits of shape [3] or [2, 3]. */
export const ofOptions = (
  title: string,
  options: () => unknown,
  error: Expected,
  of?: readonly Name[],
  logits: () => unknown = vector,
): Refusal => ({ title, of, logits, options, error });
