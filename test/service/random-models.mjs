// Random calls of what is fitted to data: mostly sound, each argument now and then of another kind.
import { integer, spoilt } from './random-layers.mjs';

const WIDTH = 3;

/** How each is called: `invoke(functions, some)` gives its result. */
export const modelForms = {
  SoftmaxRegression: { invoke: regressionOf },
  fitMaximumEntropy: {
    invoke: ({ fitMaximumEntropy }, some) => {
      chooseType(some);
      const width = some.random.below(4);
      const features = some.tensor([some.random.below(7), width], some.random.oneIn(9));
      const expectations = some.random.oneIn(9)
        ? some.number()
        : Array.from({ length: width }, () => some.random.next());
      return fitMaximumEntropy(
        features,
        expectations,
        spoilt(some, { l2: Math.abs(some.number()), maxIterations: 20 }),
      );
    },
  },
  calibrateTemperature: {
    invoke: ({ calibrateTemperature }, some) => {
      chooseType(some);
      const rows = some.random.oneIn(9) ? 900 : some.random.below(7);
      const logits = some.tensor([rows, WIDTH], some.random.oneIn(20));
      return calibrateTemperature(logits, labelsOf(some, rows), spoilt(some, { bins: integer(some) }));
    },
  },
};

function chooseType(some) {
  some.Float = some.random.oneIn(2) ? Float32Array : Float64Array;
}

const labelsOf = (some, rows) =>
  Array.from({ length: rows }, () => (some.random.oneIn(40) ? some.number() : some.random.below(WIDTH)));

async function regressionOf({ SoftmaxRegression }, some) {
  chooseType(some);
  const rows = some.random.oneIn(9) ? 900 : some.random.below(9);
  const model = new SoftmaxRegression(spoilt(some, { classes: WIDTH, fitIntercept: some.random.oneIn(2) }));
  const features = some.tensor([rows, WIDTH], some.random.oneIn(20));
  const labels = labelsOf(some, rows);
  const options = { l2: Math.abs(some.number()), maxIterations: integer(some), tolerance: 1e-6 };
  if (some.random.oneIn(3)) options.classWeight = some.random.of(['balanced', [1, 2, 0]]);
  if (some.random.oneIn(3)) options.sampleWeight = Array.from({ length: rows }, () => some.random.next());
  if (some.random.oneIn(3)) return model.partialFit(features, labels, spoilt(some, { learningRate: some.number() }));
  await model.fit(features, labels, spoilt(some, options));
  const ways = [
    () => model.predict(features),
    () => model.score(features, labels),
    () => model.probabilities(some.tensor([WIDTH], true)),
    () => model.standardErrors(features, spoilt(some, { l2: 1 })),
    () => SoftmaxRegression.fromJSON(spoilt(some, model.toJSON())).predict(features),
    () => model.fit(features, labels, { ...options, warmStart: true }),
  ];
  return some.random.of(ways)();
}
