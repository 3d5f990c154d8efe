// The distribution of greatest entropy among those with given expectations: Newton's method on the dual,
//   D(lambda) = log sum_i e^(<lambda, f_i - F>) + (l2 / 2) |lambda|^2,   gradient E f - F + l2 lambda,   Hessian Cov f + l2 I
// Whatever lambda is, D without the penalty is at least the entropy of any distribution with these expectations: where it
// is negative, there is none. On the boundary of what is possible D has no minimum, and steps do not become shorter.
import { atCallSite, invalidValue, outOfRange, printShape, shapeMismatch } from '../errors';
import { canonicalRows } from '../layers/layer';
import { type Given, measure, readFloats } from '../operations/arguments';
import { allocateLike } from '../operations/arrange';
import type { Entry } from '../operations/execute';
import { factorize, finished, solve } from '../optimization/cholesky';
import { performTask, type Run, type Task } from '../optimization/run';
import { dot, maxNorm } from '../optimization/vectors';
import { owning } from '../ownership';
import type { Backend, FloatArray } from '../types';
import { validateCount, validateOptions } from '../validate';
import type { MaximumEntropy } from './maximum-entropy-types';
import { readAmount, readSignal } from './settings';

const defaultTolerance = 1e-12;
const defaultIterations = 100;
/** Below this a change of the exponents is none. */
const leastStep = 1e-9;
/** Beyond this an outcome has next to nothing of a float64 sum. */
const mostExponent = 30;

