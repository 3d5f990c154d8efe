// The way of the losses of a target from arguments to result, for either backend. Options are read first and lengths
// last.
import { atCallSite, invalidType, invalidValue, outOfRange } from '../errors';
import { layoutOf, reducedDims, sizeOf } from '../shape';
import type { FloatArray, Floats, LossCall, Operation, Reduction } from '../types';
import { validateAxes, validateOptions } from '../validate';
import { type Given, measure, measureStorage, rankOf, readAnyFloats, readLogits, readStorage } from './arguments';
import { Arrangement, allocateLike } from './arrange';
import type { Entry } from './execute';
import { allocateOf, widenedKind } from './halves';
import { validateApart, validateApartOrSame } from './overlap';
import { tensorOf } from './results';
import { canonical, concluding, readShared, type Shared } from './shared';
import { type GivenTarget, measureTarget, measureWeight, readTarget } from './targets';

/** What tells the two losses apart. */
export interface LossOperation {
  /** What errors call the first argument. */
  readonly input: 'logits' | 'logProbabilities';
  /** Whether the options of softmax, smoothing, the z-loss, capping and the target's gradient exist. */
  readonly normalizes: boolean;
}

export const crossEntropyOperation: LossOperation = { input: 'logits', normalizes: true };
export const nllLossOperation: LossOperation = { input: 'logProbabilities', normalizes: false };

export interface LossOptions {
  readonly axis?: unknown;
  readonly weight?: unknown;
  readonly ignoreIndex?: unknown;
  readonly labelSmoothing?: unknown;
  readonly reduction?: unknown;
  readonly zLoss?: unknown;
  readonly softcap?: unknown;
  readonly gradient?: unknown;
  readonly targetGradient?: unknown;
}

/** What the options say, but for arrays. */
export interface Settings {
  readonly ignoreIndex: number;
  readonly smoothing: number;
  readonly overOthers: boolean;
  readonly zLoss: number;
  readonly softcap: number;
  readonly reduction: Reduction;
}

export function loss(
  operation: LossOperation,
  backend: Operation<LossCall>,
  entry: Entry,
  given: unknown,
  target: unknown,
  options: object = {},
): unknown {
  try {
    const { normalizes, input } = operation;
    const shared = normalizes ? readShared(options) : readAxis(options);
    const chosen = options as LossOptions;
    const settings = readSettings(chosen, normalizes);
    const { weight, gradient, targetGradient } = chosen;
    const logits = normalizes ? readLogits(given) : readAnyFloats(input, given);
    const targets = readTarget('target', target);
    const weights = weight === undefined ? undefined : readAnyFloats('options.weight', weight);
    const wanted = readWanted('options.gradient', gradient, logits.kind);
    const wantedOfTarget = normalizes
      ? readWanted('options.targetGradient', targetGradient, logits.kind)
      : { name: '', storage: undefined, given: undefined };
    return compute(backend, input, {
      logits,
      targets,
      weights,
      wanted,
      wantedOfTarget,
      shared,
      settings,
    });
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

function readAxis(options: object): Shared {
  validateOptions(options);
  return { axis: (options as LossOptions).axis, mask: undefined, rule: 'limit', beta: 1 };
}

export function readSettings(options: LossOptions, normalizes: boolean): Settings {
  const { ignoreIndex = -100, reduction = 'mean' } = options;
  const { labelSmoothing = 0, zLoss = 0, softcap } = normalizes ? options : ({} as LossOptions);
  if (typeof ignoreIndex !== 'number') throw invalidType('options.ignoreIndex', 'of type number', ignoreIndex);
  if (!Number.isSafeInteger(ignoreIndex)) throw outOfRange('options.ignoreIndex', 'an integer', ignoreIndex);
  if (reduction !== 'mean' && reduction !== 'sum' && reduction !== 'none') {
    throw invalidValue('options.reduction', "must be one of: 'mean', 'sum', 'none'", reduction);
  }
  const { smoothing, overOthers } = readSmoothing(labelSmoothing);
  return {
    ignoreIndex,
    smoothing,
    overOthers,
    zLoss: readNumber('options.zLoss', zLoss, 'finite and >= 0', (value) => value >= 0),
    softcap: softcap === undefined ? 0 : readNumber('options.softcap', softcap, 'finite and > 0', (value) => value > 0),
    reduction,
  };
}

function readSmoothing(value: unknown): { smoothing: number; overOthers: boolean } {
  const inUnit = (name: string, epsilon: unknown): number =>
    readNumber(name, epsilon, '>= 0 and <= 1', (number) => number >= 0 && number <= 1);
  if (typeof value === 'number') return { smoothing: inUnit('options.labelSmoothing', value), overOthers: false };
  if (typeof value !== 'object' || value === null) {
    throw invalidType('options.labelSmoothing', 'of type number, or an object with epsilon', value);
  }
  const { epsilon, over = 'all' } = value as { epsilon?: unknown; over?: unknown };
  if (over !== 'all' && over !== 'others') {
    throw invalidValue('options.labelSmoothing.over', "must be one of: 'all', 'others'", over);
  }
  return { smoothing: inUnit('options.labelSmoothing.epsilon', epsilon), overOthers: over === 'others' };
}

function readNumber(name: string, value: unknown, range: string, isWithin: (value: number) => boolean): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!(Number.isFinite(value) && isWithin(value))) throw outOfRange(name, range, value);
  return value;
}

