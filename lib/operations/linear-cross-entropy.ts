// The way of linearCrossEntropy from arguments to result, for either backend. Options are read first and lengths last.
import { atCallSite, invalidType, invalidValue, printShape, shapeMismatch } from '../errors';
import { kindOf } from '../intrinsics';
import { layoutOf, reducedDims, sizeOf } from '../shape';
import type { FloatArray, Floats, LinearLossCall, Operation } from '../types';
import { type Given, measure, measureStorage, readAnyFloats, readStorage } from './arguments';
import { Arrangement, allocateLike } from './arrange';
import type { Entry } from './execute';
import { allocateOf, widenedKind } from './halves';
import { type LossOptions, readSettings, readWanted, type Settings, shown, type Wanted } from './loss';
import { validateApart, validateApartOrSame } from './overlap';
import { tensorOf } from './results';
import { canonical, concluding, readShared, type Shared } from './shared';
import { type GivenTarget, measureTarget, measureWeight, readTarget } from './targets';

interface LinearOptions extends LossOptions {
  readonly bias?: unknown;
}

/** The gradients that are asked for. */
interface Gradients {
  readonly hidden: Wanted;
  readonly weight: Wanted;
  readonly bias: Wanted;
}

interface Request {
  readonly hidden: Given<Floats>;
  readonly matrix: Given<Floats>;
  readonly bias: Given<Floats> | undefined;
  readonly targets: GivenTarget;
  readonly weights: Given<Floats> | undefined;
  readonly gradients: Gradients;
  readonly shared: Shared;
  readonly settings: Settings;
}

