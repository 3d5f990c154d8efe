// What the layers that sample give: the losses of TensorFlow's functions as its documentation writes them, gradients,
// reports, and what each option changes.
import { describe, expect, test } from 'vitest';
import { importanceSampling, proposals, Rng } from '../../../lib/index';
import { libraries } from '../../libraries';
import { array, dense, normals } from './subjects';

const [classes, dim, batch] = [12, 4, 5];
const weight = { data: normals(classes * dim, 0.7, 1), dims: [classes, dim] };
const bias = normals(classes, 0.5, 2);
const hidden = { data: normals(batch * dim, 1, 3), dims: [batch, dim] };
const targets = [3, 0, 11, 3, 7];
const proposal = proposals.unigram([9, 8, 7, 6, 5, 4, 3, 2, 2, 1, 1, 1], { power: 1 });

const logit = (row: number, id: number): number => {
  let sum = bias[id] as number;
  for (let k = 0; k < dim; k += 1)
    sum += (hidden.data[row * dim + k] as number) * (weight.data[id * dim + k] as number);
  return sum;
};
const softplus = (x: number): number => Math.log1p(Math.exp(x));
const logSumExp = (x: readonly number[]): number => Math.log(x.reduce((sum, value) => sum + Math.exp(value), 0));

function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, bound = 1e-12): void {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i += 1) {
    const far = Math.abs((found[i] as number) - (wanted[i] as number)) / Math.max(1, Math.abs(wanted[i] as number));
    if (!(far <= bound)) throw new Error(`element ${i} is ${found[i]}, not ${wanted[i]}`);
  }
}

/** d value / d x, by central differences. */
const differences = (x: Float64Array, value: () => number): Float64Array =>
  x.map((at, i) => {
    x[i] = at + 1e-5;
    const above = value();
    x[i] = at - 1e-5;
    const below = value();
    x[i] = at;
    return (above - below) / 2e-5;
  });

