// How a layer is trained, and what of it a backend is told.
import { invalidType, outOfRange } from '../errors';
import type { TrainCall } from '../layer-calls';
import { validateApart } from '../operations/overlap';
import type { FloatArray, FloatType } from '../types';
import { validateCount, validateOptions } from '../validate';
import { measureExamples, readExamples, type TrainingExamples } from './examples';
import { canonicalRows, measureIds, ownParameters, readIds } from './layer';

/** How trainStep learns. */
export interface Training {
  readonly learningRate: number;
  readonly tableLearningRate: number;
  /** 0 = by the layer. */
  readonly batchSize: number;
  readonly threads: number;
}

const mostThreads = 64;

export function readTraining(options: unknown): Training {
  validateOptions(options);
  const { learningRate, tableLearningRate, batchSize, threads } = options as Record<keyof Training, unknown>;
  const rate = validateRate('options.learningRate', learningRate);
  return {
    learningRate: rate,
    tableLearningRate:
      tableLearningRate === undefined ? rate : validateRate('options.tableLearningRate', tableLearningRate),
    batchSize: batchSize === undefined ? 0 : validateAtLeastOne('options.batchSize', batchSize, 0x7fffffff),
    threads: threads === undefined ? 1 : validateAtLeastOne('options.threads', threads, mostThreads),
  };
}

function validateRate(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!(value >= 0 && value < Infinity)) throw outOfRange(name, 'finite and >= 0', value);
  return value;
}

function validateAtLeastOne(name: string, value: unknown, most: number): number {
  const count = validateCount(name, value);
  if (count < 1 || count > most) throw outOfRange(name, `>= 1 and <= ${most}`, value);
  return count;
}

/** The arguments of trainStep, checked; `parameters` are the arrays that are trained, by their names. */
export function readStep(
  layer: { readonly classes: number; readonly dim: number; readonly type: FloatType },
  parameters: Readonly<Record<string, FloatArray | undefined>>,
  given: { readonly examples: unknown; readonly targets: unknown; readonly options: unknown },
): { readonly count: number; readonly training: Training; readonly call: TrainCall } {
  const givenExamples = readExamples(given.examples, layer.type);
  const givenTargets = readIds('targets', given.targets);
  const training = readTraining(given.options);
  const examples = measureExamples(givenExamples, layer.dim);
  const { count, table } = examples;
  const targets = measureIds(givenTargets, count, layer.classes);
  for (const [name, array] of Object.entries(parameters)) {
    if (array !== undefined) validateApart('examples.table', table, name, array);
  }
  ownParameters(table, ...Object.values(parameters));
  return { count, training, call: trainCall(examples, targets, training, layer.dim, layer.classes) };
}

/** What all layers tell a backend of a call to trainStep. */
function trainCall(
  { table, size, rows, offsets, count }: TrainingExamples,
  targets: Int32Array,
  { learningRate, tableLearningRate, batchSize }: Training,
  dim: number,
  classes: number,
): TrainCall {
  return {
    ...canonicalRows(count, classes),
    table,
    size,
    depth: dim,
    rows,
    offsets,
    targets,
    learningRate,
    tableLearningRate,
    batchSize,
    totals: { loss: 0 },
  };
}