export function maximumEntropy(
  backend: Backend,
  run: Run,
  entry: Entry,
  features: unknown,
  expectations: unknown,
  options: object = {},
): unknown {
  try {
    validateOptions(options);
    const { l2, tolerance, maxIterations, signal } = options as Record<string, unknown>;
    const settings = {
      l2: readAmount('options.l2', l2, 0),
      tolerance: readAmount('options.tolerance', tolerance, defaultTolerance),
      maxIterations:
        maxIterations === undefined ? defaultIterations : validateCount('options.maxIterations', maxIterations),
    };
    const abortion = readSignal(signal);
    const given = readFloats('features', features);
    const wanted =
      typeof expectations === 'number'
        ? { name: 'expectations', data: Float64Array.of(expectations), kind: 'Float64Array', dims: undefined }
        : readFloats('expectations', expectations);
    const problem = measureProblem(given, wanted, settings.l2);
    return run(newton(backend, problem, settings), performTask, abortion);
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

interface Settings {
  readonly l2: number;
  readonly tolerance: number;
  readonly maxIterations: number;
}

/** f_i - F, [outcomes, width], and how far each column goes from 0. */
interface Problem {
  readonly centred: Float64Array;
  readonly wanted: Float64Array;
  readonly outcomes: number;
  readonly width: number;
  readonly scales: Float64Array;
}

function measureProblem(features: Given<FloatArray>, expectations: Given<FloatArray>, l2: number): Problem {
  const dims = measure(features);
  if (dims.length > 2 || dims.length === 0) {
    throw shapeMismatch('features', 'have shape [outcomes] or [outcomes, features]', `shape ${printShape(dims)}`);
  }
  const [outcomes, width = 1] = dims as [number, number?];
  if (outcomes === 0 || width === 0) {
    throw shapeMismatch('features', 'have at least one outcome and one feature', `shape ${printShape(dims)}`);
  }
  const found = measure(expectations);
  if (found.length !== 1 || found[0] !== width) {
    throw shapeMismatch('expectations', `have shape [${width}], one for each feature`, `shape ${printShape(found)}`);
  }
  const wanted = new Float64Array(expectations.data);
  const centred = new Float64Array(outcomes * width);
  const scales = new Float64Array(width);
  for (let k = 0; k < width; k += 1) {
    const [name, mean] = [width === 1 ? 'expectations' : `expectations[${k}]`, wanted[k] as number];
    if (!Number.isFinite(mean)) throw outOfRange(name, 'finite', mean);
    let least = Infinity;
    let greatest = -Infinity;
    for (let i = 0; i < outcomes; i += 1) {
      const f = features.data[i * width + k] as number;
      if (!Number.isFinite(f)) throw outOfRange(`features[${i}${dims.length === 2 ? `, ${k}` : ''}]`, 'finite', f);
      least = Math.min(least, f);
      greatest = Math.max(greatest, f);
      centred[i * width + k] = f - mean;
    }
    const isMet = least === greatest && mean === least;
    if (l2 === 0 && !isMet && !(mean > least && mean < greatest)) {
      throw outOfRange(name, `> ${least} and < ${greatest}, the least and the greatest of the feature`, mean);
    }
    scales[k] = Math.max(greatest - mean, mean - least);
  }
  return { centred, wanted, outcomes, width, scales };
}

/** What is known at a point. */
interface Place {
  readonly multipliers: Float64Array;
  readonly value: number;
  readonly logPartition: number;
  readonly logProbabilities: Float64Array;
  readonly probabilities: Float64Array;
}

function* newton(backend: Backend, problem: Problem, settings: Settings): Generator<Task, MaximumEntropy, unknown> {
  const { l2, tolerance, maxIterations } = settings;
  const { width, scales } = problem;
  let place = yield* placeAt(backend, problem, new Float64Array(width), l2);
  for (let iterations = 0; ; iterations += 1) {
    const { gradient, direction } = directionAt(problem, place, l2);
    const isMet = gradient.every((g, k) => Math.abs(g) <= tolerance * (scales[k] as number));
    // How far the step changes an exponent, at most.
    const length = maxNorm(exponentsOf(problem, direction));
    const isThere = isMet && length <= leastStep;
    const next =
      isThere || iterations >= maxIterations
        ? undefined
        : yield* shorter(backend, problem, place, direction, dot(gradient, direction), l2);
    if (next === undefined) {
      if (l2 === 0 && isMet && !isThere) refuseLimit(problem, place);
      return resultOf(problem, place, iterations, isMet);
    }
    place = next;
    if (l2 === 0 && place.value < -1e-9)
      throw impossible(problem, 'must be those of some distribution over the outcomes');
  }
}

const impossible = ({ wanted }: Problem, reason: string): Error =>
  invalidValue('expectations', reason, wanted.length === 1 ? wanted[0] : [...wanted]);

function refuseLimit(problem: Problem, { multipliers }: Place): void {
  const exponents = exponentsOf(problem, multipliers);
  if (Math.max(...exponents) - Math.min(...exponents) > mostExponent) {
    throw impossible(
      problem,
      'must leave each outcome a probability, or options.l2 be > 0: they are the limit of what can be',
    );
  }
}

function* placeAt(
  backend: Backend,
  problem: Problem,
  multipliers: Float64Array,
  l2: number,
): Generator<Task, Place, unknown> {
  const { centred, outcomes, width } = problem;
  const logProbabilities = allocateLike('Float64Array', outcomes) as Float64Array;
  const call = {
    ...canonicalRows(1, outcomes),
    ...{ hidden: multipliers, matrix: centred, bias: undefined, depth: width },
    ...{ form: 'logProbabilities' as const, out: logProbabilities },
  };
  yield () => owning([multipliers, centred, logProbabilities], () => backend.linear.perform(call, () => undefined));
  // log Z of the likeliest outcome, where nothing cancels.
  let likeliest = 0;
  for (let i = 1; i < outcomes; i += 1) {
    if ((logProbabilities[i] as number) > (logProbabilities[likeliest] as number)) likeliest = i;
  }
  const exponent = dot(multipliers, centred.subarray(likeliest * width, (likeliest + 1) * width));
  const logPartition = exponent - (logProbabilities[likeliest] as number);
  const value = logPartition + (l2 / 2) * dot(multipliers, multipliers);
  return { multipliers, value, logPartition, logProbabilities, probabilities: logProbabilities.map(Math.exp) };
}

/** The gradient, and Newton's step. */
function directionAt({ centred, outcomes, width }: Problem, { multipliers, probabilities }: Place, l2: number) {
  const means = meansOf(centred, outcomes, width, probabilities);
  const hessian = new Float64Array(width * width);
  for (let i = 0; i < outcomes; i += 1) {
    const p = probabilities[i] as number;
    for (let j = 0; j < width; j += 1) {
      const difference = p * ((centred[i * width + j] as number) - (means[j] as number));
      for (let k = 0; k <= j; k += 1) {
        const at = j * width + k;
        hessian[at] =
          (hessian[at] as number) + difference * ((centred[i * width + k] as number) - (means[k] as number));
      }
    }
  }
  const gradient = means.map((mean, k) => mean + l2 * (multipliers[k] as number));
  return {
    gradient,
    direction: solve(
      factorOf(hessian, width, l2),
      width,
      gradient.map((g) => 0 - g),
    ),
  };
}

/** Features that depend on each other leave directions without curvature, in which nothing is to be gained. */
function factorOf(hessian: Float64Array, width: number, l2: number): Float64Array {
  let trace = 0;
  for (let k = 0; k < width; k += 1) trace += hessian[k * width + k] as number;
  for (let ridge = 0; ; ridge = Math.max(1e-13, ridge * 100)) {
    const matrix = hessian.slice();
    for (let k = 0; k < width; k += 1) {
      const at = k * width + k;
      matrix[at] = (matrix[at] as number) + l2 + ridge * (trace + Number.MIN_VALUE);
    }
    const factor = finished(factorize(matrix, width));
    if (factor !== undefined) return factor;
    if (ridge > 1) return identity(width);
  }
}

function identity(width: number): Float64Array {
  const matrix = new Float64Array(width * width);
  for (let k = 0; k < width; k += 1) matrix[k * width + k] = 1;
  return matrix;
}

/** Along the direction, half as far until the value falls; undefined where it does not fall at all. */
function* shorter(
  backend: Backend,
  problem: Problem,
  from: Place,
  direction: Float64Array,
  slope: number,
  l2: number,
): Generator<Task, Place | undefined, unknown> {
  const slack = 1e-14 * Math.max(1, Math.abs(from.value));
  for (let step = 1; step > 1e-10; step /= 2) {
    const multipliers = from.multipliers.map((lambda, k) => lambda + step * (direction[k] as number));
    const place = yield* placeAt(backend, problem, multipliers, l2);
    if (place.value <= from.value + 1e-4 * step * slope + slack) return place;
  }
  return undefined;
}

function meansOf(rows: Float64Array, outcomes: number, width: number, p: Float64Array): Float64Array {
  const means = new Float64Array(width);
  for (let i = 0; i < outcomes; i += 1) {
    for (let k = 0; k < width; k += 1) {
      means[k] = (means[k] as number) + (p[i] as number) * (rows[i * width + k] as number);
    }
  }
  return means;
}

const exponentsOf = ({ centred, outcomes, width }: Problem, multipliers: Float64Array): Float64Array =>
  Float64Array.from({ length: outcomes }, (_, i) => dot(multipliers, centred.subarray(i * width, (i + 1) * width)));

function resultOf(problem: Problem, place: Place, iterations: number, converged: boolean): MaximumEntropy {
  const { centred, outcomes, width, wanted } = problem;
  const { multipliers, probabilities, logProbabilities } = place;
  let entropy = 0;
  for (let i = 0; i < outcomes; i += 1) {
    const p = probabilities[i] as number;
    if (p > 0) entropy -= p * (logProbabilities[i] as number);
  }
  const means = meansOf(centred, outcomes, width, probabilities);
  return {
    multipliers,
    probabilities,
    entropy,
    logPartition: place.logPartition + dot(multipliers, wanted),
    expectations: means.map((mean, k) => mean + (wanted[k] as number)),
    iterations,
    converged,
  };
}
