// Every function of the library with good arguments, each array of which can be put in another one's place: what the
// tests of this folder break, one array after the other. Long enough that the promises' work is not done at once.
import * as library from '../../lib/index';
import * as promises from '../../lib/promises';
import * as reference from '../../lib/reference';
import { createRandom } from '../seed';

export type View = Float32Array | Float64Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | BigInt64Array;
type Options = Record<string, unknown>;
type Call = (...args: unknown[]) => unknown;

export interface Subject {
  readonly name: string;
  /** What errors call the arguments before the options. */
  readonly names: readonly string[];
  /** New arguments, the same each time. */
  create(): unknown[];
}

const [rows, n, depth] = [40, 500, 32];
const seed = 53;

function tensors() {
  const random = createRandom(seed);
  const numbers = (...dims: number[]) => ({
    data: new Float32Array(dims.reduce((a, b) => a * b)).map(() => 6 * random() - 3),
    dims,
  });
  const z = numbers(rows, n);
  const indices = new Int32Array(rows).map((_, row) => (row * 37) % n);
  return {
    numbers,
    z,
    p: library.softmax(z),
    logP: library.logSoftmax(z),
    indices,
    classes: new Float32Array(n).map((_, c) => (c % 9) / 4),
    mask: new Uint8Array(rows * n).map((_, i) => (i % 7 === 3 ? 0 : 1)),
    storage: () => ({ data: new Float32Array(rows * n), dims: [rows, n] }),
    perRow: () => ({ data: new Float32Array(rows), dims: [rows] }),
    halves: () => ({
      data: new Uint16Array(rows * n).map((_, i) => 0x3000 + ((i * 7919) % 0x1400)),
      dims: [rows, n],
      type: 'float16',
    }),
  };
}

type Made = ReturnType<typeof tensors>;
const subject = (
  name: string,
  names: readonly string[],
  make: (made: Made) => [...unknown[], Options],
  title = name,
) => ({ name, title, names, create: () => make(tensors()) });

/** Query, key and value. */
const attended = (numbers: Made['numbers']) =>
  [numbers(2, 4, 30, 16), numbers(2, 2, 40, 16), numbers(2, 2, 40, 12)] as const;

export const subjects: (Subject & { title: string })[] = [
  subject('softmax', ['logits'], ({ z, mask, storage }) => [z, { mask, out: storage() }]),
  subject('softmax', ['logits'], ({ z }) => [z.data, { out: new Float32Array(z.data.length) }], 'softmax of a vector'),
  subject('softmax', ['logits'], ({ z, mask, storage }) => [z, { mask, axis: 0, out: storage() }], 'softmax on axis 0'),
  subject('logSoftmax', ['logits'], ({ z, mask, storage }) => [z, { mask, out: storage() }]),
  subject('hardmax', ['logits'], ({ z, mask, storage }) => [z, { mask, ties: 'split', out: storage() }]),
  subject('logSumExp', ['logits'], ({ z, mask, classes, perRow }) => [z, { mask, weights: classes, out: perRow() }]),
  subject('smoothMax', ['logits'], ({ z, mask, perRow }) => [z, { mask, out: perRow() }]),
  subject('argmax', ['logits'], ({ z, mask }) => [z, { mask, out: { data: new Int32Array(rows), dims: [rows] } }]),
  subject('diagnose', ['logits'], ({ z, mask }) => [z, { mask }]),
  subject('softmaxVjp', ['p', 'g'], ({ p, z, mask, storage }) => [p, z, { mask, out: storage() }]),
  subject('softmaxJvp', ['p', 't'], ({ p, z, mask, storage }) => [p, z, { mask, out: storage() }]),
  subject('logSoftmaxVjp', ['logP', 'g'], ({ logP, z, mask, storage }) => [logP, z, { mask, out: storage() }]),
  subject('logSoftmaxJvp', ['logP', 't'], ({ logP, z, mask, storage }) => [logP, z, { mask, out: storage() }]),
  subject('logSumExpVjp', ['logits', 'g'], ({ z, numbers, mask, storage }) => [
    z,
    numbers(rows),
    { mask, out: storage() },
  ]),
  subject('softmaxBetaGradient', ['logits'], ({ z, mask, storage }) => [z, { mask, out: storage() }]),
  ...['softmaxJacobian', 'logSoftmaxJacobian'].map((name) =>
    subject(name, ['logits'], ({ numbers }) => [
      numbers(2, 100),
      { mask: new Uint8Array(100).fill(1), out: { data: new Float32Array(20_000), dims: [2, 100, 100] } },
    ]),
  ),
  subject('crossEntropy', ['logits', 'target'], ({ z, indices, mask, classes, storage }) => [
    z,
    indices,
    { mask, weight: classes, gradient: storage() },
  ]),
  subject(
    'crossEntropy',
    ['logits', 'target'],
    ({ z, p, classes, storage }) => [z, p, { weight: classes, gradient: storage(), targetGradient: storage() }],
    'crossEntropy with probabilities',
  ),
  subject('nllLoss', ['logProbabilities', 'target'], ({ logP, indices, classes, storage }) => [
    logP,
    BigInt64Array.from(indices, BigInt),
    { weight: classes, gradient: storage() },
  ]),
  subject('klDivergence', ['logits', 'otherLogits'], ({ z, logP, mask, perRow }) => [z, logP, { mask, out: perRow() }]),
  subject('linearCrossEntropy', ['hidden', 'weight', 'target'], ({ numbers, indices, classes, mask }) => [
    numbers(rows, depth),
    numbers(n, depth),
    indices,
    {
      bias: new Float32Array(n).fill(0.5),
      weight: classes,
      mask: { data: mask, dims: [rows, n] },
      gradient: {
        hidden: new Float32Array(rows * depth),
        weight: { data: new Float32Array(n * depth), dims: [n, depth] },
        bias: new Float32Array(n),
      },
    },
  ]),
  subject('attention', ['query', 'key', 'value'], ({ numbers }) => [
    ...attended(numbers),
    {
      mask: { data: new Uint8Array(40).map((_, j) => (j % 7 === 3 ? 0 : 1)), dims: [40] },
      bias: numbers(4, 1, 40),
      out: { data: new Float32Array(2 * 4 * 30 * 12), dims: [2, 4, 30, 12] },
    },
  ]),
  subject('attentionVjp', ['query', 'key', 'value', 'outputGradient'], ({ numbers }) => {
    const bias = numbers(4, 30, 40);
    const inputs = attended(numbers);
    const { output, logSumExp } = library.attention(...inputs, { bias, returnLogSumExp: true });
    return [...inputs, numbers(2, 4, 30, 12), { bias, output, logSumExp }];
  }),
  subject('sample', ['logits'], ({ z, indices }) => [
    z.data,
    {
      history: indices,
      presencePenalty: 0.1,
      allow: new Uint32Array(Math.ceil(z.data.length / 32)).fill(0xfffeffff),
      topP: 0.9,
      logprobs: 5,
      rng: new library.Rng(seed),
    },
  ]),
  subject('sample', ['logits'], ({ halves }) => [halves(), { rng: new library.Rng(seed) }], 'sample from float16'),
  subject('gumbelSoftmax', ['logits'], ({ z, mask, storage }) => [
    z,
    { mask, tau: 0.5, rng: new library.Rng(seed), out: storage() },
  ]),
  subject('gumbelSoftmaxVjp', ['logits', 'g'], ({ z, p, mask, storage }) => [
    z,
    p,
    { mask, rng: new library.Rng(seed), out: storage() },
  ]),
  subject(
    'gumbelSoftmaxVjp',
    ['logits', 'g'],
    ({ halves, mask }) => [halves(), halves(), { mask, rng: new library.Rng(seed), out: halves() }],
    'gumbelSoftmaxVjp of float16',
  ),
];

