// SoftmaxRegression: what is kept of a fit, and how it is made.
import { atCallSite, invalidValue, notFitted } from '../errors';
import { exposed } from '../layers/exposed';
import { afterwards } from '../layers/layer';
import { tensorOf } from '../operations/results';
import { performTask, type Run } from '../optimization/run';
import type { Convergence, Evaluation, Minimum } from '../optimization/search';
import type { Backend, Tensor } from '../types';
import { validateFlag, validateOptions } from '../validate';
import { classesOf, type Label, labelsAt, measureLabels, placesOf, readClasses, readLabels } from './classes';
import { measureFeatures, readFeatures, refusal } from './features';
import { learnStream } from './fit-stream';
import { fromJson, toJson } from './json';
import { minimize } from './minimize';
import { distribution, likeliest, type Model, modelOf, pointOf } from './model';
import { objective } from './objective';
import { preconditioner } from './preconditioner';
import type { SoftmaxRegressionConstructor, SoftmaxRegressionJson } from './regression-types';
import { defaultL2, measureWeights, readAmount, readFitSettings, readPositive, readWeights } from './settings';
import { standardErrors } from './standard-errors';
import { type Stream, stepped, streamFrom } from './stream';

/** The methods that compute, with the positions of their options. */
export const regressionMethods = {
  fit: 2,
  partialFit: 2,
  probabilities: 1,
  logProbabilities: 1,
  logits: 1,
  predict: 1,
  score: 2,
  standardErrors: 1,
} as const;

/** What a fit leaves besides the model. */
interface Fitted {
  readonly l2: number;
  readonly report: Convergence | undefined;
}

const defaultTolerance = { Float32Array: 1e-7, Float64Array: 1e-8 } as const;
const defaultRate = 0.1;

