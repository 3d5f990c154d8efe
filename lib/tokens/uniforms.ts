// The random numbers of a call that draws for rows: row r takes its own from stream r of a seed that the generator gives,
// or from a generator of its own, and then the numbers that it would take alone.
import { invalidType, shapeMismatch } from '../errors';
import { Float64Array, isArray } from '../intrinsics';
import { own } from '../ownership';
import { drawSeed, exampleRng, type Rng, validateRng } from '../random/rng';

/** One generator for all rows, or an array of one for each. */
export function readRng(value: unknown, rows: number): Rng | readonly Rng[] {
  if (!isArray(value)) return validateRng('options.rng', value);
  if (value.length !== rows) {
    throw shapeMismatch('options.rng', `have ${rows} generators, one for each row`, String(value.length));
  }
  return Array.from(value, (rng, r) => validateRng(`options.rng[${r}]`, rng));
}

/** Numbers in (0, 1), `count` for each row. */
export function drawUniforms(given: Rng | readonly Rng[], rows: number, count: number): Float64Array {
  const uniforms = own(new Float64Array(rows * count));
  const seed = isArray(given) ? undefined : drawSeed(given as Rng);
  for (let r = 0; r < rows; r += 1) {
    const rng = seed === undefined ? exampleRng(drawSeed((given as readonly Rng[])[r] as Rng), 0) : exampleRng(seed, r);
    for (let i = 0; i < count; i += 1) uniforms[r * count + i] = rng.uniform();
  }
  return uniforms;
}

/** For what is not left to chance. */
export function noChance(rows: number, count: number): Float64Array {
  const halves = own(new Float64Array(rows * count));
  for (let i = 0; i < rows * count; i += 1) halves[i] = 0.5;
  return halves;
}

export function missingRng(): Error {
  return invalidType('options.rng', 'an instance of Rng, unless temperature is 0', undefined);
}
