// The way of diagnose from arguments to result, for either backend: a backend writes all fields of a row one after the
// other, here they become an object of numbers, or of tensors.
import { atCallSite } from '../errors';
import { Float64Array, Int32Array, lengthOf } from '../intrinsics';
import type { Diagnoses, Diagnosis } from '../options';
import { own } from '../ownership';
import { layoutOf, reducedDims } from '../shape';
import type { DiagnoseCall, Operation } from '../types';
import { validateAxes } from '../validate';
import { measure, rankOf, readLogits } from './arguments';
import { Arrangement, fitsFloat32 } from './arrange';
import type { Entry } from './execute';
import { tensorOf } from './results';
import { canonical, concluding, readShared } from './shared';

/** In the order in which a backend writes them. */
const fields = [
  'max',
  'gap',
  'ties',
  'pMax',
  'oneMinusPMax',
  'entropy',
  'effectiveClasses',
  'jacobianTrace',
  'jacobianNorm',
  'saturated',
  'suggestedScale',
  'relativeErrorBound',
  'firstNonFinite',
] as const satisfies readonly (keyof Diagnosis)[];

const integers: readonly string[] = ['ties', 'saturated', 'firstNonFinite'];

/** `entry` is the public function: errors are shown at its caller. */
export function diagnosis(
  operation: Operation<DiagnoseCall>,
  entry: Entry,
  given: unknown,
  options: object = {},
): unknown {
  try {
    const shared = readShared(options);
    const logits = readLogits(given);
    const axes = validateAxes(shared.axis, rankOf(logits), false);
    const dims = measure(logits);
    const layout = layoutOf(dims, axes);
    // All is computed in float64: no beta asks for a copy.
    const arrangement = new Arrangement(dims, layout, logits.kind, 1);
    const rows = layout.outer * layout.inner;
    const out = own(new Float64Array(rows * fields.length));
    const { outer, n, inner, mask, maskStrides, beta, rule } = canonical(shared, layout, arrangement);
    const result = (): unknown =>
      logits.dims === undefined ? ofVector(out) : ofRows(out, reducedDims(dims, axes, false));
    if (rows === 0) return result();
    const [values, inFloat64] = [arrangement.input(logits), !fitsFloat32(beta)];
    const call = { outer, n, inner, mask, maskStrides, beta, rule, logits: values, out, inFloat64 };
    return operation.perform(call, concluding(arrangement, result));
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

function ofVector(values: Float64Array): Diagnosis {
  const entries = fields.map((field, i) => [field, field === 'saturated' ? values[i] === 1 : values[i]]);
  return Object.fromEntries(entries) as Diagnosis;
}

function ofRows(values: Float64Array, dims: readonly number[]): Diagnoses {
  const rows = lengthOf(values) / fields.length;
  const entries = fields.map((field, i) => {
    const column = integers.includes(field) ? new Int32Array(rows) : new Float64Array(rows);
    for (let row = 0; row < rows; row += 1) column[row] = values[row * fields.length + i] as number;
    return [field, tensorOf(column, [...dims])];
  });
  return Object.fromEntries(entries) as Diagnoses;
}
