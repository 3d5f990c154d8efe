// What TypeScript infers of a diagnosis, and refuses.
import { describe, expectTypeOf, test } from 'vitest';
import { type Diagnoses, type Diagnosis, diagnose, type Tensor } from '../../lib/index';

const float32 = new Float32Array(3);

describe('diagnose', () => {
  test('numbers for a vector', () => {
    expectTypeOf(diagnose(float32)).toEqualTypeOf<Diagnosis>();
    expectTypeOf(diagnose([1, 2, 3], { beta: 2, axis: 0, mask: new Uint8Array(3) })).toEqualTypeOf<Diagnosis>();
    expectTypeOf(diagnose(float32).gap).toEqualTypeOf<number>();
    expectTypeOf(diagnose(float32).saturated).toEqualTypeOf<boolean>();
  });

  test('tensors for a tensor', () => {
    const rows = diagnose({ data: float32, dims: [1, 3] }, { axis: [0, 1] });
    expectTypeOf(rows).toEqualTypeOf<Diagnoses>();
    expectTypeOf(rows.entropy).toEqualTypeOf<Tensor<Float64Array>>();
    expectTypeOf(rows.ties).toEqualTypeOf<Tensor<Int32Array>>();
    expectTypeOf(rows.saturated.data).toEqualTypeOf<Int32Array>();
  });

  test('what is refused', () => {
    // @ts-expect-error: there is no storage to give
    diagnose(float32, { out: float32 });
    // @ts-expect-error: logits are floats
    diagnose(new Int32Array(3));
    // @ts-expect-error: a result is not to be changed
    diagnose(float32).gap = 1;
  });
});
