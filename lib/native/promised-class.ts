// Classes whose methods give promises.
import { descriptorOf } from '../intrinsics';
import { promised } from './promised';

type Method = (...args: never[]) => unknown;

/**
 * Makes methods and accessors of a class, which computes with jobs, give promises; `optionsAt` are the positions of the
 * methods' options. The class is changed: it is the one that is exported.
 */
export function promisedMethods<Promised>(layer: object, optionsAt: Readonly<Record<string, number>>): Promised {
  const { prototype } = layer as { prototype: object };
  for (const [name, position] of Object.entries(optionsAt)) {
    const { get, value } = descriptorOf(prototype, name);
    const method = (get ?? value) as Method;
    const entry = function (this: unknown, ...args: never[]): unknown {
      return promised<Method>(position, (...given: never[]) => method.apply(this, given))(...args);
    };
    Object.defineProperty(entry, 'name', { value: name });
    const found = get === undefined ? { value: entry, writable: true } : { get: entry };
    Object.defineProperty(prototype, name, { ...found, configurable: true });
  }
  return layer as Promised;
}
