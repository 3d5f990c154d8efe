// What the layers that sample refuse besides what every output layer does, with nothing changed and nothing drawn.
import { describe, expect, test } from 'vitest';
import { proposals, Rng } from '../../../lib/index';
import { libraries } from '../../libraries';
import { thrown } from '../../thrown';

// biome-ignore lint/suspicious/noExplicitAny: arguments that the types forbid
type Untyped = any;

const proposal = proposals.unigram([5, 4, 3, 0], { power: 1 });
const base = { classes: 4, dim: 2, proposal, samples: 2 };

const made: readonly [what: string, options: object, code: string, message: RegExp][] = [
  [
    'no proposal',
    { proposal: undefined },
    'ERR_INVALID_ARG_TYPE',
    /"options.proposal" property must be one of proposals/,
  ],
  ['a proposal of other classes', { classes: 5 }, 'ERR_SOFTMAX_SHAPE_MISMATCH', /must have 5 classes. Received 4/],
  ['no samples', { samples: 0 }, 'ERR_OUT_OF_RANGE', /"options.samples"/],
  ['half a sample', { samples: 1.5 }, 'ERR_OUT_OF_RANGE', /"options.samples"/],
  ['an unknown way to share', { share: 'all' }, 'ERR_INVALID_ARG_VALUE', /'example', 'window', 'batch'/],
  ['own candidates that are unique', { share: 'example', unique: true }, 'ERR_INVALID_ARG_VALUE', /share: 'batch'/],
  ['a flag that is none', { removeAccidentalHits: 1 }, 'ERR_INVALID_ARG_TYPE', /"options.removeAccidentalHits"/],
];

const ofSampled: typeof made = [
  ['an unknown form', { form: 'importance' }, 'ERR_INVALID_ARG_VALUE', /'expectedCount', 'negatives'/],
  ['negatives that are hits', { form: 'negatives', removeAccidentalHits: false }, 'ERR_INVALID_ARG_VALUE', /negatives/],
];

const ofContrastive: typeof made = [
  ['a log partition of NaN', { logPartition: Number.NaN }, 'ERR_OUT_OF_RANGE', /"options.logPartition".*finite/],
  ['an unknown log partition', { logPartition: 'free' }, 'ERR_INVALID_ARG_TYPE', /'learned', 'context' or 'fixed'/],
  ['no number of contexts', { logPartition: 'context' }, 'ERR_INVALID_ARG_TYPE', /"options.contexts"/],
  ['contexts of nothing', { contexts: 3 }, 'ERR_INVALID_ARG_VALUE', /'context' only/],
  [
    'a log partition of negative sampling',
    { negativeSampling: true, logPartition: 0 },
    'ERR_INVALID_ARG_VALUE',
    /has none/,
  ],
];

