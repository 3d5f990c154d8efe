// Boltzmann machines as fields: a factor for each unit with a bias, and for each pair with a weight.
import { invalidType, invalidValue, outOfRange } from '../errors';
import { Int32Array } from '../intrinsics';
import { type Given, measure, measureStorage, readAnyFloats } from '../operations/arguments';
import { widened } from '../operations/halves';
import { finite, readNumber } from '../random/arguments';
import type { FloatArray, Floats } from '../types';
import type { FieldDescription } from './field-types';

export function describeMachine(machine: unknown): FieldDescription {
  if (typeof machine !== 'object' || machine === null) throw invalidType('machine', 'of type object', machine);
  const { weights, biases, beta } = machine as { weights?: unknown; biases?: unknown; beta?: unknown };
  const scale = beta === undefined ? 1 : readNumber('machine.beta', beta, finite);
  const [givenWeights, givenBiases] = [
    readAnyFloats('machine.weights', weights),
    readAnyFloats('machine.biases', biases),
  ];
  const [n = 0] = measure(givenBiases);
  const w = finiteNumbers(givenWeights, [n, n]);
  const b = finiteNumbers(givenBiases, [n]);
  const factors = [];
  for (let i = 0; i < n; i += 1) {
    const bias = b[i] as number;
    if (bias !== 0) factors.push({ variables: [i], logPotentials: [0, scale * bias] });
    for (let j = 0; j <= i; j += 1) {
      const weight = w[i * n + j] as number;
      if (i === j && weight !== 0) throw invalidValue('machine.weights', `must have 0 at [${i}, ${i}]`, weight);
      if (weight !== w[j * n + i]) {
        throw invalidValue('machine.weights', `must be symmetric, at [${j}, ${i}] as at [${i}, ${j}]`, w[j * n + i]);
      }
      if (weight !== 0) factors.push({ variables: [j, i], logPotentials: [0, 0, 0, scale * weight] });
    }
  }
  return { cardinalities: new Int32Array(n).fill(2), factors };
}

function finiteNumbers(given: Given<Floats>, dims: readonly number[]): FloatArray {
  measureStorage(given, dims);
  const numbers = widened(given.kind, given.data);
  for (let i = 0; i < numbers.length; i += 1) {
    const place = `${given.name}${given.dims === undefined ? '' : '.data'}[${i}]`;
    if (!Number.isFinite(numbers[i])) throw outOfRange(place, 'finite', numbers[i]);
  }
  return numbers;
}
