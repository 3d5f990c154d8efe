// How a layer is trained, and what of it a backend is told.
import { invalidType, outOfRange } from '../errors';
import type { TrainCall } from '../layer-calls';
import { validateCount, validateOptions } from '../validate';
import type { TrainingExamples } from './examples';
import { canonicalRows } from './layer';

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

/** What all layers tell a backend of a call to trainStep. */
export function trainCall(
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
