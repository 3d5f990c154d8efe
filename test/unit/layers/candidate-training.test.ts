// trainStep of the layers that sample: gradient descent by their own lossAndGradient with the same draws, in every way
// of sharing candidates; the same bits wherever it runs; and that it learns.
import { describe, expect, test } from 'vitest';
import { type FloatArray, proposals, Rng, SampledSoftmax as Sampled } from '../../../lib/index';
import { addon } from '../../../lib/native/loaded';
import { libraries } from '../../libraries';
import { createRandom } from '../../seed';
import { array, dense, normals, type Type } from './subjects';

const [classes, dim, size, count] = [15, 7, 9, 23];
const random = createRandom(20);
const below = (n: number) => Math.floor(n * random());
const rows = Int32Array.from({ length: 2 * count }, () => below(size));
const offsets = Int32Array.from({ length: count + 1 }, (_, k) => 2 * k);
// In runs, so that there are windows.
const targets = Int32Array.from({ length: count }, (_, k) => Math.floor(k / 4) * 2);
const contexts = Int32Array.from({ length: count }, (_, k) => k % 3);
const counts = Array.from({ length: classes }, (_, id) => 40 - id);

const ways = [
  { layer: 'SampledSoftmax', samples: 6 },
  { layer: 'SampledSoftmax', samples: 6, form: 'negatives' },
  { layer: 'SampledSoftmax', samples: 6, form: 'negatives', unique: false },
  { layer: 'SampledSoftmax', samples: 4, share: 'example', form: 'negatives' },
  { layer: 'SampledSoftmax', samples: 4, share: 'example' },
  { layer: 'SampledSoftmax', samples: 4, share: 'window' },
  { layer: 'NoiseContrastive', samples: 5 },
  { layer: 'NoiseContrastive', samples: 5, negativeSampling: true },
  { layer: 'NoiseContrastive', samples: 5, negativeSampling: true, share: 'window' },
  { layer: 'NoiseContrastive', samples: 8, share: 'batch', logPartition: 'learned' },
  { layer: 'NoiseContrastive', samples: 5, logPartition: 'context', contexts: 3 },
  { layer: 'NoiseContrastive', samples: 5, logPartition: 2, uniform: true },
] as const;

type Way = (typeof ways)[number];

const made = ({ layer, ...way }: Way, functions: (typeof libraries)[number][1], type: Type, bias: boolean) => {
  const { uniform = false, ...options } = way as Record<string, unknown>;
  const proposal = uniform ? proposals.uniform(classes) : proposals.unigram(counts);
  const weight = { data: array(type, normals(classes * dim, 0.5, 6)), dims: [classes, dim] };
  return new functions[layer]({ classes, dim, type, weight, bias, proposal, ...options } as never);
};

const tableOf = (type: Type) => ({ data: array(type, normals(size * dim, 1, 7)), dims: [size, dim] });

/** Examples that see the same parameters. */
function stepsOf(way: Way, batchSize: number | undefined): number[][] {
  const all = Array.from(targets.keys());
  const share = 'share' in way ? way.share : way.layer === 'SampledSoftmax' ? 'batch' : 'example';
  const most = batchSize ?? (share === 'batch' ? count : share === 'window' ? 32 : 1);
  const steps: number[][] = [];
  for (const k of all) {
    const step = steps.at(-1);
    const follows = share !== 'window' || targets[k] === targets[k - 1];
    if (step !== undefined && step.length < most && follows) step.push(k);
    else steps.push([k]);
  }
  return steps;
}

