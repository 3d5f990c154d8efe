// What the output layers take and return, in the types.
import { describe, expectTypeOf, test } from 'vitest';
import {
  AdaptiveSoftmax,
  EmbeddingTable,
  type FloatArray,
  FullSoftmax,
  HierarchicalSoftmax,
  HuffmanTree,
  type LayerGradients,
  type OutputLayer,
  Rng,
  type Tensor,
} from '../../lib/index';
import * as promises from '../../lib/promises';

declare const numbers: number[];
declare const float32: Float32Array;
declare const batch: { data: Float32Array; dims: number[] };
declare const indices: Int32Array;
const rng = new Rng(1);

describe('every layer', () => {
  test('is an OutputLayer, so that one can be put in the place of another', () => {
    expectTypeOf<FullSoftmax>().toExtend<OutputLayer>();
    expectTypeOf<AdaptiveSoftmax>().toExtend<OutputLayer>();
    expectTypeOf<HierarchicalSoftmax>().toExtend<OutputLayer>();
  });

  test('a number for one vector, an array for a tensor', () => {
    const layer: OutputLayer = new FullSoftmax({ classes: 3, dim: 2 });
    expectTypeOf(layer.logProbability(numbers, 1)).toEqualTypeOf<number>();
    expectTypeOf(layer.logProbability(float32, 1)).toEqualTypeOf<number>();
    expectTypeOf(layer.logProbability(batch, indices)).toEqualTypeOf<FloatArray>();
    expectTypeOf(layer.sample(numbers, rng)).toEqualTypeOf<number>();
    expectTypeOf(layer.sample(batch, rng)).toEqualTypeOf<Int32Array>();
    expectTypeOf(layer.topK(batch, 2).ids).toEqualTypeOf<Tensor<Int32Array>>();
    expectTypeOf(layer.lossAndGradient(batch, indices)).toEqualTypeOf<LayerGradients>();
  });

  test('a tree from counts of any kind', () => {
    expectTypeOf(HuffmanTree.fromCounts(numbers, { maxLength: 8 })).toEqualTypeOf<HuffmanTree>();
    expectTypeOf(HuffmanTree.fromCounts(indices).codeOf(0).bits).toEqualTypeOf<Uint8Array>();
    expectTypeOf(
      new HierarchicalSoftmax({ tree: HuffmanTree.fromCounts(numbers), dim: 2 }).tree,
    ).toEqualTypeOf<HuffmanTree>();
    // @ts-expect-error trees are made by its functions
    new HuffmanTree([1, 2]);
  });

  test('a promise of the same', () => {
    const layer = new promises.FullSoftmax({ classes: 3, dim: 2 });
    const { signal } = new AbortController();
    expectTypeOf(layer.logProbability(numbers, 1, { signal })).toEqualTypeOf<Promise<number>>();
    expectTypeOf(layer.sample(batch, rng)).toEqualTypeOf<Promise<Int32Array>>();
    expectTypeOf(layer.distribution(batch, { signal })).toEqualTypeOf<Promise<Tensor>>();
    expectTypeOf(layer.weight).toEqualTypeOf<Tensor>();
  });

  test('a table is a tensor', () => {
    const table = new EmbeddingTable({ size: 3, dim: 2, type: 'float64' });
    expectTypeOf(table).toExtend<Tensor>();
    const layer = new AdaptiveSoftmax({ classes: 9, dim: 2, cutoffs: [3] });
    layer.trainStep({ table, rows: [0, 1] }, [3, 4], { learningRate: 0.1 });
    expectTypeOf(layer.lossAndGradient(batch, indices).projectionGradients).toEqualTypeOf<readonly Tensor[]>();
  });

  test('what is missing or unknown', () => {
    // @ts-expect-error: no dim
    new FullSoftmax({ classes: 3 });
    // @ts-expect-error: no such type
    new FullSoftmax({ classes: 3, dim: 2, type: 'int8' });
    const layer = new FullSoftmax({ classes: 3, dim: 2 });
    // @ts-expect-error: no generator
    layer.sample(batch, 1);
    // @ts-expect-error: no learning rate
    layer.trainStep({ table: batch, rows: [0] }, [1], {});
    // @ts-expect-error: losses are always there
    layer.lossAndGradient(batch, indices, { reduction: 'none' });
  });
});
