// The classes as users get them: an error looks as if made by the method that was called.
import { atCallSite } from '../errors';
import { descriptorOf } from '../intrinsics';

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

/** The class with these methods and accessors, and these static methods that it has, hidden from the stacks of errors. */
export function exposed<Layer extends Class>(
  layer: Layer,
  members: readonly string[] = Object.keys(computingMethods),
  statics: readonly string[] = ['fromBytes'],
): Layer {
  for (const name of members) expose(layer.prototype as object, name);
  for (const name of statics) if (name in layer) expose(layer, name);
  return layer;
}

function expose(owner: object, name: string): void {
  const { get, value } = descriptorOf(owner, name);
  const member = (get ?? value) as Method;
  const entry = function (this: unknown, ...args: unknown[]): unknown {
    try {
      return member.apply(this, args);
    } catch (error) {
      throw atCallSite(error, entry);
    }
  };
  Object.defineProperty(entry, 'name', { value: name });
  const shown = get === undefined ? { value: entry, writable: true } : { get: entry };
  Object.defineProperty(owner, name, { ...shown, configurable: true });
}
