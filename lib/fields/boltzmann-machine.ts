// Boltzmann machines as fields: a factor for each unit with a bias, and for each pair with a weight.
import { invalidType, invalidValue, outOfRange } from '../errors';
import { Int32Array } from '../intrinsics';
import { type Given, measure, measureStorage, readFloats } from '../operations/arguments';
import { finite, readNumber } from '../random/arguments';
import type { FloatArray } from '../types';
import type { FieldDescription } from './field-types';

export function describeMachine(machine: unknown): FieldDescription {
  if (typeof machine !== 'object' || machine === null) throw invalidType('machine', 'of type object', machine);
  const { weights, biases, beta } = machine as { weights?: unknown; biases?: unknown; beta?: unknown };
  const scale = beta === undefined ? 1 : readNumber('machine.beta', beta, finite);
  const [w, b] = [readFloats('machine.weights', weights), readFloats('machine.biases', biases)];
  const [n = 0] = measure(b);
  measureStorage(b, [n]);
  measureStorage(w, [n, n]);
  validateFinite(w);
  validateFinite(b);
  const factors = [];
  for (let i = 0; i < n; i += 1) {
    const bias = b.data[i] as number;
    if (bias !== 0) factors.push({ variables: [i], logPotentials: [0, scale * bias] });
    for (let j = 0; j <= i; j += 1) {
      const weight = w.data[i * n + j] as number;
      if (i === j && weight !== 0) throw invalidValue('machine.weights', `must have 0 at [${i}, ${i}]`, weight);
      if (weight !== w.data[j * n + i]) {
        throw invalidValue(
          'machine.weights',
          `must be symmetric, at [${j}, ${i}] as at [${i}, ${j}]`,
          w.data[j * n + i],
        );
      }
      if (weight !== 0) factors.push({ variables: [j, i], logPotentials: [0, 0, 0, scale * weight] });
    }
  }
  return { cardinalities: new Int32Array(n).fill(2), factors };
}

function validateFinite({ name, data, dims }: Given<FloatArray>): void {
  for (let i = 0; i < data.length; i += 1) {
    const place = `${name}${dims === undefined ? '' : '.data'}[${i}]`;
    if (!Number.isFinite(data[i])) throw outOfRange(place, 'finite', data[i]);
  }
}
