// MarkovRandomField as users see it. Types only.
import type { Convergence, Progress } from '../optimization/search';
import type { Rng } from '../random/rng';
import type { Input, Tensor, TensorLike } from '../types';

/** A factor: what the states of some variables together add to the logarithm of a joint state's weight. */
export interface FactorLike {
  /** Different ones; none for a constant. */
  variables: Int32Array | readonly number[];
  /**
   * log psi for each state of the variables, the last one's changing fastest: an array, or a tensor whose shape is that of
   * their cardinalities. -Infinity forbids a state.
   */
  logPotentials: Input;
}

export interface FieldDescription {
  /** How many states each variable has. */
  cardinalities: Int32Array | readonly number[];
  factors: readonly FactorLike[];
}

export interface FieldOptions {
  /** The bytes that the tables of exact inference may take, or samples. Default 2^30. */
  memoryLimit?: number | undefined;
}

/** A factor as a field has it. */
export interface Factor {
  readonly variables: Int32Array;
  readonly logPotentials: Tensor<Float64Array>;
}

export interface BoltzmannMachine {
  /** w_ij, symmetric, with zeros on the diagonal: a tensor [n, n], or its n^2 numbers. */
  weights: Input;
  biases: Input;
  /** 1 / temperature, finite. Default 1. */
  beta?: number | undefined;
}

/** States that are known: by variable. */
export type Evidence = Readonly<Record<number, number>> | ReadonlyMap<number, number>;

/** One joint state, or rows of them: [rows, variables]. */
export type States = Int32Array | readonly number[] | TensorLike;

/** What there is for each joint state: a number for one, a tensor [rows] for rows. */
export type EachState<Given> = Given extends Int32Array | readonly number[] ? number : Tensor<Float64Array>;

/** In which order variables are summed out, and what that takes. */
export interface Elimination {
  /** The variables that have more than one state, the first eliminated first. */
  readonly order: Int32Array;
  /** The most variables of a table, less one: the treewidth, or a bound of it. */
  readonly width: number;
  /** The most states of a table. */
  readonly largestTable: number;
  /** What is kept of all tables, which `memoryLimit` bounds. */
  readonly bytes: number;
}

export interface GibbsOptions {
  /** Joint states that are kept. Default 1000. */
  samples?: number | undefined;
  /** Sweeps before the first. Default 100. */
  burnIn?: number | undefined;
  /** Sweeps from one to the next. Default 1. */
  thin?: number | undefined;
  /** The joint state to begin with, of a probability greater than 0. Default: variable by variable the best beside those before. */
  initial?: Int32Array | readonly number[] | undefined;
}

/** What a Gibbs sampler has drawn. */
export interface GibbsSamples {
  /** [samples, variables] */
  readonly samples: Tensor<Int32Array>;
  /** For each variable the shares of its states. */
  readonly marginals: readonly Float64Array[];
  /** For each variable how many independent samples are worth as much; NaN where it never changed. */
  readonly effectiveSampleSize: Float64Array;
  /** The last joint state: what another call may begin with. */
  readonly state: Int32Array;
}

/** The logarithm of what samples are worth, and its derivatives. */
export interface Likelihood {
  /** sum log P(sample) */
  readonly logLikelihood: number;
  /** For each factor, of its shape: how often its states are seen, less how often they are expected. */
  readonly gradients: readonly Tensor<Float64Array>[];
}