describe.each(libraries)('%s', (_, functions) => {
  const cases = ways.flatMap((way) =>
    [undefined, 3].map((batchSize) => ({ way, batchSize, name: JSON.stringify(way) })),
  );

  test.each(cases)('descends by lossAndGradient: $name, batchSize $batchSize', ({ way, batchSize }) => {
    const [layer, plain] = [made(way, functions, 'float64', true), made(way, functions, 'float64', true)];
    const [table, wanted] = [tableOf('float64'), tableOf('float64').data];
    const [learningRate, tableLearningRate] = [0.2, 0.1];
    const context = 'contexts' in way ? { contexts } : {};
    const given = { learningRate, tableLearningRate, rng: new Rng(31), batchSize, ...context };
    const { loss } = layer.trainStep({ table, rows, offsets }, targets, given);
    const seed = new Rng(31);
    const low = BigInt(seed.nextUint32());
    const callSeed = low + (BigInt(seed.nextUint32()) << 32n);
    const share = 'share' in way ? way.share : way.layer === 'SampledSoftmax' ? 'batch' : 'example';
    let total = 0;
    for (const step of stepsOf(way, batchSize)) {
      const first = step[0] as number;
      // The documented rule: what begins with example e is drawn from stream e.
      const set = (e: number) =>
        plain.proposal.sample(way.samples, { unique: plain.unique, rng: new Rng(callSeed, e) });
      const drawn = share === 'example' ? step.flatMap((e) => [...set(e)]) : [...set(first)];
      const ids = share === 'example' ? { data: Int32Array.from(drawn), dims: [step.length, way.samples] } : drawn;
      const hidden = new Float64Array(step.length * dim);
      step.forEach((e, i) => {
        for (let b = 0; b < 2; b += 1) {
          for (let j = 0; j < dim; j += 1) {
            const place = (rows[2 * e + b] as number) * dim + j;
            hidden[i * dim + j] = (hidden[i * dim + j] as number) + (wanted[place] as number) / 2;
          }
        }
      });
      const found = plain.lossAndGradient(
        { data: hidden, dims: [step.length, dim] },
        step.map((e) => targets[e] as number),
        {
          reduction: 'sum',
          candidates: { ids },
          ...('contexts' in way ? { contexts: step.map((e) => contexts[e] as number) } : {}),
        } as never,
      ) as ReturnType<InstanceType<typeof functions.NoiseContrastive>['lossAndGradient']>;
      total += found.loss;
      const descend = (values: FloatArray, gradient: Float64Array): void =>
        gradient.forEach((g, i) => {
          values[i] = (values[i] as number) - learningRate * g;
        });
      descend(plain.weight.data, dense(found.weightGradient, plain.weight));
      if (plain.bias && found.biasGradient) descend(plain.bias.data, dense(found.biasGradient, plain.bias));
      const partition = 'logPartition' in plain ? plain.logPartition : undefined;
      if (typeof partition === 'object' && found.logPartitionGradient) {
        const { ids: of, values } = found.logPartitionGradient;
        of.forEach((c, i) => {
          partition.data[c] = (partition.data[c] as number) - learningRate * (values.data[i] as number);
        });
      }
      step.forEach((e, i) => {
        for (let b = 0; b < 2; b += 1) {
          for (let j = 0; j < dim; j += 1) {
            const place = (rows[2 * e + b] as number) * dim + j;
            const change = (tableLearningRate / 2) * (found.hiddenGradient.data[i * dim + j] as number);
            wanted[place] = (wanted[place] as number) - change;
          }
        }
      });
    }
    const expectClose = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
      for (let i = 0; i < b.length; i += 1) expect(Math.abs((a[i] as number) - (b[i] as number))).toBeLessThan(1e-11);
    };
    expectClose([loss], [total / count]);
    expectClose(layer.weight.data, plain.weight.data);
    expectClose(layer.bias?.data ?? [], plain.bias?.data ?? []);
    expectClose(table.data, wanted);
    if ('logPartition' in layer && typeof layer.logPartition === 'object' && 'logPartition' in plain) {
      expectClose(layer.logPartition.data, (plain.logPartition as { data: FloatArray }).data);
    }
  });
});

const [, native] = libraries[0] as (typeof libraries)[number];

function trained(way: Way, type: Type, threads = 1): number[] {
  const layer = made(way, native, type, true);
  const table = tableOf(type);
  const options = { learningRate: 0.1, rng: new Rng(9), threads, ...('contexts' in way ? { contexts } : {}) };
  const losses = [1, 2, 3].map(() => layer.trainStep({ table, rows, offsets }, targets, options).loss);
  return [...losses, ...layer.weight.data, ...(layer.bias?.data ?? []), ...table.data];
}

