// The options of `sample` that are numbers and names, read and checked.
import { invalidType, invalidValue, outOfRange } from '../errors';
import { isArray } from '../intrinsics';
import type { Stage } from '../token-calls';
import { validateCount, validateFlag } from '../validate';

const stages: readonly Stage[] = ['bias', 'penalties', 'temperature', 'minP', 'topK', 'topP', 'typicalP'];
const isOnLogits = (stage: Stage): boolean => stage === 'bias' || stage === 'penalties';

export interface Filters {
  readonly topK: number;
  readonly topP: number;
  readonly leastLog: number;
  readonly typicalP: number;
  readonly repetition: number;
  readonly presence: number;
  readonly frequency: number;
  readonly keepsTies: boolean;
  readonly count: number;
  readonly replace: boolean;
  readonly top: number;
  readonly order: readonly Stage[];
}

type Options = Readonly<Record<string, unknown>>;

export function readFilters(options: object): Filters {
  const { topK, topP, minP, typicalP, repetitionPenalty, presencePenalty, frequencyPenalty } = options as Options;
  const { ties, count, replace, logprobs, order } = options as Options;
  return {
    topK: topK === undefined ? Infinity : readPositive('options.topK', topK),
    topP: readPart('options.topP', topP, 1),
    leastLog: Math.log(readPart('options.minP', minP, 0)),
    typicalP: readPart('options.typicalP', typicalP, 1),
    repetition: readFactor('options.repetitionPenalty', repetitionPenalty),
    presence: readFinite('options.presencePenalty', presencePenalty),
    frequency: readFinite('options.frequencyPenalty', frequencyPenalty),
    keepsTies: readTies(ties),
    count: count === undefined ? 1 : readPositive('options.count', count),
    replace: replace === undefined ? true : validateFlag('options.replace', replace),
    top: logprobs === undefined ? 0 : validateCount('options.logprobs', logprobs),
    order: order === undefined ? stages : readOrder(order),
  };
}

/** The stages that have something to do, in their order. */
export function stagesOf(filters: Filters, beta: number, hasBias: boolean, hasHistory: boolean): Stage[] {
  const { topK, topP, leastLog, typicalP, repetition, presence, frequency, order } = filters;
  const isGiven: Readonly<Record<Stage, boolean>> = {
    bias: hasBias,
    penalties: hasHistory && (repetition !== 1 || presence !== 0 || frequency !== 0),
    temperature: beta !== 1,
    minP: leastLog > -Infinity,
    topK: topK < Infinity,
    topP: topP < 1,
    typicalP: typicalP < 1,
  };
  for (const stage of stages) {
    if (isGiven[stage] && !order.includes(stage)) {
      throw invalidValue('options.order', `must have '${stage}', for which there is an option`, order);
    }
  }
  return order.filter((stage) => isGiven[stage]);
}

function readOrder(value: unknown): Stage[] {
  if (!isArray(value)) throw invalidType('options.order', 'an instance of Array', value);
  const order = Array.from(value, (stage: unknown, i) => {
    if (stages.includes(stage as Stage)) return stage as Stage;
    throw invalidValue(`options.order[${i}]`, `must be one of: ${stages.map((name) => `'${name}'`).join(', ')}`, stage);
  });
  if (new Set(order).size !== order.length) throw invalidValue('options.order', 'must name each stage once', order);
  const firstFilter = order.findIndex((stage) => !isOnLogits(stage));
  if (firstFilter >= 0 && order.slice(firstFilter).some(isOnLogits)) {
    throw invalidValue('options.order', "must have 'bias' and 'penalties' before the others", order);
  }
  return order;
}

function readTies(value: unknown): boolean {
  if (value === undefined || value === 'lower') return false;
  if (value === 'all') return true;
  throw invalidValue('options.ties', "must be one of: 'lower', 'all'", value);
}

function readPositive(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value) || value < 1) throw outOfRange(name, 'an integer >= 1', value);
  return value;
}

/** A part of the mass; `none` is the one that keeps all, from 0 on or up to 1. */
function readPart(name: string, value: unknown, none: 0 | 1): number {
  if (value === undefined) return none;
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (value >= 0 && value <= 1 && (value > 0 || none === 0)) return value;
  throw outOfRange(name, none === 0 ? '>= 0 and <= 1' : '> 0 and <= 1', value);
}

function readFactor(name: string, value: unknown): number {
  if (value === undefined) return 1;
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!(value > 0 && value < Infinity)) throw outOfRange(name, '> 0 and finite', value);
  return value;
}

function readFinite(name: string, value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isFinite(value)) throw outOfRange(name, 'finite', value);
  return value;
}