/** The class that computes with a backend, and runs a search: at once, or for promises. */
export function softmaxRegression<Constructor = SoftmaxRegressionConstructor>(backend: Backend, run: Run): Constructor {
  class SoftmaxRegression {
    readonly fitIntercept: boolean;
    readonly #given: readonly Label[] | undefined;
    #model: Model | undefined;
    #fitted: Fitted = { l2: defaultL2, report: undefined };
    #stream: Stream | undefined;

    constructor(options: object = {}) {
      try {
        validateOptions(options);
        const { classes, fitIntercept } = options as { classes?: unknown; fitIntercept?: unknown };
        this.fitIntercept = fitIntercept === undefined || validateFlag('options.fitIntercept', fitIntercept);
        this.#given = readClasses(classes);
      } catch (error) {
        throw atCallSite(error, new.target);
      }
    }

    get classes(): readonly Label[] | undefined {
      const classes = this.#model?.classes ?? this.#given;
      return classes && [...classes];
    }
    get features(): number | undefined {
      return this.#model?.width;
    }
    get coefficients(): Tensor {
      const { coefficients, classes, width } = this.#learnt();
      return tensorOf(coefficients.slice(), [classes.length, width]);
    }
    get intercept(): Float64Array | undefined {
      return this.#learnt().intercept?.slice();
    }
    get report(): Convergence | undefined {
      return this.#fitted.report;
    }

    fit(features: unknown, labels: unknown, options: object = {}): unknown {
      const settings = readFitSettings(options);
      const givenFeatures = readFeatures(features);
      const givenLabels = readLabels(labels);
      const rows = measureFeatures(givenFeatures);
      const names = measureLabels(givenLabels, rows.rows);
      const found = classesOf(names);
      if (found.length < 2) throw invalidValue('labels', 'must be of at least two classes', found);
      const classes = this.#given ?? found;
      const places = placesOf(names, classes);
      const { classWeight, sampleWeight, l2, tolerance, maxIterations, onProgress, signal } = settings;
      const weights = {
        ofClasses:
          classWeight === 'balanced'
            ? balanced(places, classes.length)
            : classWeight && measureWeights(classWeight, classes.length, 'class'),
        ofRows: sampleWeight && measureWeights(sampleWeight, rows.rows, 'row'),
      };
      const shape = { classes: classes.length, hasIntercept: this.fitIntercept, l2 };
      const goal = objective(backend, rows, places, shape, weights);
      const start =
        (settings.warmStart ? this.#startFor(classes, rows.width) : undefined) ?? new Float64Array(goal.size);
      const blocks = preconditioner(backend, rows, { ...shape, ridge: l2 / goal.totalWeight, shareOf: goal.shareOf });
      const search = minimize(start, goal, blocks, {
        tolerance: tolerance ?? defaultTolerance[givenFeatures.kind as keyof typeof defaultTolerance],
        maxIterations,
        onProgress,
      });
      return afterwards(run(search, performTask, signal), ({ point, ...report }: Minimum) => {
        if (report.reason === 'notFinite') throw refusal('features', rows);
        this.#model = modelOf(classes, rows.width, point);
        this.#fitted = { l2, report };
        this.#stream = undefined;
        return report;
      });
    }

    partialFit(features: unknown, labels: unknown, options: object = {}): unknown {
      validateOptions(options);
      const { l2, learningRate, sampleWeight } = options as Record<string, unknown>;
      const step = {
        l2: readAmount('options.l2', l2, defaultL2),
        learningRate: readPositive('options.learningRate', learningRate, defaultRate),
      };
      const givenWeight = readWeights('options.sampleWeight', sampleWeight);
      const givenFeatures = readFeatures(features);
      const givenLabels = readLabels(labels);
      const classes = this.#model?.classes ?? this.#given;
      if (classes === undefined) {
        throw invalidValue(
          'options.classes',
          'must be given to the constructor, or found by fit, before a batch',
          undefined,
        );
      }
      const rows = measureFeatures(givenFeatures, this.#model?.width);
      const places = placesOf(measureLabels(givenLabels, rows.rows), classes);
      const weights = {
        ofClasses: undefined,
        ofRows: givenWeight && measureWeights(givenWeight, rows.rows, 'row'),
      };
      const shape = { classes: classes.length, hasIntercept: this.fitIntercept, l2: 0 };
      const { size, totalWeight, evaluate } = objective(backend, rows, places, shape, weights);
      const begin = (): Stream => streamFrom(this.#startFor(classes, rows.width) ?? new Float64Array(size));
      return afterwards(evaluate((this.#stream ?? begin()).point), (evaluation: Evaluation) => {
        if (!Number.isFinite(evaluation.value)) throw refusal('features', rows);
        // Batches may be learnt side by side: each adds to what the others have made.
        const coefficients = classes.length * rows.width;
        const batch = { rows: rows.rows, totalWeight, coefficients, ...step };
        this.#stream = stepped(this.#stream ?? begin(), evaluation, batch);
        this.#model = modelOf(classes, rows.width, this.#stream.average);
        this.#fitted = { l2: step.l2, report: undefined };
        return { loss: evaluation.value, steps: this.#stream.steps, rows: this.#stream.rows };
      });
    }

    fitStream(source: unknown, options: unknown = {}): unknown {
      return learnStream(source, options, (features, labels, batch) => this.partialFit(features, labels, batch));
    }

    probabilities(features: unknown): unknown {
      return distribution(backend, this.#learnt(), features, 'probabilities');
    }

    logProbabilities(features: unknown): unknown {
      return distribution(backend, this.#learnt(), features, 'logProbabilities');
    }

    logits(features: unknown): unknown {
      return distribution(backend, this.#learnt(), features, 'logits');
    }

    predict(features: unknown): unknown {
      const model = this.#learnt();
      return likeliest(backend, model, features, (places, isOne) => {
        const labels = labelsAt(places, model.classes);
        return isOne ? labels[0] : labels;
      });
    }

    score(features: unknown, labels: unknown): unknown {
      const model = this.#learnt();
      const givenFeatures = readFeatures(features);
      const givenLabels = readLabels(labels);
      const { rows } = measureFeatures(givenFeatures, model.width);
      const expected = placesOf(measureLabels(givenLabels, rows), model.classes);
      return likeliest(backend, model, features, (places) => {
        let right = 0;
        for (let r = 0; r < rows; r += 1) if (places[r] === expected[r]) right += 1;
        return right / rows;
      });
    }

    standardErrors(features: unknown, options: object = {}): unknown {
      return standardErrors(backend, run, this.#learnt(), this.#fitted.l2, features, options);
    }

    toJSON(): SoftmaxRegressionJson {
      return toJson(this.#learnt(), this.#fitted);
    }

    static fromJSON(json: unknown): SoftmaxRegression {
      const { model, fitted } = fromJson(json);
      const made = new SoftmaxRegression({ classes: model.classes, fitIntercept: model.intercept !== undefined });
      made.#model = model;
      made.#fitted = fitted;
      return made;
    }

    #learnt(): Model {
      if (this.#model === undefined) throw notFitted('SoftmaxRegression');
      return this.#model;
    }

    /** Where a fit begins that goes on from the model, undefined if there is none of these classes and features. */
    #startFor(classes: readonly Label[], width: number): Float64Array | undefined {
      const model = this.#model;
      const isSame = model?.width === width && model.classes.length === classes.length;
      return isSame && classes.every((label, place) => label === model.classes[place]) ? pointOf(model) : undefined;
    }
  }
  return exposed(
    SoftmaxRegression,
    [...Object.keys(regressionMethods), 'toJSON'],
    ['fromJSON'],
  ) as unknown as Constructor;
}

/** rows / (classes x rows of the class); 0 where there is none. */
function balanced(places: Int32Array, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (const place of places) counts[place] = (counts[place] as number) + 1;
  return counts.map((count) => (count === 0 ? 0 : places.length / (classes * count)));
}
