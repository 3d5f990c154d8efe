// scoreGradientLimit of NoiseContrastive's trainStep: what it scales down and what it leaves, by hand; the same in both
// backends, the same bits on every instruction set; that it keeps steps finite; what it refuses.
import { describe, expect, test } from 'vitest';
import { proposals, Rng } from '../../../lib/index';
import { addon } from '../../../lib/native/loaded';
import { type Library, libraries } from '../../libraries';
import { thrown } from '../../thrown';
import { array, normals, type Type } from './subjects';

const native = (libraries[0] as (typeof libraries)[number])[1];
const reference = (libraries[1] as (typeof libraries)[number])[1];

/**
 * Three classes of logits log 3, log 9 and 0, whose sigmas are 3/4, 9/10 and 1/2; the noise is each of them once, so that
 * it is expected once and corrected by log 1. The magnitudes of the gradient of target 2 sum to 0.5 + 0.75 + 0.9 + 0.5.
 */
const [sum, partitionSum] = [2.65, 1.65];
const loss = Math.log(2) + Math.log(4) + Math.log(10) + Math.log(2);

function oneStep({ NoiseContrastive }: Library, limit: number | undefined, logPartition: 'fixed' | 'learned') {
  const learned = logPartition === 'learned';
  // A log partition that is learned begins at log(classes).
  const logits = [Math.log(3), Math.log(9), 0].map((z) => z + (learned ? Math.log(3) : 0));
  const layer = new NoiseContrastive({
    classes: 3,
    dim: 1,
    type: 'float64',
    weight: { data: Float64Array.from(logits), dims: [3, 1] },
    bias: [0, 0, 0],
    proposal: proposals.uniform(3),
    samples: 3,
    unique: true,
    share: 'batch',
    logPartition,
  });
  const table = { data: Float64Array.of(1), dims: [1, 1] };
  const options = { learningRate: 0.1, tableLearningRate: 0.2, rng: new Rng(1), scoreGradientLimit: limit };
  const result = layer.trainStep({ table, rows: [0] }, [2], options);
  const partition = typeof layer.logPartition === 'object' ? layer.logPartition.data : [];
  return { result, logits, values: [...layer.weight.data, ...(layer.bias?.data ?? []), ...table.data, ...partition] };
}

describe.each(libraries)('%s', (_, functions) => {
  test.each([
    [2, 2 / sum],
    [0.5, 0.5 / sum],
    [2.7, 1],
    [Infinity, 1],
    [undefined, 1],
  ])('a limit of %s, by hand', (limit, factor) => {
    for (const logPartition of ['fixed', 'learned'] as const) {
      const { result, logits, values } = oneStep(functions, limit, logPartition);
      const gradient = [0.75, 0.9, 0.5 - 0.5].map((g) => factor * g);
      const ofTable = gradient.reduce((total, g, i) => total + g * (logits[i] as number), 0);
      const wanted = [
        ...logits.map((z, i) => z - 0.1 * (gradient[i] as number)),
        ...gradient.map((g) => -0.1 * g),
        1 - 0.2 * ofTable,
        ...(logPartition === 'learned' ? [Math.log(3) + 0.1 * factor * partitionSum] : []),
      ];
      expect(values).toHaveLength(wanted.length);
      values.forEach((x, i) => {
        expect(Math.abs(x - (wanted[i] as number)), `value ${i}, ${logPartition}`).toBeLessThan(1e-14);
      });
      // The loss is that of the scores, whatever is learnt from it.
      expect(Math.abs(result.loss - loss)).toBeLessThan(1e-14);
    }
  });

  test('a limit that no example reaches changes no bit', () => {
    expect(trained(functions, 'float32', 8 * 2 + 1)).toEqual(trained(functions, 'float32', undefined));
    expect(trained(functions, 'float32', Infinity)).toEqual(trained(functions, 'float32', undefined));
    expect(trained(functions, 'float32', 1.2)).not.toEqual(trained(functions, 'float32', undefined));
  });

  test('what is no limit, or of noise that no batch shares, is refused with nothing changed', () => {
    for (const [share, limit, code, message] of [
      ['batch', 0, 'ERR_OUT_OF_RANGE', /"options.scoreGradientLimit".*> 0. Received 0/],
      ['batch', -1, 'ERR_OUT_OF_RANGE', /"options.scoreGradientLimit".*> 0/],
      ['batch', Number.NaN, 'ERR_OUT_OF_RANGE', /"options.scoreGradientLimit".*> 0/],
      ['batch', '2', 'ERR_INVALID_ARG_TYPE', /"options.scoreGradientLimit".*of type number/],
      ['example', 2, 'ERR_INVALID_ARG_VALUE', /'options.scoreGradientLimit'.*share: 'batch'/],
      ['window', 2, 'ERR_INVALID_ARG_VALUE', /'options.scoreGradientLimit'.*share: 'batch'/],
    ] as const) {
      const layer = new functions.NoiseContrastive({
        classes: 3,
        dim: 1,
        samples: 2,
        proposal: proposals.uniform(3),
        share,
      });
      const table = new functions.EmbeddingTable({ size: 1, dim: 1 });
      const rng = new Rng(1);
      const before = [layer.toBytes(), table.toBytes(), rng.state];
      const options = { learningRate: 1, rng, scoreGradientLimit: limit as number };
      const error = thrown(() => layer.trainStep({ table, rows: [0] }, [0], options));
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
      expect([layer.toBytes(), table.toBytes(), rng.state]).toEqual(before);
    }
  });
});