/** A gradient that may be asked for: storage, true for new storage, or nothing. */
export interface Wanted {
  readonly name: string;
  readonly storage: Given<Floats> | undefined;
  readonly given: unknown;
}

export function readWanted(name: string, given: unknown, kind: string): Wanted {
  if (given === undefined || typeof given === 'boolean') return { name, storage: undefined, given };
  return { name, storage: readStorage<Floats>(name, given, kind), given };
}

interface Request {
  readonly logits: Given<Floats>;
  readonly targets: GivenTarget;
  readonly weights: Given<Floats> | undefined;
  readonly wanted: Wanted;
  readonly wantedOfTarget: Wanted;
  readonly shared: Shared;
  readonly settings: Settings;
}

/** Without what was not asked for. */
interface LossResult {
  loss: unknown;
  totalWeight: number;
  logSumExp?: unknown;
  gradient?: unknown;
  targetGradient?: unknown;
}

function compute(backend: Operation<LossCall>, input: string, request: Request): unknown {
  const { logits, wanted, wantedOfTarget, shared, settings } = request;
  const axes = validateAxes(shared.axis, rankOf(logits), false);
  const dims = measure(logits);
  const layout = layoutOf(dims, axes);
  const { classes, probabilities } = measureTarget(request.targets, dims, layout, settings.ignoreIndex);
  const weight = request.weights && measureWeight(request.weights, layout.n);
  if (classes !== undefined && wantedOfTarget.given !== undefined && wantedOfTarget.given !== false) {
    throw invalidValue(wantedOfTarget.name, 'must not be given with class indices', wantedOfTarget.given);
  }
  const gradient = measureWanted(wanted, request, dims, input);
  const targetGradient = measureWanted(wantedOfTarget, request, dims, undefined);
  if (gradient !== undefined && targetGradient !== undefined) {
    validateApart(wantedOfTarget.name, targetGradient, wanted.name, gradient);
  }
  const arrangement = new Arrangement(dims, layout, logits.kind, shared.beta);
  const rows = layout.outer * layout.inner;
  const { reduction, ignoreIndex } = settings;
  const losses = reduction === 'none' ? allocateLike(widenedKind(logits.kind), rows) : undefined;
  const logSumExp = allocateLike(widenedKind(logits.kind), rows);
  const totals = { loss: 0, totalWeight: 0 };
  const { outer, n, inner, mask, maskStrides, beta, rule } = canonical(shared, layout, arrangement);
  const { smoothing, overOthers, zLoss, softcap } = settings;
  // Property by property: V8 takes microseconds to spread an object and to add to it.
  const call: LossCall = {
    outer,
    n,
    inner,
    mask,
    maskStrides,
    beta,
    rule,
    smoothing,
    overOthers,
    zLoss,
    softcap,
    reduction,
    logits: arrangement.input(logits),
    classes,
    probabilities: probabilities && arrangement.input(probabilities),
    ignored: ignoreIndex >= 0 && ignoreIndex < layout.n ? ignoreIndex : -1,
    weight: weight && arrangement.convert(weight),
    losses: losses && arrangement.rows(losses),
    logSumExp: arrangement.rows(logSumExp),
    gradient: gradient && arrangement.elements(gradient, wanted.name),
    targetGradient: targetGradient && arrangement.elements(targetGradient, wantedOfTarget.name),
    totals,
  };
  const ofRows = (values: FloatArray): unknown =>
    logits.dims === undefined ? values[0] : tensorOf(values, reducedDims(dims, layout.reduced, false));
  const result = (): unknown => {
    const found: LossResult = {
      loss: losses === undefined ? totals.loss : ofRows(losses),
      totalWeight: totals.totalWeight,
    };
    if (input === 'logits') found.logSumExp = ofRows(logSumExp);
    if (gradient !== undefined) found.gradient = shown(wanted, gradient, logits);
    if (targetGradient !== undefined) found.targetGradient = shown(wantedOfTarget, targetGradient, logits);
    return found;
  };
  return backend.perform(call, concluding(arrangement, result));
}

/** Storage that is checked, or made. `same` is the input that it may be. */
function measureWanted(
  { name, storage, given }: Wanted,
  { logits, targets, weights, shared }: Request,
  dims: readonly number[],
  same: string | undefined,
): Floats | undefined {
  if (given === undefined || given === false) return undefined;
  if (storage === undefined) return allocateOf(logits.kind, sizeOf(dims));
  measureStorage(storage, dims);
  if (same === undefined) validateApart(name, storage.data, 'logits', logits.data);
  else validateApartOrSame(name, storage.data, same, logits.data);
  validateApart(name, storage.data, targets.name, targets.data);
  if (weights !== undefined) validateApart(name, storage.data, weights.name, weights.data);
  if (shared.mask !== undefined) validateApart(name, storage.data, shared.mask.name, shared.mask.data);
  return storage.data;
}

/** The shape of a gradient, and its kind. */
interface Shown {
  readonly dims: readonly number[] | undefined;
  readonly kind: string;
}

/** What the user gets for a gradient: the storage as given, or what was allocated. */
export function shown({ storage, given }: Wanted, data: Floats, { dims, kind }: Shown): unknown {
  if (storage !== undefined) return given;
  return dims === undefined ? data : tensorOf(data, dims, kind);
}