describe.each(libraries)('%s', (_, { SampledSoftmax, NoiseContrastive }) => {
  const options = { classes, dim, type: 'float64', weight, bias, proposal } as const;

  // tf.nn.sampled_softmax_loss and tf.nn.nce_loss: logits of num_true targets and of the sampled classes, less the
  // logarithms of their expected counts; labels 1 / num_true for targets, 0 for sampled; accidental hits masked.
  const ids = [3, 5, 3, 1, 0, 11];
  const logExpectedCount = ids.map((__, i) => -0.3 * i - 0.2);
  const several = { data: Int32Array.from([3, 1, 0, 2, 11, 4, 3, 3, 7, 8]), dims: [batch, 2] };
  const targetLogExpectedCount = { data: normals(2 * batch, 0.5, 4), dims: [batch, 2] };
  const candidates = { ids, logExpectedCount, targetLogExpectedCount };
  const rowsOf = (row: number, removeHits: boolean) => {
    const mine = [...several.data.subarray(2 * row, 2 * row + 2)];
    const ofTargets = mine.map((id, t) => logit(row, id) - (targetLogExpectedCount.data[2 * row + t] as number));
    const ofSampled = ids.flatMap((id, i) =>
      removeHits && mine.includes(id) ? [] : [logit(row, id) - (logExpectedCount[i] as number)],
    );
    return { ofTargets, ofSampled };
  };

  test.each([true, false])('sampled_softmax_loss, remove_accidental_hits %s', (removeAccidentalHits) => {
    const layer = new SampledSoftmax({ ...options, samples: 6, removeAccidentalHits });
    const { losses } = layer.lossAndGradient(hidden, several, { candidates });
    const wanted = Array.from({ length: batch }, (__, row) => {
      const { ofTargets, ofSampled } = rowsOf(row, removeAccidentalHits);
      const total = logSumExp([...ofTargets, ...ofSampled]);
      return ofTargets.reduce((sum, score) => sum + (total - score) / 2, 0);
    });
    expectClose(losses, wanted);
  });

  test.each([true, false])('nce_loss, remove_accidental_hits %s', (removeAccidentalHits) => {
    const layer = new NoiseContrastive({ ...options, samples: 6, removeAccidentalHits });
    const { losses } = layer.lossAndGradient(hidden, several, { candidates });
    const wanted = Array.from({ length: batch }, (__, row) => {
      const { ofTargets, ofSampled } = rowsOf(row, removeAccidentalHits);
      // Sigmoid cross-entropy with logits: log(1 + e^x) - label x.
      const positive = ofTargets.reduce((sum, score) => sum + softplus(score) - score / 2, 0);
      return positive + ofSampled.reduce((sum, score) => sum + softplus(score), 0);
    });
    expectClose(losses, wanted);
  });

  const kinds = [
    ['sampled softmax', () => new SampledSoftmax({ ...options, samples: 6 })],
    [
      'sampled softmax over negatives',
      () => new SampledSoftmax({ ...options, samples: 6, form: 'negatives', unique: false }),
    ],
    ['noise-contrastive estimation', () => new NoiseContrastive({ ...options, samples: 6, logPartition: 1.5 })],
    [
      'the same by context',
      () => new NoiseContrastive({ ...options, samples: 3, logPartition: 'context', contexts: 3 }),
    ],
    [
      'negative sampling',
      () => new NoiseContrastive({ ...options, samples: 3, negativeSampling: true, share: 'window' }),
    ],
    ['own candidates', () => new SampledSoftmax({ ...options, samples: 4, share: 'example' })],
  ] as const;

  test.each(kinds)('gradients of %s by finite differences', (__, make) => {
    const layer = make();
    const partition =
      'logPartition' in layer && typeof layer.logPartition === 'object' ? layer.logPartition : undefined;
    const contexts = partition === undefined ? undefined : [2, 0, 2, 2, 0];
    const x = { data: hidden.data.slice(), dims: hidden.dims };
    const evaluate = () => layer.lossAndGradient(x, targets, { rng: new Rng(8), contexts } as { rng: Rng });
    const found = evaluate();
    const loss = () => evaluate().loss;
    expectClose(found.hiddenGradient.data, differences(x.data, loss), 1e-8);
    expectClose(dense(found.weightGradient, layer.weight), differences(layer.weight.data as Float64Array, loss), 1e-8);
    const ofBias = found.biasGradient as typeof found.weightGradient;
    const { bias: numbers } = layer;
    if (numbers === undefined) throw new Error('There is a bias');
    expectClose(dense(ofBias, numbers), differences(numbers.data as Float64Array, loss), 1e-8);
    if (partition === undefined) return;
    const { logPartitionGradient } = found as ReturnType<InstanceType<typeof NoiseContrastive>['lossAndGradient']>;
    expect([...(logPartitionGradient?.ids ?? [])]).toEqual([0, 2]);
    const wanted = differences(partition.data as Float64Array, loss);
    expectClose(logPartitionGradient?.values.data ?? [], [wanted[0] as number, wanted[2] as number], 1e-8);
  });

  test('ids of gradients are those that take part, ascending, each once', () => {
    const layer = new SampledSoftmax({ ...options, samples: 6 });
    const { weightGradient, biasGradient } = layer.lossAndGradient(hidden, targets, { candidates: { ids: [5, 5, 1] } });
    expect([...weightGradient.ids]).toEqual([0, 1, 3, 5, 7, 11]);
    expect(weightGradient.values.dims).toEqual([6, dim]);
    expect(biasGradient?.values.dims).toEqual([6]);
  });

  test('the estimate of the partition function is that of importance sampling', () => {
    const layer = new SampledSoftmax({ ...options, samples: 8, unique: false });
    const rng = new Rng(4);
    const drawn = proposal.sample(8, { rng: new Rng(drawSeed(new Rng(4)), 0) });
    const { ess, logZ, logZStandardError } = layer.lossAndGradient(hidden, targets, { rng });
    for (let row = 0; row < batch; row += 1) {
      const logits = Array.from(drawn, (id) => logit(row, id));
      const wanted = importanceSampling(logits, proposal.logProbability(drawn));
      expectClose([ess[row] as number], [wanted.ess]);
      expectClose([logZ[row] as number], [wanted.logZ]);
      expectClose([logZStandardError[row] as number], [wanted.logZStandardError]);
    }
  });

  test.each([
    { form: 'negatives', unique: false },
    { form: 'negatives', unique: true },
    { form: 'expectedCount', unique: true },
    { form: 'expectedCount', unique: false },
  ] as const)('its mean is the partition function: $form, unique $unique', ({ form, unique }) => {
    const layer = new SampledSoftmax({ ...options, samples: 4, form, unique });
    const exact = logSumExp(Array.from({ length: classes }, (__, id) => logit(0, id)));
    let [sum, squares] = [0, 0];
    const runs = 800;
    const rng = new Rng(77);
    for (let i = 0; i < runs; i += 1) {
      const { logZ } = layer.lossAndGradient(hidden.data.subarray(0, dim), 3, { rng });
      const ratio = Math.exp((logZ[0] as number) - exact);
      sum += ratio;
      squares += ratio * ratio;
    }
    const mean = sum / runs;
    const error = Math.sqrt((squares / runs - mean * mean) / runs);
    expect(Math.abs(mean - 1)).toBeLessThan(4.5 * error);
  });

  test('float32 is float64, rounded', () => {
    for (const share of ['batch', 'example'] as const) {
      const [one, other] = (['float32', 'float64'] as const).map((type) => {
        const of = { weight: { data: array(type, weight.data), dims: weight.dims }, bias: array(type, bias) };
        const layer = new NoiseContrastive({ ...options, ...of, type, share, samples: 5 });
        const found = layer.lossAndGradient({ data: array(type, hidden.data), dims: hidden.dims }, targets, {
          rng: new Rng(2),
        });
        return [...found.losses, ...found.hiddenGradient.data, ...found.weightGradient.values.data];
      });
      expectClose(one as number[], other as number[], 2e-6);
    }
  });

  test('the same draws, the same numbers; other draws, others', () => {
    const layer = new SampledSoftmax({ ...options, samples: 5 });
    const rng = new Rng(1);
    const first = layer.lossAndGradient(hidden, targets, { rng });
    expect(layer.lossAndGradient(hidden, targets, { rng })).not.toEqual(first);
    expect(layer.lossAndGradient(hidden, targets, { rng: new Rng(1) })).toEqual(first);
  });

  test('a window shares its candidates, and no one else does', () => {
    const same = [3, 3, 0, 0, 3];
    const idsOf = (share: 'window' | 'example') =>
      new NoiseContrastive({ ...options, share, samples: 2, removeAccidentalHits: false }).lossAndGradient(
        hidden,
        same,
        {
          rng: new Rng(5),
        },
      ).weightGradient.ids;
    const seed = drawSeed(new Rng(5));
    const setOf = (first: number) => [...proposal.sample(2, { rng: new Rng(seed, first) })];
    const sorted = (all: number[]) => [...new Set(all)].sort((a, b) => a - b);
    expect([...idsOf('window')]).toEqual(sorted([3, 0, ...[0, 2, 4].flatMap(setOf)]));
    expect([...idsOf('example')]).toEqual(sorted([3, 0, ...[0, 1, 2, 3, 4].flatMap(setOf)]));
  });
});

/** The documented rule: two numbers of the generator are the seed of a call, lower first. */
function drawSeed(rng: Rng): bigint {
  const low = BigInt(rng.nextUint32());
  return low + (BigInt(rng.nextUint32()) << 32n);
}
