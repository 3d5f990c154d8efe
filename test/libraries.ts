// The two that must behave alike: what runs on this machine, and the reference.
import * as library from '../lib/index';
import * as reference from '../lib/reference';

export type Library = typeof reference;

export const libraries: [name: string, functions: Library][] = [
  [`softmax-native (${library.backend.kind})`, library],
  ['softmax-native/reference', reference],
];

/** The names of the functions of logits. */
export const names = ['softmax', 'logSoftmax', 'logSumExp', 'smoothMax', 'argmax', 'hardmax', 'diagnose'] as const;

export type Name = (typeof names)[number];

/** A function by its name, without its types: for arguments that they forbid. */
export function untyped(functions: Library, name: Name): (logits: unknown, options?: unknown) => unknown {
  return functions[name] as (logits: unknown, options?: unknown) => unknown;
}
