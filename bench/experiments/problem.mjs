// A softmax over many classes as a trained model has it: frequencies by Zipf's law, logits that follow them with noise of
// the context; and the proposals that one would draw its negatives from.
import { native } from '../library.mjs';

const { proposals, Rng, softmax } = native;

/** @returns { z, p, features, mean, target }: the classes' vectors [classes, dim], their mean under p, a class of p's */
export function makeProblem({ classes = 2000, dim = 16, seed = 1 } = {}) {
  const rng = new Rng(seed);
  const normal = () => Math.sqrt(-2 * Math.log(rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform());
  const counts = Array.from({ length: classes }, (_, i) => Math.ceil((100 * classes) / (i + 1)));
  // Logits are products of a hidden vector with the features, and a bias, so that layers can be given the same problem.
  const hidden = Float64Array.from({ length: dim }, () => normal() / Math.sqrt(dim));
  const features = Float64Array.from({ length: classes * dim }, normal);
  const bias = Float64Array.from(counts, (count) => Math.log(count));
  const z = bias.map((b, id) => b + hidden.reduce((sum, h, d) => sum + h * features[id * dim + d], 0));
  const p = softmax(z);
  const mean = new Float64Array(dim);
  p.forEach((share, id) => {
    for (let d = 0; d < dim; d += 1) mean[d] += share * features[id * dim + d];
  });
  return { classes, dim, counts, hidden, features, bias, z, p, mean, target: drawnFrom(p, rng.uniform()) };
}

function drawnFrom(p, uniform) {
  let below = 0;
  return p.findIndex((share) => {
    below += share;
    return uniform < below;
  });
}

/** The proposals by name. `stale`: the model's own distribution as it was some steps ago. */
export function proposalsFor({ classes, counts, z }) {
  const rng = new Rng(99);
  const stale = z.map((logit) => logit + rng.uniform() - 0.5);
  return [
    ['uniform', proposals.uniform(classes)],
    ['logUniform', proposals.logUniform(classes)],
    ['unigram, power 0.75', proposals.unigram(counts, { power: 0.75 })],
    ['unigram, power 1', proposals.unigram(counts, { power: 1 })],
    ['softmax, stale', proposals.softmax(stale)],
    ['softmax of the model', proposals.softmax(z)],
  ];
}