/** An array among the arguments. */
export interface Place {
  /** What errors call it. */
  readonly label: string;
  readonly array: View;
  readonly isStorage: boolean;
  /** Puts something else there, in its tensor if it has one. */
  put(value: unknown): void;
}

export function placesOf({ names }: Subject, args: unknown[]): Place[] {
  const places: Place[] = [];
  const visit = (holder: Record<string, unknown>, key: string, label: string): void => {
    const value = holder[key] as object;
    if (ArrayBuffer.isView(value)) {
      const isStorage = /^options\.(out$|gradient|targetGradient)/.test(label);
      const put = (other: unknown): void => {
        holder[key] = other;
      };
      places.push({ label, array: value as View, isStorage, put });
    } else if (typeof value === 'object' && value !== null && 'data' in value) {
      visit(value as Record<string, unknown>, 'data', label);
    } else if (typeof value === 'object' && !Array.isArray(value)) {
      for (const inner of Object.keys(value)) visit(value as Record<string, unknown>, inner, `${label}.${inner}`);
    }
  };
  const holder = args as unknown as Record<string, unknown>;
  for (const [i] of args.entries()) visit(holder, String(i), names[i] ?? 'options');
  return places;
}

/** Each array among new arguments, by its name. */
export const labelsOf = (of: Subject): string[] => placesOf(of, of.create()).map(({ label }) => label);

export const optionsOf = (args: unknown[]): Options => args.at(-1) as Options;

const inLibrary: object = library;
const inPromises: object = promises;
const inReference: object = reference;

/** What computes now, what computes by promises, and the reference. */
export const ways: [title: string, call: (name: string) => Call][] = [
  ['plain', (name) => inLibrary[name as never]],
  ['promise', (name) => inPromises[name as never]],
  ['reference', (name) => inReference[name as never]],
];

/** The error of a call, thrown or rejected. */
export async function errorOf(call: () => unknown): Promise<{ code?: string; message?: string } | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error as { code: string; message: string };
  }
}

/** All bytes of all arrays of a result, or of arguments, in order; numbers as they are. */
export function bitsOf(value: unknown): string {
  const parts: string[] = [];
  const visit = (inner: unknown): void => {
    if (ArrayBuffer.isView(inner)) {
      const copy = Buffer.from(new Uint8Array(inner.buffer as ArrayBuffer, inner.byteOffset, inner.byteLength));
      parts.push(copy.toString('base64'));
    } else if (typeof inner === 'object' && inner !== null) {
      for (const one of Object.values(inner)) visit(one);
    } else if (typeof inner === 'number') parts.push(String(inner));
  };
  visit(value);
  return parts.join(' ');
}

/** Takes the memory of an array away. */
export function detach(array: View): void {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
}
