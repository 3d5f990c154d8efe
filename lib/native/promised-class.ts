// Classes whose methods give promises.
import { promised } from './promised';

type Method = (...args: never[]) => unknown;

/**
 * Makes methods of a class, which computes with jobs, give promises; `optionsAt` are the positions of their options. The
 * class is changed: it is the one that is exported.
 */
export function promisedMethods<Promised>(layer: object, optionsAt: Readonly<Record<string, number>>): Promised {
  const { prototype } = layer as { prototype: Record<string, Method> };
  for (const [name, position] of Object.entries(optionsAt)) {
    const method = prototype[name] as Method;
    const entry = function (this: unknown, ...args: never[]): unknown {
      return promised<Method>(position, (...given: never[]) => method.apply(this, given))(...args);
    };
    Object.defineProperty(entry, 'name', { value: name });
    Object.defineProperty(prototype, name, { value: entry, writable: true, configurable: true });
  }
  return layer as Promised;
}
