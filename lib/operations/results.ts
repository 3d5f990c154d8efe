// Results as users get them.
import { kindOf } from '../intrinsics';
import type { FloatArray, Tensor } from '../types';

const typeOfKind: Readonly<Record<string, Tensor['type']>> = {
  Float32Array: 'float32',
  Float64Array: 'float64',
  Int32Array: 'int32',
};

export function tensorOf<Elements extends FloatArray | Int32Array>(
  data: Elements,
  dims: readonly number[],
): Tensor<Elements> {
  return { data, dims, type: typeOfKind[kindOf(data) as string] as Tensor['type'] };
}