export interface FieldFitOptions {
  /** Of the penalty l2/2 sum theta^2. Default 1. */
  l2?: number | undefined;
  /** On the largest element of the gradient of the mean. Default 1e-6. */
  tolerance?: number | undefined;
  /** Default 1000. */
  maxIterations?: number | undefined;
  /** Told after each step. What it throws ends the fit. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** A field that has been learned: of these factors. */
export interface Fit<Field> {
  readonly field: Field;
  readonly convergence: Convergence;
}

/** What all entry points have alike. */
export interface FieldStructure {
  /** How many variables there are. */
  readonly size: number;
  readonly cardinalities: Int32Array;
  /** Copies. */
  readonly factors: readonly Factor[];
  /** The states that are known, by variable. */
  readonly evidence: ReadonlyMap<number, number>;
  readonly memoryLimit: number;
  /** How exact inference goes about it. */
  readonly elimination: Elimination;
  /** E(x) = -sum log psi; Infinity for a state that is forbidden, or that the evidence rules out. */
  energy<Given extends States>(states: Given): EachState<Given>;
}

/**
 * A Markov random field: a joint distribution of discrete variables by factors of a few of them each. It is one softmax
 * over all joint states, of which there are far too many to write down.
 *
 *     P(x) = (1/Z) prod_C psi_C(x_C) = e^(-E(x)) / sum e^(-E(x')),   E(x) = -sum_C log psi_C(x_C)
 *
 * Inference is exact, by variable elimination in log space: variables are summed out one after the other, the next being
 * the one that joins the fewest new pairs of others (min-fill); a sum is the log-sum-exp of the rows of a table. Time and
 * memory grow with the number of joint states of the largest table, `elimination.largestTable`; where the tables do not
 * fit `memoryLimit` the methods throw before they allocate anything, and `energy` and `gibbs` still work. Koller and
 * Friedman, "Probabilistic graphical models", 2009, chapters 9, 10 and 13; Wainwright and Jordan 2008, section 2.5.
 *
 * All is computed in float64. Variables and states are numbers from 0 on. A field never changes; its constructor copies
 * what it is given.
 *
 * @throws TypeError (ERR_INVALID_ARG_TYPE; ERR_INVALID_ARG_VALUE: a factor that names a variable twice, a field in which
 * no joint state has a probability greater than 0), RangeError (ERR_OUT_OF_RANGE: a cardinality, a variable, a state, a
 * log-potential that is NaN or Infinity, tables beyond the memory limit; ERR_SOFTMAX_SHAPE_MISMATCH: a factor of the wrong
 * size)
 * @example
 * const field = new MarkovRandomField({ cardinalities: [2, 3], factors: [{ variables: [0, 1], logPotentials: [1, 2, 4, 0, 0, 0] }] });
 * field.logPartition; // 4.215167...
 * field.marginal(0); // Float64Array [0.955..., 0.0443...]
 * field.conditional({ 0: 0 }).marginal(1); // Float64Array [0.0420..., 0.1141..., 0.8437...]
 * field.mode(); // Int32Array [0, 2]
 * MarkovRandomField.boltzmannMachine({ weights: [0, 1.5, 1.5, 0], biases: [-0.5, 0.25] }).joint().data; // Float64Array [0.1567..., 0.2012..., 0.0950..., 0.5469...]
 */
export interface MarkovRandomField extends FieldStructure {
  /** log Z: of the joint states that the evidence allows; -Infinity where there is none. */
  readonly logPartition: number;
  /** P(x) = e^(-E(x)) / Z for all joint states: a tensor of the shape of the cardinalities. */
  joint(): Tensor<Float64Array>;
  /** P(x_v) for each state of a variable, or of several together: a tensor of the shape of their cardinalities. */
  marginal<Variables extends number | Int32Array | readonly number[]>(
    variables: Variables,
  ): Variables extends number ? Float64Array : Tensor<Float64Array>;
  /** P(x_v) for every variable, at the cost of two eliminations: up the tree of tables, and down again. */
  marginals(): Float64Array[];
  /** The same field where some states are known. Variables keep their numbers. */
  conditional(evidence: Evidence): MarkovRandomField;
  /**
   * A joint state of the greatest probability, by elimination with the maximum in place of log-sum-exp, which is its limit
   * for beta = Infinity. Of several it is found so: from the variable that is eliminated last to the first, each takes the
   * lowest state.
   */
  mode(): Int32Array;
  /** log P(x) = -E(x) - log Z. */
  logProbability<Given extends States>(states: Given): EachState<Given>;
  /** Joint states that are drawn exactly and independently, going back through the elimination: [size], or [count, size]. */
  sample(rng: Rng): Int32Array;
  sample(rng: Rng, count: number): Tensor<Int32Array>;
  /**
   * Gibbs sampling: sweep after sweep, each variable in turn is drawn given all others, from a softmax over its states.
   * Geman and Geman, "Stochastic relaxation, Gibbs distributions, and the Bayesian restoration of images", 1984. It needs
   * no tables. Where potentials forbid states it may be that a sweep cannot get from one part of the joint states to
   * another; then it samples its own part.
   *
   * The effective sample size is count / (1 + 2 sum of autocorrelations), of the indicators of a variable's states, summed
   * up to the first pair of neighbouring lags whose sum is not positive: Geyer, "Practical Markov chain Monte Carlo",
   * Statistical Science 7, 1992, section 3.3. He proves it for reversible chains; sweeps in a fixed order are none, and so
   * this is an estimate.
   */
  gibbs(rng: Rng, options?: GibbsOptions): GibbsSamples;
  /**
   * What joint states that have been seen are worth: sum log P, and its derivatives in the log-potentials of each factor,
   * E_data - E_model of the indicators of its states (0 where a state is forbidden).
   */
  logLikelihood(samples: States): Likelihood;
  /**
   * The field of the same factors that makes joint states which have been seen most likely:
   *
   *     min over theta of -sum log P_theta(sample) + l2/2 sum theta^2,   theta = all log-potentials but -Infinity
   *
   * a convex function, by L-BFGS with exact gradients, from the log-potentials of this field on.
   */
  fit(samples: States, options?: FieldFitOptions): Fit<MarkovRandomField>;
}

export interface MarkovRandomFieldConstructor {
  /** As described, or as another field is, with what is known of it. */
  new (description: FieldDescription | FieldStructure, options?: FieldOptions): MarkovRandomField;
  readonly prototype: MarkovRandomField;
  /**
   * Binary units that are joined in pairs: P(x) is proportional to e^(-beta E(x)), x_i in {0, 1},
   *
   *     E(x) = -sum_(i < j) w_ij x_i x_j - sum_i b_i x_i
   *
   * so that P(x_i = 1 | the others) = 1 / (1 + e^(-beta (sum_j w_ij x_j + b_i))), a softmax of two classes. Ackley, Hinton
   * and Sejnowski, "A learning algorithm for Boltzmann machines", 1985.
   */
  boltzmannMachine(machine: BoltzmannMachine, options?: FieldOptions): MarkovRandomField;
}

interface SignalOptions {
  /** Gives the call up: the promise is rejected with an AbortError. */
  signal?: AbortSignal | undefined;
}

/**
 * MarkovRandomField of softmax-native/promises: tables are filled in turns with the event loop and reduced by jobs, Gibbs
 * samplers run in turns with it.
 */
export interface PromisedMarkovRandomField extends FieldStructure {
  readonly logPartition: Promise<number>;
  joint(options?: SignalOptions): Promise<Tensor<Float64Array>>;
  marginal<Variables extends number | Int32Array | readonly number[]>(
    variables: Variables,
    options?: SignalOptions,
  ): Promise<Variables extends number ? Float64Array : Tensor<Float64Array>>;
  marginals(options?: SignalOptions): Promise<Float64Array[]>;
  conditional(evidence: Evidence): PromisedMarkovRandomField;
  mode(options?: SignalOptions): Promise<Int32Array>;
  logProbability<Given extends States>(states: Given, options?: SignalOptions): Promise<EachState<Given>>;
  sample(rng: Rng, count?: undefined, options?: SignalOptions): Promise<Int32Array>;
  sample(rng: Rng, count: number, options?: SignalOptions): Promise<Tensor<Int32Array>>;
  gibbs(rng: Rng, options?: GibbsOptions & SignalOptions): Promise<GibbsSamples>;
  logLikelihood(samples: States, options?: SignalOptions): Promise<Likelihood>;
  fit(samples: States, options?: FieldFitOptions & SignalOptions): Promise<Fit<PromisedMarkovRandomField>>;
}

export interface PromisedMarkovRandomFieldConstructor {
  new (description: FieldDescription | FieldStructure, options?: FieldOptions): PromisedMarkovRandomField;
  readonly prototype: PromisedMarkovRandomField;
  boltzmannMachine(machine: BoltzmannMachine, options?: FieldOptions): PromisedMarkovRandomField;
}
