// Results as users get them.
import { kindOf } from '../intrinsics';
import type { Floats, Tensor } from '../types';

const typeOfKind: Readonly<Record<string, Tensor['type']>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int32Array: 'int32',
  Float16Array: 'float16',
  float16: 'float16',
  bfloat16: 'bfloat16',
};

/** `kind` is what the data holds where it is a Uint16Array. */
export function tensorOf<Elements extends Floats | Int32Array>(
  data: Elements,
  dims: readonly number[],
  kind = kindOf(data) as string,
): Tensor<Elements> {
  return { data, dims, type: typeOfKind[kind] as Tensor['type'] };
}
