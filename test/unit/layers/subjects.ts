// All output layers, to be asked the same questions. A new layer is a row of `subjects`.

import type { FloatArray, LayerGradients, OutputLayer, SparseGradient, Tensor } from '../../../lib/index';
import * as library from '../../../lib/index';
import { type Library, libraries } from '../../libraries';
import { createRandom } from '../../seed';

export type Type = 'float32' | 'float64';

export const classes = 24;
export const dim = 6;

/** Parameters, and their gradient with zeros where it has no rows. */
export interface Differentiated {
  readonly name: string;
  readonly values: FloatArray;
  readonly gradient: Float64Array;
}

export interface Subject {
  readonly name: string;
  /** With parameters that are not zero. */
  readonly make: (functions: Library, type: Type) => OutputLayer;
  readonly restore: (functions: Library, bytes: Uint8Array) => OutputLayer;
  /** Whether its losses are not those of its distribution. */
  readonly estimates?: boolean;
  /** All parameters that the layer has learnt from. */
  readonly parameters: (layer: OutputLayer, of: LayerGradients) => Differentiated[];
}

export const array = (type: Type, values: ArrayLike<number>): FloatArray =>
  type === 'float32' ? Float32Array.from(values) : Float64Array.from(values);

export function normals(length: number, scale = 1, stream = 1): Float64Array {
  const random = createRandom(stream);
  return Float64Array.from(
    { length },
    () => scale * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

export function dense(sparse: SparseGradient, like: Tensor): Float64Array {
  const columns = like.dims.length === 1 ? 1 : (like.dims[1] as number);
  const whole = new Float64Array(like.data.length);
  sparse.ids.forEach((id, i) => {
    whole.set(sparse.values.data.subarray(i * columns, (i + 1) * columns), id * columns);
  });
  return whole;
}

function linearParameters(layer: OutputLayer, { weightGradient, biasGradient }: LayerGradients): Differentiated[] {
  const { weight, bias } = layer;
  const found = [{ name: 'weight', values: weight.data, gradient: dense(weightGradient, weight) }];
  if (bias !== undefined && biasGradient !== undefined) {
    found.push({ name: 'bias', values: bias.data, gradient: dense(biasGradient, bias) });
  }
  return found;
}

function adaptiveParameters(layer: OutputLayer, of: LayerGradients): Differentiated[] {
  const { projections, tails } = layer as library.AdaptiveSoftmax;
  const { projectionGradients, tailGradients } = of as library.AdaptiveGradients;
  return [
    ...linearParameters(layer, of),
    ...projections.map(({ data }, i) => {
      const gradient = Float64Array.from((projectionGradients[i] as Tensor).data);
      return { name: `projection ${i}`, values: data, gradient };
    }),
    ...tails.map((tail, i) => {
      const gradient = dense(tailGradients[i] as SparseGradient, tail);
      return { name: `tail ${i}`, values: tail.data, gradient };
    }),
  ];
}

function contrastiveParameters(layer: OutputLayer, of: LayerGradients): Differentiated[] {
  const { logPartition } = layer as unknown as library.NoiseContrastive;
  const { logPartitionGradient } = of as library.ContrastiveGradients;
  const found = linearParameters(layer, of);
  if (typeof logPartition === 'number' || logPartitionGradient === undefined) return found;
  const gradient = Float64Array.from(logPartitionGradient.values.data);
  return [...found, { name: 'logPartition', values: logPartition.data, gradient }];
}

/** With a generator for each call, where none is given: what draws is to be asked like the others. */
function seeded<Layer extends object>(layer: Layer, { Rng }: Library): Layer {
  for (const name of ['lossAndGradient', 'trainStep']) {
    const method = Reflect.get(layer, name) as (...args: unknown[]) => unknown;
    const value = (first: unknown, targets: unknown, ...rest: unknown[]) => {
      const [options = name === 'trainStep' ? undefined : {}] = rest;
      const isObject = typeof options === 'object' && options !== null;
      return method.call(layer, first, targets, isObject ? { rng: new Rng(3), ...options } : options);
    };
    Object.defineProperty(layer, name, { value, configurable: true });
  }
  return layer;
}

// With all classes as candidates nothing is left to chance.
const sampling = ({ proposals }: Library) => ({
  proposal: proposals.logUniform(classes),
  samples: classes,
  share: 'batch' as const,
  unique: true,
});

export const subjects: readonly Subject[] = [
  {
    name: 'FullSoftmax',
    make: ({ FullSoftmax }, type) => {
      const weight = { data: array(type, normals(classes * dim)), dims: [classes, dim] };
      return new FullSoftmax({ classes, dim, type, weight, bias: array(type, normals(classes, 1, 2)) });
    },
    restore: ({ FullSoftmax }, bytes) => FullSoftmax.fromBytes(bytes),
    parameters: linearParameters,
  },
  {
    name: 'FullSoftmax without bias',
    make: ({ FullSoftmax }, type) => {
      const weight = { data: array(type, normals(classes * dim, 0.5, 3)), dims: [classes, dim] };
      return new FullSoftmax({ classes, dim, type, weight });
    },
    restore: ({ FullSoftmax }, bytes) => FullSoftmax.fromBytes(bytes),
    parameters: linearParameters,
  },
  {
    name: 'AdaptiveSoftmax',
    make: ({ AdaptiveSoftmax }, type) => {
      const options = { classes, dim, type, cutoffs: [5, 12], divValue: 2, bias: true };
      const { length } = new AdaptiveSoftmax(options).parameters;
      return new AdaptiveSoftmax({ ...options, parameters: array(type, normals(length, 1, 4)) });
    },
    restore: ({ AdaptiveSoftmax }, bytes) => AdaptiveSoftmax.fromBytes(bytes),
    parameters: adaptiveParameters,
  },
  {
    name: 'HierarchicalSoftmax',
    make: ({ HierarchicalSoftmax, HuffmanTree }, type) => {
      const tree = HuffmanTree.fromCounts(Array.from({ length: classes }, (_, i) => 1 + ((i * 7) % 31)));
      const weight = { data: array(type, normals((classes - 1) * dim, 1, 8)), dims: [classes - 1, dim] };
      return new HierarchicalSoftmax({ tree, dim, type, weight, bias: array(type, normals(classes - 1, 1, 9)) });
    },
    restore: ({ HierarchicalSoftmax }, bytes) => HierarchicalSoftmax.fromBytes(bytes),
    parameters: linearParameters,
  },
  ...(['expectedCount', 'negatives'] as const).map(
    (form): Subject => ({
      name: `SampledSoftmax, ${form}`,
      make: (functions, type) => {
        const weight = { data: array(type, normals(classes * dim, 1, 5)), dims: [classes, dim] };
        const bias = array(type, normals(classes, 1, 6));
        const options = { classes, dim, type, weight, bias, form, ...sampling(functions) };
        return seeded(new functions.SampledSoftmax(options), functions) as unknown as OutputLayer;
      },
      restore: (functions, bytes) =>
        seeded(functions.SampledSoftmax.fromBytes(bytes), functions) as unknown as OutputLayer,
      parameters: linearParameters,
    }),
  ),
  ...([{ logPartition: 'learned' }, { negativeSampling: true }] as const).map(
    (chosen): Subject => ({
      name: `NoiseContrastive, ${Object.keys(chosen)[0]}`,
      estimates: true,
      make: (functions, type) => {
        const weight = { data: array(type, normals(classes * dim, 1, 7)), dims: [classes, dim] };
        const options = { classes, dim, type, weight, bias: true, ...chosen, ...sampling(functions) };
        return seeded(new functions.NoiseContrastive(options), functions) as unknown as OutputLayer;
      },
      restore: (functions, bytes) =>
        seeded(functions.NoiseContrastive.fromBytes(bytes), functions) as unknown as OutputLayer,
      parameters: contrastiveParameters,
    }),
  ),
  {
    name: 'HierarchicalSoftmax',
    make: ({ HierarchicalSoftmax }, type) => {
      const counts = Array.from({ length: classes }, (_, c) => 1 + ((c * 37) % 50));
      const weight = array(type, normals((classes - 1) * dim, 1, 9));
      const bias = array(type, normals(classes - 1, 1, 10));
      return new HierarchicalSoftmax({ tree: library.HuffmanTree.fromCounts(counts), dim, type, weight, bias });
    },
    restore: ({ HierarchicalSoftmax }, bytes) => HierarchicalSoftmax.fromBytes(bytes),
    parameters: linearParameters,
  },
];

/** Each layer in each library and type. */
export const cases = libraries.flatMap(([where, functions]) =>
  subjects.flatMap((subject) =>
    (['float64', 'float32'] as const).map((type) => ({
      title: `${subject.name} of ${type}, ${where}`,
      functions,
      subject,
      type,
      make: () => subject.make(functions, type),
    })),
  ),
);
