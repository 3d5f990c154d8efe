// The fields: what pictures are like (the prior), and what noise makes of them (the channel).
import { MarkovRandomField } from 'softmax-native';

/** The pairs of pixels of a picture that are next to each other. */
function neighbours(side) {
  const pairs = [];
  for (let pixel = 0; pixel < side * side; pixel += 1) {
    if (pixel % side < side - 1) pairs.push([pixel, pixel + 1]);
    if (pixel + side < side * side) pairs.push([pixel, pixel + side]);
  }
  return pairs;
}

/**
 * Ising's model: neighbours tend to be alike, everywhere as much. With s = +-1 for a pixel, E = -coupling sum s s'.
 * Geman and Geman (1984) restored pictures with such fields.
 */
export function isingField(side, coupling) {
  const logPotentials = [coupling, -coupling, -coupling, coupling];
  return new MarkovRandomField({
    cardinalities: new Int32Array(side * side).fill(2),
    factors: neighbours(side).map((variables) => ({ variables, logPotentials })),
  });
}

/** The same graph, each pixel and each pair with log-potentials of its own, which are learnt from pictures. */
export function learntField(side, pictures, options) {
  const start = new MarkovRandomField({
    cardinalities: new Int32Array(side * side).fill(2),
    factors: [
      ...Array.from({ length: side * side }, (_, pixel) => ({ variables: [pixel], logPotentials: [0, 0] })),
      ...neighbours(side).map((variables) => ({ variables, logPotentials: [0, 0, 0, 0] })),
    ],
  });
  return start.fit(pictures, options);
}

/**
 * The prior's variables, and behind them as many for the pixels that are seen, each joined to its own by the channel:
 * it is the other one with probability `noise`.
 */
export function seenThroughNoise(prior, noise) {
  const { size } = prior;
  const [same, other] = [Math.log(1 - noise), Math.log(noise)];
  const channel = Array.from({ length: size }, (_, pixel) => ({
    variables: [pixel, size + pixel],
    logPotentials: [same, other, other, same],
  }));
  return new MarkovRandomField({
    cardinalities: new Int32Array(2 * size).fill(2),
    factors: [...prior.factors, ...channel],
  });
}

/** The field given what is seen. */
export function given(field, seen) {
  return field.conditional(new Map(Array.from(seen, (state, pixel) => [seen.length + pixel, state])));
}

/** Each pixel its more probable colour: no other picture has fewer wrong pixels in expectation. */
export const likeliest = (marginals, pixels) =>
  Int32Array.from({ length: pixels }, (_, pixel) => (marginals[pixel][1] > 0.5 ? 1 : 0));
