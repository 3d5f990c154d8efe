// The values of goldens.json for sampled softmax and noise-contrastive estimation, computed at 60 digits by another
// program, by enumeration of all draws. Scores are those of a layer of one dimension: weight z, hidden 1.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { proposals } from '../../lib/index';
import { libraries } from '../libraries';

const goldens = JSON.parse(readFileSync(join(__dirname, 'goldens.json'), 'utf8'));

const near = (actual: ArrayLike<number>, expected: readonly (string | number)[], error = 1e-14): void => {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs((actual[i] as number) - Number(value)), `element ${i}: ${actual[i]}, not ${value}`).toBeLessThan(
      error,
    );
  });
};

/** The gradient of the scores: that of a weight, as hidden is 1; zero where a class took no part. */
function scores({ ids, values }: { ids: Int32Array; values: { data: ArrayLike<number> } }, classes: number): number[] {
  const all = new Array<number>(classes).fill(0);
  ids.forEach((id, i) => {
    all[id] = values.data[i] as number;
  });
  return all;
}

/** All sequences of k of these numbers. */
function sequences(of: readonly number[], k: number): number[][] {
  if (k === 0) return [[]];
  return sequences(of, k - 1).flatMap((first) => of.map((last) => [...first, last]));
}

describe.each(libraries)('%s', (_, { SampledSoftmax, NoiseContrastive }) => {
  const z = [1, 2, 4, 0];
  const q = [0, 2 / 9, 6 / 9, 1 / 9];
  const column = (values: readonly number[]) => ({ data: Float64Array.from(values), dims: [values.length, 1] });
  const sampled = (form: 'negatives' | 'expectedCount', proposal = proposals.unigram([1, 2, 6, 1], { power: 1 })) =>
    new SampledSoftmax({
      classes: 4,
      dim: 1,
      type: 'float64',
      weight: column(z),
      proposal,
      samples: 3,
      form,
      unique: false,
    });

  test('sampled softmax over negatives, the target uncorrected', () => {
    const golden = goldens["10 sampled softmax, target 0, negatives [2,3,2], q'=[0,.2,.6,.1]/.9 (target uncorrected)"];
    const ids = [2, 3, 2];
    const logExpectedCount = ids.map((id) => Math.log(3 * (q[id] as number)));
    const found = sampled('negatives').lossAndGradient([1], 0, { candidates: { ids, logExpectedCount } });
    near([found.loss], [golden.loss]);
    const [target, two, three, again] = golden.dL_dadjusted.map(Number);
    near(scores(found.weightGradient, 4), [target, 0, two + again, three]);
  });

  test("sampled softmax in TensorFlow's form", () => {
    const key = '10 sampled softmax, target 0, negatives [2,3,2], TensorFlow form (log expected count m*q on both)';
    const [target, two, three, again] = goldens[key].dL_dadjusted.map(Number);
    // The counts are those of the proposal.
    const found = sampled('expectedCount').lossAndGradient([1], 0, { candidates: { ids: [2, 3, 2] } });
    near([found.loss], [goldens[key].loss]);
    near(scores(found.weightGradient, 4), [target, 0, two + again, three]);
  });

  test.each([1, 2, 3])('the expectation over all draws of %d negatives', (m) => {
    const golden = goldens[`10 sampled softmax exact expectation, target 0, q', m=${m}`];
    const layer = sampled('negatives');
    const loss: number[] = [0];
    const gradient = [0, 0, 0, 0];
    const Z = [0];
    for (const ids of sequences([1, 2, 3], m)) {
      const probability = ids.reduce((product, id) => product * (q[id] as number), 1);
      const logExpectedCount = ids.map((id) => Math.log(m * (q[id] as number)));
      const found = layer.lossAndGradient([1], 0, { candidates: { ids, logExpectedCount } });
      loss[0] = (loss[0] as number) + probability * found.loss;
      Z[0] = (Z[0] as number) + probability * Math.exp(found.logZ[0] as number);
      scores(found.weightGradient, 4).forEach((g, id) => {
        gradient[id] = (gradient[id] as number) + probability * g;
      });
    }
    near(loss, [golden.E_loss]);
    near(gradient, golden.E_grad);
    near(
      gradient.map((g, id) => g - Number(golden.full_grad[id])),
      golden.bias,
    );
    // The estimate of the partition function is unbiased.
    near(Z, [Math.exp(Number(goldens['10 exact'].logZ))], 1e-12);
  });

  test('with negatives in proportion to e^z the gradient has no bias', () => {
    const total = Math.exp(2) + Math.exp(4) + 1;
    const share = z.map((value) => Math.exp(value) / total);
    const gradient = [0, 0, 0, 0];
    for (const ids of sequences([1, 2, 3], 2)) {
      const probability = ids.reduce((product, id) => product * (share[id] as number), 1);
      const logExpectedCount = ids.map((id) => Math.log(2 * (share[id] as number)));
      const { weightGradient } = sampled('negatives').lossAndGradient([1], 0, {
        candidates: { ids, logExpectedCount },
      });
      scores(weightGradient, 4).forEach((g, id) => {
        gradient[id] = (gradient[id] as number) + probability * g;
      });
    }
    near(gradient, goldens["10 sampled softmax exact expectation, target 0, q', m=1"].full_grad);
  });

  const noise = [0.4, 0.3, 0.2, 0.1];
  const noiseProposal = proposals.unigram([4, 3, 2, 1], { power: 1 });
  const contrastive = (weight: readonly number[], options: object) =>
    new NoiseContrastive({
      classes: 4,
      dim: 1,
      type: 'float64',
      weight: column(weight),
      proposal: noiseProposal,
      samples: 3,
      ...options,
    });

  test('noise-contrastive estimation of one example', () => {
    const golden = goldens['11 NCE one example t=0 noise=[1,2,1]'];
    const layer = contrastive([1, 0.5, 0, -0.5], { logPartition: 'learned' });
    (layer.logPartition as { data: Float64Array }).data[0] = 1;
    const found = layer.lossAndGradient([1], 0, { candidates: { ids: [1, 2, 1] } });
    near([found.loss], [golden.loss]);
    const [one, two, again] = golden.d_noise.map(Number);
    near(scores(found.weightGradient, 4), [golden.d_target, one + again, two, 0]);
    // c is -log Z.
    near(found.logPartitionGradient?.values.data ?? [], [-golden.d_c]);
  });

  test('negative sampling on the same draw', () => {
    const golden = goldens['11 negative sampling, same draw (delta = s, no log kq)'];
    // The scores with c = -1 in them.
    const layer = contrastive([0, -0.5, -1, -1.5], { negativeSampling: true });
    const found = layer.lossAndGradient([1], 0, { candidates: { ids: [1, 2, 1] } });
    near([found.loss], [golden.loss]);
    const [one, two, again] = golden.d_noise.map(Number);
    near(scores(found.weightGradient, 4), [golden.d_target, one + again, two, 0]);
  });

  const density = [0.5, 0.25, 0.15, 0.1];

  /** The expectation over targets of the density and k noise samples of each: as the loss is a sum, noise at a time. */
  function population(weight: readonly number[], logPartition: number, k: number) {
    const layer = contrastive(weight, { logPartition: 'learned' });
    (layer.logPartition as { data: Float64Array }).data[0] = logPartition;
    let loss = 0;
    let ofPartition = 0;
    const gradient = [0, 0, 0, 0];
    density.forEach((p, target) => {
      noise.forEach((share, id) => {
        // k samples of one class, each with the weight of its probability.
        const logExpectedCount = new Array<number>(1).fill(Math.log(k * share));
        const targetLogExpectedCount = [Math.log(k * (noise[target] as number))];
        const only = layer.lossAndGradient([1], target, {
          candidates: { ids: new Int32Array(0), logExpectedCount: [], targetLogExpectedCount },
        });
        const both = layer.lossAndGradient([1], target, {
          candidates: { ids: [id], logExpectedCount, targetLogExpectedCount },
        });
        const add = (found: typeof only, factor: number): void => {
          loss += factor * found.loss;
          ofPartition += factor * (found.logPartitionGradient?.values.data[0] as number);
          scores(found.weightGradient, 4).forEach((g, c) => {
            gradient[c] = (gradient[c] as number) + factor * g;
          });
        };
        add(both, p * share * k);
        add(only, p * share * (1 - k));
      });
    });
    return { loss, gradient, ofPartition };
  }

  test('the population objective', () => {
    const golden = goldens['11 NCE population objective p_d=[.5,.25,.15,.1] q=[.4,.3,.2,.1] k=3 z=[1,.5,0,-.5] c=-1'];
    const { loss, gradient, ofPartition } = population([1, 0.5, 0, -0.5], 1, 3);
    near([loss], [golden.J]);
    near(gradient, golden.dJ_dz);
    near([-ofPartition], [golden.dJ_dc]);
  });

  test('its optimum is the density', () => {
    const golden = goldens['11 NCE optimum (s = log p_d, self normalised)'];
    const { loss, gradient, ofPartition } = population(density.map(Math.log), 0, 3);
    near([loss], [golden.J]);
    near([...gradient, ofPartition], golden.grad);
  });

  test('the gradient tends to that of maximum likelihood', () => {
    for (const { k, grad } of goldens['11 NCE gradient tends to e^s - p_d as k grows']) {
      if (k === 'inf') continue;
      near(population([1, 0.5, 0, -0.5], 1, k).gradient, grad, 1e-9);
    }
  });
});
