// A regression as JSON, and back.
import { corrupted, invalidType } from '../errors';
import { isArray } from '../intrinsics';
import type { Convergence } from '../optimization/search';
import type { Label } from './classes';
import type { Model } from './model';
import type { SoftmaxRegressionJson } from './regression-types';

const format = 'softmax-native SoftmaxRegression';
const version = 1;

interface Stored {
  readonly model: Model;
  readonly fitted: { readonly l2: number; readonly report: Convergence | undefined };
}

export function toJson(
  { classes, width, coefficients, intercept }: Model,
  { l2, report }: Stored['fitted'],
): SoftmaxRegressionJson {
  return {
    format,
    version,
    classes: [...classes],
    features: width,
    coefficients: classes.map((_, c) => [...coefficients.subarray(c * width, (c + 1) * width)]),
    intercept: intercept === undefined ? null : [...intercept],
    l2,
    report: report ?? null,
  };
}

export function fromJson(json: unknown): Stored {
  const given = typeof json === 'string' ? parsed(json) : json;
  if (typeof given !== 'object' || given === null || isArray(given)) {
    throw invalidType('json', 'of type string, or what toJSON gave', json);
  }
  const stored = given as Record<keyof SoftmaxRegressionJson, unknown>;
  demand(stored.format === format, `have the format '${format}'`);
  demand(stored.version === version, `be of version ${version} of the format`);
  const { classes, features: width, coefficients, intercept, l2, report } = stored;
  demand(
    isArray(classes) && classes.length >= 2 && new Set(classes).size === classes.length,
    'have two or more classes',
  );
  const labels = classes as Label[];
  const isLabel = (label: unknown): boolean =>
    typeof label === typeof labels[0] && (typeof label === 'string' || label === ((label as number) | 0));
  demand(labels.every(isLabel), 'have classes that are integers or strings, all alike');
  demand(Number.isSafeInteger(width) && (width as number) > 0, 'have a number of features');
  const rows = isArray(coefficients) ? coefficients : [];
  const isWhole = rows.length === labels.length && rows.every((row) => isNumbers(row, width as number));
  demand(isWhole, `have coefficients of ${labels.length} rows of ${width} finite numbers`);
  demand(intercept === null || isNumbers(intercept, labels.length), 'have an intercept for each class, or null');
  demand(typeof l2 === 'number' && l2 >= 0 && l2 < Infinity, 'have an l2 that is finite and >= 0');
  demand(report === null || typeof report === 'object', 'have a report, or null');
  return {
    model: {
      classes: [...labels],
      width: width as number,
      coefficients: Float64Array.from(rows.flat() as number[]),
      intercept: intercept === null ? undefined : Float64Array.from(intercept as number[]),
    },
    fitted: { l2: l2 as number, report: report === null ? undefined : ({ ...(report as object) } as Convergence) },
  };
}

const isNumbers = (values: unknown, count: number): boolean =>
  isArray(values) && values.length === count && values.every((value) => Number.isFinite(value));

function demand(holds: boolean, expected: string): void {
  if (!holds) throw corrupted('json', expected);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw corrupted('json', 'be JSON');
  }
}
