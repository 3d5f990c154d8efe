// Values of PyTorch 1.13: cross_entropy(hidden @ weight.t() + bias, target, ...) in float64, and its backward pass.
import { describe, expect, test } from 'vitest';
import { libraries } from '../libraries';

const hidden = { data: Float64Array.of(1, 2, 0, -1, 0.5, 0.5), dims: [3, 2] };
const weight = { data: Float64Array.of(1, 0, 0, 1, 1, 1, -2, 0.5), dims: [4, 2] };
const bias = [0.1, -0.2, 0.3, 0];
const target = [2, -100, 0];
const classWeight = [1, 2, 0.5, 1];

const goldens = [
  {
    options: {},
    loss: 0.8439968141194873,
    hidden: [-0.09789813342228025, -0.04363164156943092, 0, 0, -0.18916422960519363, 0.35928334976548754],
    weight: [
      -0.1466007700860898, -0.10548648289636915, 0.1289358275882155, 0.2117298347322342, -0.003516531047679572,
      -0.13245953414083944, 0.021181473545553848, 0.02621618230497437,
    ],
    bias: [-0.33431582736190024, 0.17507764803241233, 0.12190994099780073, 0.03732823833168718],
  },
  {
    options: { weight: classWeight },
    loss: 1.0259116131132993,
    hidden: [-0.06526542228152017, -0.029087761046287287, 0, 0, -0.25221897280692473, 0.4790444663539834],
    weight: [
      -0.2228772182412668, -0.1954676934481197, 0.11671843202160823, 0.17191443678428733, 0.08127329399853381,
      -0.004688708063572772, 0.024885492221124784, 0.02824196472740513,
    ],
    bias: [-0.47316396127568067, 0.17824085928053732, 0.2485085900591742, 0.04641451193596922],
  },
  {
    options: { weight: classWeight, labelSmoothing: 0.1, reduction: 'sum' as const },
    loss: 1.8523799608798384,
    hidden: [0.014864599899934779, -0.011585596765609708, 0, 0, -0.2580575649505172, 0.6525487832751122],
    weight: [
      -0.31511941789508047, -0.29386584480664474, 0.11158044443651961, 0.15472370247354067, 0.20267772741229279,
      0.157616848932488, 0.0008612460462680722, -0.018474706599383845,
    ],
    bias: [-0.6514924088785966, 0.18001763083601818, 0.4504163333043904, 0.021058444738188062],
  },
];

function expectNear(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs((actual[i] as number) - value), `element ${i}`).toBeLessThanOrEqual(5e-16);
  }
}

describe.each(libraries)('%s', (_, { linearCrossEntropy }) => {
  test.each(goldens)('PyTorch, $options', (golden) => {
    const result = linearCrossEntropy(hidden, weight, target, { ...golden.options, bias, gradient: true });
    expectNear([result.loss], [golden.loss]);
    expectNear(result.hiddenGradient.data, golden.hidden);
    expectNear(result.weightGradient.data, golden.weight);
    expectNear(result.biasGradient, golden.bias);
  });
});
