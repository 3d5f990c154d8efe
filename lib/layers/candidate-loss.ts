// The losses and gradients of a layer that learns from candidates.
import type { CandidateCall } from '../candidate-calls';
import { invalidValue, outOfRange } from '../errors';
import { Float64Array, Int32Array } from '../intrinsics';
import { allocateLike } from '../operations/arrange';
import { tensorOf } from '../operations/results';
import type { GivenTarget } from '../operations/targets';
import { own } from '../ownership';
import { drawSeed, type Rng, validateRng } from '../random/rng';
import type { FloatArray, FloatType, Operation, Tensor } from '../types';
import {
  type Candidates,
  drawCandidates,
  type GivenCandidates,
  measureCandidates,
  measureTargets,
  participants,
  type RowTargets,
  readCandidates,
  type Sampling,
} from './candidates';
import { canonicalRows, measureHidden, measureIds, ownParameters, readHidden, readIds, readReduction } from './layer';
import { kindOfType } from './parameters';
import type { LayerGradients, SparseGradient } from './types';

/** The parameters of a layer. */
export interface Parameters {
  readonly classes: number;
  readonly dim: number;
  readonly type: FloatType;
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  /** The log partition where it is learned: one, or one for each context. */
  readonly logPartition?: Tensor | undefined;
  /** Else what it is. */
  readonly fixedLogPartition: number;
}

interface Options {
  readonly rng?: unknown;
  readonly candidates?: unknown;
  readonly contexts?: unknown;
}

/** What came of a call, for the estimator to report from. */
export interface CandidateResult extends LayerGradients {
  readonly call: CandidateCall;
  readonly targets: RowTargets;
  readonly logPartitionGradient?: SparseGradient;
}

/** Gives what `conclude` makes of the result. */
export function candidateGradients(
  operation: Operation<CandidateCall>,
  parameters: Parameters,
  sampling: Sampling,
  given: { readonly hidden: unknown; readonly targets: unknown; readonly options: object },
  conclude: (result: CandidateResult) => unknown,
): unknown {
  const { classes, dim, type, weight, bias } = parameters;
  const isMean = readReduction(given.options);
  const { rng, candidates, contexts } = given.options as Options;
  const chosen = candidates === undefined ? undefined : readCandidates(candidates);
  const source = chosen === undefined ? validateRng('options.rng', rng) : undefined;
  const of = contexts === undefined ? undefined : readIds('options.contexts', contexts);
  const givenHidden = readHidden(given.hidden, type);
  const givenTargets = readIds('targets', given.targets);
  const hidden = measureHidden(givenHidden, dim);
  const targets = measureTargets(givenTargets, hidden.count, classes);
  const partition = measurePartition(parameters, of, hidden.count);
  const used = candidatesOf(sampling, chosen, source, targets, classes);
  const { ids, positions } = participants(targets.ids, used.ids);
  ownParameters(weight.data, bias?.data);
  const make = (length: number): FloatArray => allocateLike(kindOfType[type], length);
  const call: CandidateCall = {
    ...canonicalRows(hidden.count, used.n),
    hidden: hidden.data,
    matrix: weight.data,
    bias: bias?.data,
    depth: dim,
    classes,
    ids,
    targets: positions[0] as Int32Array,
    several: targets.several,
    candidates: positions[1] as Int32Array,
    ownCandidates: used.isOwn,
    targetCorrection: used.targetCorrection,
    candidateCorrection: used.correction,
    logPartition: partition?.values,
    logistic: sampling.logistic,
    withoutHits: sampling.withoutHits,
    factor: isMean ? 1 / hidden.count : 1,
    losses: make(hidden.count),
    hiddenGradient: make(hidden.count * dim),
    matrixGradient: make(ids.length * dim),
    biasGradient: bias && make(ids.length),
    reports: own(new Float64Array(4 * hidden.count)),
  };
  return operation.perform(call, () => {
    let loss = 0;
    for (let row = 0; row < hidden.count; row += 1) loss += call.losses[row] as number;
    const { biasGradient } = call;
    return conclude({
      call,
      targets,
      loss: isMean ? loss / hidden.count : loss,
      losses: call.losses,
      hiddenGradient: tensorOf(call.hiddenGradient, hidden.dims),
      weightGradient: { ids, values: tensorOf(call.matrixGradient, [ids.length, dim]) },
      ...(biasGradient && { biasGradient: { ids, values: tensorOf(biasGradient, [ids.length]) } }),
      ...(partition?.of && { logPartitionGradient: partitionGradient(call, partition.of, make) }),
    });
  });
}

function candidatesOf(
  sampling: Sampling,
  given: GivenCandidates | undefined,
  rng: Rng | undefined,
  targets: RowTargets,
  classes: number,
): Candidates {
  if (given !== undefined) return measureCandidates(given, sampling, targets, classes);
  return drawCandidates(sampling, drawSeed(rng as Rng), targets);
}

/** The log partition of each row, and if it is learned which of the parameters it is. */
interface RowPartition {
  readonly values: Float64Array;
  readonly of?: Int32Array;
}

/** The contexts of rows: given where there is more than one log partition. */
export function measureContexts(
  { logPartition }: Pick<Parameters, 'logPartition'>,
  contexts: GivenTarget | undefined,
  rows: number,
): Int32Array | undefined {
  const several = logPartition !== undefined && logPartition.dims.length === 1;
  if (!several) {
    if (contexts === undefined) return undefined;
    throw invalidValue('options.contexts', "is for a log partition by 'context'", contexts.data);
  }
  if (contexts === undefined) {
    throw outOfRange('options.contexts', 'one id for each row: the log partition is by context', contexts);
  }
  return measureIds(contexts, rows, logPartition.dims[0] as number);
}

function measurePartition(
  parameters: Parameters,
  given: GivenTarget | undefined,
  rows: number,
): RowPartition | undefined {
  const { logPartition, fixedLogPartition } = parameters;
  const contexts = measureContexts(parameters, given, rows);
  const values = own(new Float64Array(rows));
  if (logPartition === undefined)
    return fixedLogPartition === 0 ? undefined : { values: values.fill(fixedLogPartition) };
  const of = contexts ?? new Int32Array(rows);
  for (let row = 0; row < rows; row += 1) values[row] = logPartition.data[of[row] as number] as number;
  return { values, of };
}

/** The score falls by as much as the log partition rises. */
function partitionGradient(call: CandidateCall, of: Int32Array, make: (length: number) => FloatArray): SparseGradient {
  const { ids, positions } = participants(of);
  const values = make(ids.length);
  for (let row = 0; row < of.length; row += 1) {
    const position = (positions[0] as Int32Array)[row] as number;
    values[position] = (values[position] as number) - call.factor * (call.reports[4 * row + 2] as number);
  }
  return { ids, values: tensorOf(values, [ids.length]) };
}