describe.each(libraries)('%s', (_, functions) => {
  const { SampledSoftmax, NoiseContrastive, EmbeddingTable } = functions;

  test.each([...made, ...ofSampled])('SampledSoftmax with %s', (__, options, code, message) => {
    const error = thrown(() => new SampledSoftmax({ ...base, ...options } as Untyped));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test.each([...made, ...ofContrastive])('NoiseContrastive with %s', (__, options, code, message) => {
    const error = thrown(() => new NoiseContrastive({ ...base, ...options } as Untyped));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  const calls: readonly [what: string, targets: Untyped, options: object, code: string, message: RegExp][] = [
    ['no generator', 0, {}, 'ERR_INVALID_ARG_TYPE', /"options.rng" property must be an instance of Rng/],
    ['candidates that are none', 0, { candidates: 3 }, 'ERR_INVALID_ARG_TYPE', /"options.candidates"/],
    [
      'a candidate that is no class',
      0,
      { candidates: { ids: [0, 4] } },
      'ERR_OUT_OF_RANGE',
      /candidates.ids\[1\]".*< 4/,
    ],
    [
      'candidates of other rows',
      0,
      { candidates: { ids: { data: new Int32Array(4), dims: [2, 2] } } },
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      /candidates.ids" property must have shape \[n\] or \[1, n\]/,
    ],
    [
      'counts of other candidates',
      0,
      { candidates: { ids: [0, 1], logExpectedCount: [0] } },
      'ERR_SOFTMAX_SHAPE_MISMATCH',
      /logExpectedCount" property must have 2 elements/,
    ],
    [
      'a count of 0',
      0,
      { candidates: { ids: [0, 1], logExpectedCount: [0, -Infinity] } },
      'ERR_OUT_OF_RANGE',
      /logExpectedCount\[1\]".*finite/,
    ],
    ['contexts that nobody asked for', 0, { rng: new Rng(1), contexts: [0] }, 'ERR_INVALID_ARG_VALUE', /contexts/],
  ];

  test.each(calls)('a loss with %s', (__, targets, options, code, message) => {
    for (const layer of [new SampledSoftmax(base), new NoiseContrastive(base)]) {
      const error = thrown(() => layer.lossAndGradient(new Float32Array(2), targets, options as Untyped));
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    }
  });

  test('a target that the proposal never draws, by its position', () => {
    for (const share of ['batch', 'example'] as const) {
      const layer = new SampledSoftmax({ ...base, share });
      const hidden = { data: new Float32Array(4), dims: [2, 2] };
      const table = new EmbeddingTable({ size: 2, dim: 2 });
      const rng = new Rng(1);
      const before = [layer.toBytes(), table.toBytes()];
      const wanted = {
        code: 'ERR_OUT_OF_RANGE',
        message: expect.stringMatching(/"targets\[1\]".*proposal.*Received 3/),
      };
      expect(thrown(() => layer.lossAndGradient(hidden, [0, 3], { rng }))).toMatchObject(wanted);
      const training = { learningRate: 0.1, rng };
      expect(thrown(() => layer.trainStep({ table, rows: [0, 1] }, [0, 3], training))).toMatchObject(wanted);
      expect([layer.toBytes(), table.toBytes()]).toEqual(before);
      // Over negatives it may be a target, and in noise-contrastive estimation it is known from the noise at once.
      const negatives = new SampledSoftmax({ ...base, share, form: 'negatives' });
      expect(Number.isFinite(negatives.lossAndGradient(hidden, [0, 3], { rng }).loss)).toBe(true);
      const known = new NoiseContrastive({ ...base, share }).lossAndGradient([0, 0], 3, { candidates: { ids: [] } });
      expect(known.loss).toBe(0);
    }
  });

  test('contexts that are missing, or none', () => {
    const layer = new NoiseContrastive({ ...base, logPartition: 'context', contexts: 2 });
    const table = new EmbeddingTable({ size: 2, dim: 2 });
    const train = (contexts: Untyped) =>
      layer.trainStep({ table, rows: [0, 1] }, [0, 1], { learningRate: 0.1, rng: new Rng(1), contexts });
    const before = [layer.toBytes(), table.toBytes()];
    expect(thrown(() => train(undefined))).toMatchObject({ message: expect.stringMatching(/"options.contexts"/) });
    const wanted = { code: 'ERR_OUT_OF_RANGE', message: expect.stringMatching(/"options.contexts\[1\]".*< 2/) };
    expect(thrown(() => train([0, 2]))).toMatchObject(wanted);
    expect([layer.toBytes(), table.toBytes()]).toEqual(before);
  });

  test('training without a generator', () => {
    const layer = new NoiseContrastive(base);
    const table = new EmbeddingTable({ size: 2, dim: 2 });
    const train = () => layer.trainStep({ table, rows: [0] }, [0], { learningRate: 0.1 } as Untyped);
    expect(thrown(train)).toMatchObject({ message: expect.stringMatching(/"options.rng"/) });
  });

  test('a refused call draws nothing', () => {
    const layer = new NoiseContrastive(base);
    const rng = new Rng(5);
    const { state } = rng;
    thrown(() => layer.lossAndGradient([0, 0], 9, { rng }));
    const table = new EmbeddingTable({ size: 2, dim: 2 });
    thrown(() => layer.trainStep({ table, rows: [2] }, [0], { learningRate: 0.1, rng }));
    expect(rng.state).toEqual(state);
  });

  test('bytes keep what a layer is', () => {
    const ways = [
      new SampledSoftmax({ ...base, form: 'negatives', share: 'example' }),
      new SampledSoftmax({ ...base, bias: true, unique: false, proposal: proposals.uniform(4) }),
      new NoiseContrastive({ ...base, logPartition: 3, bias: [1, 2, 3, 4] }),
      new NoiseContrastive({ ...base, logPartition: 'context', contexts: 5, type: 'float64', share: 'window' }),
      new NoiseContrastive({ ...base, negativeSampling: true }),
    ];
    for (const layer of ways) {
      const again = (layer.constructor as typeof NoiseContrastive).fromBytes(layer.toBytes());
      expect(again.toBytes()).toEqual(layer.toBytes());
      expect(JSON.stringify(again)).toBe(JSON.stringify(layer));
      const ids = Int32Array.of(0, 1, 2, 3);
      expect(again.proposal.logProbability(ids)).toEqual(layer.proposal.logProbability(ids));
    }
  });
});