export function linearLoss(
  backend: Operation<LinearLossCall>,
  entry: Entry,
  given: unknown,
  weight: unknown,
  target: unknown,
  options: object = {},
): unknown {
  try {
    const shared = readShared(options);
    const chosen = options as LinearOptions;
    const settings = readSettings(chosen, true);
    const { weight: classWeight, bias: givenBias, gradient } = chosen;
    const hidden = readAnyFloats('hidden', given);
    const matrix = readStorage<Floats>('weight', weight, hidden.kind);
    if (matrix.dims === undefined) throw invalidType('weight', 'an object with data and dims', weight);
    const bias = givenBias === undefined ? undefined : readAnyFloats('options.bias', givenBias);
    const targets = readTarget('target', target);
    const weights = classWeight === undefined ? undefined : readAnyFloats('options.weight', classWeight);
    const gradients = readGradients(gradient, hidden.kind, bias !== undefined);
    return compute(backend, { hidden, matrix, bias, targets, weights, gradients, shared, settings });
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

function readGradients(given: unknown, kind: string, hasBias: boolean): Gradients {
  const name = 'options.gradient';
  const all = given === true;
  if (given !== undefined && typeof given !== 'boolean' && !isChoice(given)) {
    throw invalidType(name, 'of type boolean, or an object with hidden, weight and bias', given);
  }
  const chosen = (typeof given === 'object' ? given : {}) as Record<keyof Gradients, unknown>;
  const { hidden = all, weight = all, bias = all && hasBias } = chosen;
  if (bias !== false && !hasBias) throw invalidValue(`${name}.bias`, 'must not be given without options.bias', bias);
  return {
    hidden: readWanted(`${name}.hidden`, hidden, kind),
    weight: readWanted(`${name}.weight`, weight, kind),
    bias: readWanted(`${name}.bias`, bias, kind),
  };
}

const isChoice = (given: unknown): boolean =>
  typeof given === 'object' && given !== null && kindOf(given) === undefined && !('data' in given);

/** Without what was not asked for. */
interface LinearResult {
  loss: unknown;
  totalWeight: number;
  logSumExp: unknown;
  hiddenGradient?: unknown;
  weightGradient?: unknown;
  biasGradient?: unknown;
}

function compute(backend: Operation<LinearLossCall>, request: Request): unknown {
  const { hidden, matrix, bias, targets, weights, gradients, shared, settings } = request;
  const hiddenDims = measure(hidden);
  const depth = hiddenDims.at(-1);
  if (depth === undefined) throw shapeMismatch('hidden', 'have at least one axis', 'shape []');
  const matrixDims = measure(matrix);
  const n = matrixDims[0] as number;
  if (matrixDims.length !== 2 || matrixDims[1] !== depth) {
    throw shapeMismatch('weight', `have shape [classes, ${depth}]`, `shape ${printShape(matrixDims)}`);
  }
  if (bias !== undefined && !isOneForEach(measure(bias), n)) {
    throw shapeMismatch(bias.name, `have shape [${n}], one for each class`, `shape ${printShape(measure(bias))}`);
  }
  const dims = [...hiddenDims.slice(0, -1), n];
  const layout = layoutOf(dims, [dims.length - 1]);
  const { classes, probabilities } = measureTarget(targets, dims, layout, settings.ignoreIndex);
  const weight = weights && measureWeight(weights, n);
  const [hiddenGradient, matrixGradient, biasGradient] = measureGradients(request, hiddenDims, matrixDims);
  const arrangement = new Arrangement(dims, layout, hidden.kind, shared.beta);
  const losses = settings.reduction === 'none' ? allocateLike(widenedKind(hidden.kind), layout.outer) : undefined;
  const logSumExp = allocateLike(widenedKind(hidden.kind), layout.outer);
  const totals = { loss: 0, totalWeight: 0 };
  const { outer, inner, mask, maskStrides, beta, rule } = canonical(shared, layout, arrangement);
  const { smoothing, overOthers, zLoss, softcap, reduction } = settings;
  const call: LinearLossCall = {
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
    hidden: arrangement.converted(hidden),
    matrix: arrangement.converted(matrix),
    bias: bias && arrangement.converted(bias),
    depth,
    classes,
    probabilities: probabilities && arrangement.converted(probabilities),
    ignored: settings.ignoreIndex >= 0 && settings.ignoreIndex < n ? settings.ignoreIndex : -1,
    weight: weight && arrangement.convert(weight),
    losses: losses && arrangement.rows(losses),
    logSumExp: arrangement.rows(logSumExp),
    hiddenGradient: hiddenGradient && arrangement.rows(hiddenGradient, gradients.hidden.name),
    matrixGradient: matrixGradient && arrangement.rows(matrixGradient, gradients.weight.name),
    biasGradient: biasGradient && arrangement.rows(biasGradient, gradients.bias.name),
    totals,
  };
  const ofRows = (values: FloatArray): unknown =>
    hidden.dims === undefined ? values[0] : tensorOf(values, reducedDims(dims, layout.reduced, false));
  const result = (): unknown => {
    const found: LinearResult = {
      loss: losses === undefined ? totals.loss : ofRows(losses),
      totalWeight: totals.totalWeight,
      logSumExp: ofRows(logSumExp),
    };
    if (hiddenGradient !== undefined) found.hiddenGradient = shown(gradients.hidden, hiddenGradient, hidden);
    if (matrixGradient !== undefined) found.weightGradient = shown(gradients.weight, matrixGradient, matrix);
    if (biasGradient !== undefined)
      found.biasGradient = shown(gradients.bias, biasGradient, { dims: bias?.dims, kind: hidden.kind });
    return found;
  };
  return backend.perform(call, concluding(arrangement, result));
}

const isOneForEach = (dims: readonly number[], n: number): boolean => dims.length === 1 && dims[0] === n;

/** Storage that is checked, or made. */
function measureGradients(
  request: Request,
  hiddenDims: readonly number[],
  matrixDims: readonly number[],
): (Floats | undefined)[] {
  const { hidden, gradients } = request;
  const results: [Wanted, Floats][] = [];
  const measureOne = (wanted: Wanted, dims: readonly number[]): Floats | undefined => {
    const { name, storage, given } = wanted;
    if (given === undefined || given === false) return undefined;
    const data = storage === undefined ? allocateOf(hidden.kind, sizeOf(dims)) : storage.data;
    if (storage !== undefined) {
      measureStorage(storage, dims);
      validateInputsApart(name, data, request);
      for (const [other, otherData] of results) validateApart(name, data, other.name, otherData);
    }
    results.push([wanted, data]);
    return data;
  };
  return [
    measureOne(gradients.hidden, hiddenDims),
    measureOne(gradients.weight, matrixDims),
    measureOne(gradients.bias, [matrixDims[0] as number]),
  ];
}

/** The gradient of the hidden rows may take their place; all other storage is apart from all inputs. */
function validateInputsApart(name: string, data: Floats, request: Request): void {
  const { hidden, matrix, bias, targets, weights, shared, gradients } = request;
  if (name === gradients.hidden.name) validateApartOrSame(name, data, hidden.name, hidden.data);
  else validateApart(name, data, hidden.name, hidden.data);
  for (const input of [matrix, bias, targets, weights, shared.mask]) {
    if (input !== undefined) validateApart(name, data, input.name, input.data);
  }
}
