// The classes as users get them: an error looks as if made by the method that was called.
import { atCallSite } from '../errors';

type Method = (this: unknown, ...args: unknown[]) => unknown;

// biome-ignore lint/suspicious/noExplicitAny: what a class is constructed from is its own affair
type Class = abstract new (...args: any[]) => object;

/** What every layer computes, with the position of the options of each. */
export const computingMethods = {
  logProbability: 2,
  lossAndGradient: 2,
  distribution: 1,
  topK: 2,
  sample: 2,
  trainStep: 2,
} as const;

/** The class with these methods, and these static ones, hidden from the stacks of errors. */
export function exposed<Layer extends Class>(
  layer: Layer,
  methods: readonly string[] = Object.keys(computingMethods),
  statics: readonly string[] = ['fromBytes'],
): Layer {
  for (const name of methods) expose(layer.prototype as object, name);
  for (const name of statics) expose(layer, name);
  return layer;
}

function expose(owner: object, name: string): void {
  const method = (owner as Record<string, Method>)[name] as Method;
  const entry = function (this: unknown, ...args: unknown[]): unknown {
    try {
      return method.apply(this, args);
    } catch (error) {
      throw atCallSite(error, entry);
    }
  };
  Object.defineProperty(entry, 'name', { value: name });
  Object.defineProperty(owner, name, { value: entry, writable: true, configurable: true });
}
