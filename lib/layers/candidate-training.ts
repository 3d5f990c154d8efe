// Training a layer on candidates: examples, draws and corrections, for the one call that does it.
import type { CandidateTraining } from '../candidate-calls';
import { invalidType, invalidValue, outOfRange } from '../errors';
import { Float64Array, Int32Array, lengthOf } from '../intrinsics';
import { validateApart } from '../operations/overlap';
import { own } from '../ownership';
import { drawSeed, type Rng, validateRng } from '../random/rng';
import type { Backend } from '../types';
import { measureContexts, type Parameters } from './candidate-loss';
import { correctTargets, countsOf, drawSet, refuseUndrawable, type Sampling, type Seed } from './candidates';
import { measureExamples, readExamples } from './examples';
import { canonicalRows, measureIds, ownParameters, readIds } from './layer';
import { readTraining } from './training';

/** Examples of a window, where no batchSize says so. */
const mostOfWindow = 32;

interface Options {
  readonly rng?: unknown;
  readonly contexts?: unknown;
  readonly scoreGradientLimit?: unknown;
}

type Trainers = Pick<Backend, 'trainSharedCandidates' | 'trainOwnCandidates'>;

export function trainOnCandidates(
  backend: Trainers,
  parameters: Parameters,
  sampling: Sampling,
  given: { readonly examples: unknown; readonly targets: unknown; readonly options: unknown },
): unknown {
  const { classes, dim, type, weight, bias, logPartition, fixedLogPartition } = parameters;
  const training = readTraining(given.options);
  const { rng, contexts, scoreGradientLimit } = given.options as Options;
  const source = validateRng('options.rng', rng);
  const limit = readLimit(scoreGradientLimit, sampling);
  const of = contexts === undefined ? undefined : readIds('options.contexts', contexts);
  const givenExamples = readExamples(given.examples, type);
  const givenTargets = readIds('targets', given.targets);
  const examples = measureExamples(givenExamples, dim);
  const { count } = examples;
  const targets = measureIds(givenTargets, count, classes);
  for (const [name, tensor] of Object.entries({ weight, bias, logPartition })) {
    if (tensor !== undefined) validateApart('examples.table', examples.table, name, tensor.data);
  }
  ownParameters(examples.table, weight.data, bias?.data, logPartition?.data);
  const call: CandidateTraining = {
    ...canonicalRows(count, sampling.samples),
    table: examples.table,
    tableRows: examples.size,
    depth: dim,
    rows: examples.rows,
    offsets: examples.offsets,
    targets,
    matrix: weight.data,
    bias: bias?.data,
    classes,
    logPartition: logPartition?.data,
    contexts: measureContexts(parameters, of, count),
    fixedLogPartition,
    logistic: sampling.logistic,
    withoutHits: sampling.withoutHits,
    batchSize: training.batchSize || defaultBatch(sampling, count),
    learningRate: training.learningRate,
    tableLearningRate: training.tableLearningRate,
    threads: training.threads,
    totals: { loss: 0 },
  };
  const conclude = (): unknown => ({ loss: call.totals.loss / count });
  if (sampling.share === 'batch') {
    const shared = { ...call, ...drawShared(sampling, call, source), scoreGradientLimit: limit };
    return backend.trainSharedCandidates.perform(shared, conclude);
  }
  const { thresholds, aliases } = sampling.proposal.table;
  const logCounts = sampling.counts ? countsOfAll(sampling, classes) : undefined;
  if (!sampling.logistic && sampling.corrects === 'count' && logCounts?.length === classes) {
    refuseUndrawable(
      Float64Array.from(targets, (id) => logCounts[id] as number),
      targets,
    );
  }
  const seed = drawSeed(source);
  return backend.trainOwnCandidates.perform(
    {
      ...call,
      thresholds: own(thresholds),
      aliases: own(aliases),
      seed,
      draw: (stream) => drawSet(sampling, seed, stream),
      logCounts: logCounts && own(logCounts),
      corrects: sampling.corrects,
      window: sampling.share === 'window',
    },
    conclude,
  );
}

/** Softmax has no use for one: its magnitudes sum to 2 at most. */
function readLimit(value: unknown, { share, logistic }: Sampling): number {
  if (value === undefined || !logistic) return Infinity;
  const name = 'options.scoreGradientLimit';
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!(value > 0)) throw outOfRange(name, '> 0', value);
  if (share !== 'batch') throw invalidValue(name, "must be given to a layer with share: 'batch' only", value);
  return value;
}

function defaultBatch({ share }: Sampling, count: number): number {
  if (share === 'batch') return Math.max(count, 1);
  return share === 'window' ? mostOfWindow : 1;
}

/** A set for each minibatch. */
function drawShared(sampling: Sampling, { targets, batchSize }: CandidateTraining, source: Rng) {
  const { samples } = sampling;
  const count = lengthOf(targets);
  const batches = Math.ceil(count / batchSize);
  const candidates = own(new Int32Array(batches * samples));
  const targetCorrection = own(new Float64Array(count));
  const seed: Seed = drawSeed(source);
  for (let batch = 0; batch < batches; batch += 1) {
    const first = batch * batchSize;
    const drawn = drawSet(sampling, seed, first);
    candidates.set(drawn, batch * samples);
    const some = targets.subarray(first, first + batchSize);
    const rows = { ids: some, count: some.length, several: 1 };
    targetCorrection.set(correctTargets(sampling, rows, drawn, false), first);
  }
  return { candidates, candidateCorrection: countsOf(sampling, candidates, samples), targetCorrection };
}

const countsOfAllClasses = new WeakMap<object, { readonly samples: number; readonly counts: Float64Array }>();

/** The log counts of all classes; of a uniform proposal the one of all. Kept for as long as the proposal stays the same. */
function countsOfAll(sampling: Sampling, classes: number): Float64Array {
  const { table } = sampling.proposal;
  const known = countsOfAllClasses.get(table);
  if (known?.samples === sampling.samples) return known.counts;
  const length = table.thresholds.length === 0 ? 1 : classes;
  const ids = Int32Array.from({ length }, (_, id) => id);
  const counts = new Float64Array(new SharedArrayBuffer(8 * length));
  counts.set(countsOf(sampling, ids, sampling.samples));
  countsOfAllClasses.set(table, { samples: sampling.samples, counts });
  return counts;
}
