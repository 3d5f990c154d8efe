// The values of goldens.json for the exponential family, Boltzmann's form and a Boltzmann machine, computed at 60 digits
// by another program.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const goldens = JSON.parse(readFileSync(join(__dirname, 'goldens.json'), 'utf8'));

function expectNear(actual: ArrayLike<number> | number, expected: string | readonly (string | string[])[]): void {
  const [found, wanted] = [[actual].flat() as number[], [expected].flat(2).map(Number)];
  const list = typeof actual === 'number' ? found : Array.from(actual);
  expect(list.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs((list[i] as number) - value)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
  });
}

describe.each(libraries)('%s', (_, { Categorical, MarkovRandomField }) => {
  test('eta = [1, 2, 4]', () => {
    const golden = goldens['6 exponential family eta=[1,2,4]'];
    const p = new Categorical([1, 2, 4]);
    expectNear(p.logPartition, golden.A_log_partition);
    expectNear(p.mean, golden.mean);
    expectNear(p.entropy, golden.entropy);
    expectNear(p.klDivergence(new Categorical([0, 0, 0])), golden.KL_to_uniform);
    expectNear(p.fisherInformation().data, golden.fisher_minimal);
    expectNear(Math.exp(p.fisherLogDeterminant), golden.det_fisher);
    const columns = [
      [1, 0],
      [0, 1],
    ];
    columns.forEach((unit, k) => {
      expectNear(p.fisher(unit), golden.fisher_minimal[k]);
      expectNear(p.fisherInverse(unit), golden.fisher_inverse[k]);
    });
    expectNear(p.minimalParameters, golden.minimal_eta);
  });

  test('E = [0, 1, 3] at temperature 0.5', () => {
    const golden = goldens['1 Boltzmann E=[0,1,3], T=0.5 (beta=-2)'];
    const p = new Categorical({ energies: [0, 1, 3], temperature: 0.5 });
    expectNear(p.probabilities, golden.p);
    expectNear(p.freeEnergy, golden.F_free_energy);
    expectNear(Math.exp(p.logPartition), golden.Z);
  });

  test.each([
    ['0', 'beta=0'],
    ['0.5', 'beta=0.5'],
    ['2', 'beta=2'],
    ['-1', 'beta=-1'],
  ])('tempered with %s', (beta, name) => {
    const golden = goldens[`1 softmax z=[1,2,4] ${name}`];
    const p = new Categorical([1, 2, 4]).temper(Number(beta));
    expectNear(p.mean, golden.p);
    expectNear(p.logPartition, golden.logZ);
  });

  test('a Boltzmann machine of two units', () => {
    const golden = goldens['7 Boltzmann machine w=1.5 b=[-.5,.25] states 00,01,10,11'];
    const field = MarkovRandomField.boltzmannMachine({ weights: [0, 1.5, 1.5, 0], biases: [-0.5, 0.25] });
    const states = { data: Int32Array.of(0, 0, 0, 1, 1, 0, 1, 1), dims: [4, 2] };
    expectNear(field.energy(states).data, golden.energy);
    expectNear(field.joint().data, golden.joint);
    expectNear(field.logPartition, golden.logZ);
    expectNear(
      field.marginals().map((marginal) => marginal[1] as number),
      [golden.marginal_x1, golden.marginal_x2],
    );
    expectNear(field.marginal(0)[1] as number, golden.marginal_x1);
    expectNear(field.conditional({ 1: 1 }).marginal(0)[1] as number, golden.cond_x1_given_x2_1);
    expectNear(field.marginal([0, 1]).data[3] as number, golden.E_x1x2);
    expectNear(
      field.logProbability(states).data.map((logP) => Math.exp(logP)),
      golden.joint,
    );
  });
});