describe.skipIf(addon === undefined)('the same bits', () => {
  test.each(ways.map((way) => ({ way, name: JSON.stringify(way) })))('on every instruction set: $name', ({ way }) => {
    const binary = addon as NonNullable<typeof addon>;
    const before = binary.isa();
    for (const type of ['float32', 'float64'] as const) {
      const wanted = trained(way, type);
      expect(trained(way, type)).toEqual(wanted);
      try {
        for (const isa of binary.isas()) {
          expect(binary.select(isa)).toBe(true);
          expect(trained(way, type), isa).toEqual(wanted);
        }
      } finally {
        binary.select(before);
      }
    }
  });

  test('with any number of threads, where a minibatch shares its candidates', () => {
    const big = (threads: number): FloatArray => {
      const layer = new Sampled({
        classes: 500,
        dim: 32,
        proposal: proposals.logUniform(500),
        samples: 200,
        bias: true,
      });
      const table = { data: Float32Array.from(normals(300 * 32, 1, 8)), dims: [300, 32] };
      const of = Int32Array.from({ length: 600 }, (_, k) => k % 300);
      const options = { learningRate: 0.1, rng: new Rng(2), threads, batchSize: 300 };
      layer.trainStep({ table, rows: of }, of, options);
      return layer.weight.data;
    };
    expect(big(4)).toEqual(big(1));
  });
});

describe('learning', () => {
  const density = [0.4, 0.2, 0.15, 0.1, 0.06, 0.04, 0.03, 0.02];
  const examples = Int32Array.from({ length: 20_000 }, () => {
    let left = random();
    return density.findIndex((p) => {
      left -= p;
      return left < 0;
    });
  }).map((id) => (id < 0 ? 0 : id));
  const proposal = proposals.unigram([3, 3, 2, 2, 1, 1, 1, 1], { power: 1 });

  const learners = [
    ['noise-contrastive estimation', () => new native.NoiseContrastive({ ...shape, samples: 20 })],
    ['in windows', () => new native.NoiseContrastive({ ...shape, samples: 20, share: 'window' })],
    [
      'with a log partition learned',
      () => new native.NoiseContrastive({ ...shape, samples: 20, logPartition: 'learned' }),
    ],
    ['sampled softmax', () => new native.SampledSoftmax({ ...shape, samples: 4 })],
    ['sampled softmax of own negatives', () => new native.SampledSoftmax({ ...shape, samples: 16, share: 'example' })],
  ] as const;
  const shape = { classes: 8, dim: 1, bias: true, proposal } as const;

  test.each(learners)('%s finds the density', (_, make) => {
    for (const threads of [1, 2]) {
      const layer = make();
      const table = { data: Float32Array.of(0), dims: [1, 1] };
      const of = new Int32Array(examples.length);
      const rng = new Rng(3);
      const batchSize = layer.share === 'batch' ? 50 : undefined;
      const rates = layer.share === 'batch' ? [0.01, 0.002, 0.0005] : [0.05, 0.01, 0.002];
      for (const learningRate of rates) {
        layer.trainStep({ table, rows: of }, examples, { learningRate, tableLearningRate: 0, rng, batchSize, threads });
      }
      const found = layer.distribution([0]).data;
      density.forEach((p, id) => {
        expect(Math.abs((found[id] as number) - p), `class ${id}, ${threads} threads`).toBeLessThan(0.03);
      });
    }
  });

  test('negative sampling does not: its scores are log(p / (k q))', () => {
    const layer = new native.NoiseContrastive({
      ...shape,
      samples: 5,
      negativeSampling: true,
      removeAccidentalHits: false,
    });
    const table = { data: Float32Array.of(0), dims: [1, 1] };
    const rng = new Rng(3);
    for (const learningRate of [0.1, 0.02, 0.005]) {
      layer.trainStep({ table, rows: new Int32Array(examples.length) }, examples, {
        learningRate,
        tableLearningRate: 0,
        rng,
      });
    }
    density.forEach((p, id) => {
      const wanted = Math.log(p) - Math.log(5) - proposal.logProbability(id);
      expect(Math.abs((layer.bias?.data[id] as number) - wanted)).toBeLessThan(0.25);
    });
  });
});