const [classes, dim, count, samples] = [40, 6, 30, 16];

/** Parameters and losses after two steps of several minibatches; some examples reach a limit of 1.2, some do not. */
function trained(functions: Library, type: Type, scoreGradientLimit: number | undefined, threads = 1): number[] {
  const layer = new functions.NoiseContrastive({
    classes,
    dim,
    type,
    weight: { data: array(type, normals(classes * dim, 0.5, 11)), dims: [classes, dim] },
    bias: array(type, normals(classes, 1, 12)),
    proposal: proposals.logUniform(classes),
    samples,
    share: 'batch',
    logPartition: 'learned',
  });
  const table = { data: array(type, normals(count * dim, 1, 13)), dims: [count, dim] };
  const of = Int32Array.from({ length: count }, (_, k) => k);
  const options = { learningRate: 0.05, rng: new Rng(4), batchSize: 7, scoreGradientLimit, threads };
  const losses = [1, 2].map(() => layer.trainStep({ table, rows: of }, of, options).loss);
  const partition = typeof layer.logPartition === 'object' ? layer.logPartition.data : [];
  return [...losses, ...layer.weight.data, ...(layer.bias?.data ?? []), ...table.data, ...partition];
}

test('steps that diverge without a limit learn with one', () => {
  const losses = (scoreGradientLimit: number | undefined): number[] => {
    const of = { classes: 300, dim: 16 };
    const proposal = proposals.logUniform(of.classes);
    const layer = new native.NoiseContrastive({
      ...of,
      samples: 150,
      proposal,
      bias: true,
      share: 'batch',
      unique: true,
    });
    const table = { data: array('float32', normals(300 * of.dim, 0.6, 14)), dims: [300, of.dim] };
    const rng = new Rng(1);
    const targets = proposal.sample(3000, { rng });
    const rows = Int32Array.from(targets, (_, k) => k % 300);
    const options = { learningRate: 0.4, batchSize: 30, rng, scoreGradientLimit };
    return [1, 2, 3, 4].map(() => layer.trainStep({ table, rows }, targets, options).loss);
  };
  expect(losses(undefined).at(-1)).toBeNaN();
  const [first, second, third, fourth] = losses(2) as [number, number, number, number];
  expect(second).toBeLessThan(first);
  expect(third).toBeLessThan(second);
  expect(fourth).toBeLessThan(third);
});

test('both backends scale the same gradients', () => {
  const [found, wanted] = [trained(native, 'float64', 1.2), trained(reference, 'float64', 1.2)];
  found.forEach((x, i) => {
    expect(Math.abs(x - (wanted[i] as number))).toBeLessThan(1e-12);
  });
});

test.skipIf(addon === undefined)('the same bits on every instruction set, with any number of threads', () => {
  const binary = addon as NonNullable<typeof addon>;
  const before = binary.isa();
  for (const type of ['float32', 'float64'] as const) {
    const wanted = trained(native, type, 1.2);
    expect(trained(native, type, 1.2, 3)).toEqual(wanted);
    try {
      for (const isa of binary.isas()) {
        expect(binary.select(isa)).toBe(true);
        expect(trained(native, type, 1.2), isa).toEqual(wanted);
      }
    } finally {
      binary.select(before);
    }
  }
});
