// The gradients in the hidden vector that the layers give, averaged over many draws, against that of the full softmax.
import { native } from '../library.mjs';

const { NoiseContrastive, Rng, SampledSoftmax } = native;
const TARGETS = 8;
const SAMPLES = [100, 1000];

/** How an estimate is made, by name: a function of the problem and the proposal. */
function estimatorsOf(problem) {
  const { classes, dim, features, bias, z } = problem;
  const parameters = { classes, dim, type: 'float64', weight: { data: features, dims: [classes, dim] } };
  const sampled = (options) => (proposal, samples) =>
    new SampledSoftmax({ ...parameters, bias, proposal, samples, ...options });
  // Noise-contrastive estimation takes its scores for logarithms of probabilities, so they are.
  const normalised = native.logSoftmax(z).map((logP, id) => logP - z[id] + bias[id]);
  return [
    ['q of negatives, target uncorrected', sampled({ form: 'negatives', unique: false })],
    ['expected counts, unique', sampled({ form: 'expectedCount', unique: true })],
    ['expected counts, hits kept', sampled({ form: 'expectedCount', unique: false, removeAccidentalHits: false })],
    ['expected counts, hits masked', sampled({ form: 'expectedCount', unique: false, removeAccidentalHits: true })],
    [
      'noise-contrastive',
      (proposal, samples) =>
        new NoiseContrastive({ ...parameters, bias: normalised, proposal, samples, share: 'batch' }),
    ],
  ];
}

/** @returns rows { estimator, proposal, samples, bias, error, deviation, runs }, in units of the exact gradient's length */
export function compareLayers(problem, proposals, milliseconds) {
  console.log(
    '\nGradients of the layers in the hidden vector: |mean - exact| / |exact|, over some targets (root mean square).',
  );
  const columns = [24, 36, 8, 22, 12, 8];
  const line = (cells) =>
    console.log(cells.map((cell, i) => (i < 2 ? cell.padEnd(columns[i]) : cell.padStart(columns[i]))).join(''));
  line(['proposal', 'estimator', 'm', 'bias', 'deviation', 'runs']);
  const chosen = proposals.filter(([name]) => ['uniform', 'unigram, power 1', 'softmax, stale'].includes(name));
  const estimators = estimatorsOf(problem);
  const each = milliseconds / chosen.length / estimators.length / SAMPLES.length;
  const rows = [];
  for (const [proposalName, proposal] of chosen) {
    for (const [name, make] of estimators) {
      for (const samples of SAMPLES) {
        const found = measure(problem, make(proposal, samples), each);
        rows.push({ proposal: proposalName, estimator: name, samples, ...found });
        const bias = `${found.bias.toPrecision(3)} ± ${found.error.toExponential(0)}`;
        line([proposalName, name, String(samples), bias, found.deviation.toPrecision(3), String(found.runs)]);
      }
    }
  }
  return rows;
}

function measure({ p, dim, features, mean, hidden }, layer, milliseconds) {
  const targets = drawTargets(p);
  const exact = targets.map((target) => mean.map((x, d) => x - features[target * dim + d]));
  const sums = targets.map(() => new Float64Array(dim));
  const squares = targets.map(() => 0);
  const rng = new Rng(5);
  const end = performance.now() + milliseconds;
  let runs = 0;
  // All targets in one call: they share the candidates, and each is looked at by itself.
  const rows = {
    data: Float64Array.from({ length: targets.length * dim }, (_, i) => hidden[i % dim]),
    dims: [targets.length, dim],
  };
  for (; runs < 20 || performance.now() < end; runs += 1) {
    const { hiddenGradient } = layer.lossAndGradient(rows, targets, { rng, reduction: 'sum' });
    exact.forEach((gradient, k) => {
      for (let d = 0; d < dim; d += 1) {
        const found = hiddenGradient.data[k * dim + d];
        sums[k][d] += found;
        squares[k] += (found - gradient[d]) ** 2;
      }
    });
  }
  const relative = (of) =>
    Math.sqrt(of.reduce((sum, square, k) => sum + square / squareOf(exact[k]), 0) / targets.length);
  const deviation = relative(squares.map((square) => square / runs));
  const bias = relative(sums.map((sum, k) => squareOf(sum.map((x, d) => x / runs - exact[k][d]))));
  return { bias, error: deviation / Math.sqrt(runs), deviation, runs };
}

const squareOf = (vector) => vector.reduce((sum, x) => sum + x * x, 0);

// The classes at which the distribution function passes 1/16, 3/16, ...
function drawTargets(p) {
  const targets = [];
  let below = 0;
  p.forEach((share, id) => {
    below += share;
    while (targets.length < TARGETS && below > (targets.length + 0.5) / TARGETS) targets.push(id);
  });
  return targets;
}
