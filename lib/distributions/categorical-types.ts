// Categorical as users see it. Types only.
import type { Ids } from '../random/arguments';
import type { Rng } from '../random/rng';
import type { Float16ArrayLike, FloatArray, Input, Reduced, RowElementsOf, Storage, Tensor } from '../types';

/** A distribution by the energies of its states. */
export interface Energies<Of extends Input = Input> {
  energies: Of;
  /** Any real number: negative ones prefer high energies, 0 leaves the lowest, and Infinity makes all alike. Default 1. */
  temperature?: number | undefined;
}

/** One number for each distribution. */
type Each<Of> = Reduced<Of, Tensor<RowElementsOf<Of>>>;

type IsVector<Of, Yes, No> = Of extends FloatArray | Float16ArrayLike | readonly number[] ? Yes : No;

/** A row of numbers for each distribution. */
type Rows<Of> = IsVector<Of, RowElementsOf<Of>, Tensor<RowElementsOf<Of>>>;

type Direction<Of> = Storage<RowElementsOf<Of>> | readonly number[];

/** The log-probabilities of ids: of one vector a number, or an array of them; of a tensor one for each distribution. */
type LogProbabilityOf<Of, Given> = IsVector<
  Of,
  Given extends number ? number : RowElementsOf<Of>,
  Tensor<RowElementsOf<Of>>
>;

/** What all entry points have alike. */
export interface CategoricalParameters<Of extends Input> {
  /** The shape of the parameters, and how many classes there are: its last. */
  readonly dims: readonly number[];
  readonly classes: number;
  /** 1 / temperature; after `temper` the product of both. */
  readonly beta: number;
  readonly temperature: number;
  /** eta = beta times the logits. At beta = +-Infinity the limit: 0 for the classes that share the mass, else -Infinity. */
  readonly naturalParameters: Rows<Of>;
  /** eta_k - eta_n for k < n, which are log(p_k / p_n): [..., n - 1]. */
  readonly minimalParameters: Rows<Of>;
  /** E = -eta / beta, for which p = e^(-E / T) / Z: as given, or minus the logits. */
  readonly energies: Rows<Of>;
}

/**
 * A categorical distribution as a member of an exponential family: softmax, read backwards.
 *
 *     p(x) = e^(eta_x - A(eta)),   A(eta) = log sum_j e^(eta_j),   mean = grad A = softmax(eta)
 *     p(x) = e^(-E_x / T) / Z,     F = -T log Z                    Boltzmann's form: eta = -E / T
 *
 * eta is over-complete: adding a number to all of it changes nothing. The n - 1 minimal parameters eta_k - eta_n are not.
 * The Fisher information is the Hessian of A, which is the covariance C(p) = diag(p) - p p^T of a one-hot draw; in minimal
 * coordinates it lacks the last row and column, has the determinant p_1 ... p_n and the inverse diag(1/p_k) + 1 / p_n.
 * Wainwright and Jordan, "Graphical models, exponential families, and variational inference", 2008, chapter 3; Amari,
 * "Information geometry and its applications", 2016, section 2.3.
 *
 * A vector is one distribution, a tensor [..., n] a batch, whose rows are computed in one call: what is a number for a
 * vector is a tensor [...] for it. Results are float32 for parameters of 16 or 32 bits, float64 for others. The parameters are
 * copied. -Infinity is a class of probability 0; every distribution has another one. 0 log 0 = 0. In nats.
 *
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE), RangeError (ERR_OUT_OF_RANGE: NaN, infinite parameters
 * of the wrong sign, a row without a class, an id; ERR_SOFTMAX_SHAPE_MISMATCH)
 * @example
 * new Categorical([1, 2, 4]).entropy; // 0.5242666167276...
 * new Categorical([1, 2, 4]).klDivergence(new Categorical([0, 0, 0])); // 0.574345671940...
 * new Categorical([1, 2, 4]).minimalParameters; // Float64Array [-3, -2]
 * new Categorical({ energies: [0, 1, 3], temperature: 0.5 }).freeEnergy; // -0.0645544544149...
 * new Categorical([1, 2, 4]).fisherInverse([1, 0]); // Float64Array [24.9889..., 1.1851...]
 */
export interface Categorical<Of extends Input = Input> extends CategoricalParameters<Of> {
  /** A(eta) = log Z. */
  readonly logPartition: Each<Of>;
  /** The mean parameters: the expectation of a one-hot draw, which is the probabilities. */
  readonly mean: Rows<Of>;
  readonly probabilities: Rows<Of>;
  readonly logProbabilities: Rows<Of>;
  /** H = A - <eta, p>. */
  readonly entropy: Each<Of>;
  /** F = -T log Z; at temperature 0 the lowest energy, at Infinity -Infinity. */
  readonly freeEnergy: Each<Of>;
  /** U = sum p E, which is F + T H. */
  readonly meanEnergy: Each<Of>;
  /** The most probable class, of several the first. */
  readonly mode: Reduced<Of, Tensor<Int32Array>>;
  /** The logarithm of the determinant of the Fisher information in minimal coordinates: sum log p_k. */
  readonly fisherLogDeterminant: Each<Of>;

  /** -sum p log q = H + KL(p | q), q being the other distribution. */
  crossEntropy(other: CategoricalParameters<Input>): Each<Of>;
  /** KL(p | q) = sum p (log p - log q); Infinity where q is 0 and p is not. */
  klDivergence(other: CategoricalParameters<Input>): Each<Of>;
  /**
   * The Fisher information times a vector, in O(n). [..., n]: in natural coordinates, p (v - <p, v>). [..., n - 1]: in
   * minimal coordinates, the same without the last class.
   */
  fisher(v: Direction<Of>): Rows<Of>;
  /**
   * The inverse of that, which turns a gradient into a natural gradient. [..., n]: in natural coordinates the
   * pseudo-inverse of Moore and Penrose, Q diag(1/p) Q with Q = I - 1/n, of the classes whose p is not 0; 0 for the
   * others. [..., n - 1]: in minimal coordinates the inverse, v_k / p_k + sum v / p_n, which is infinite where a p is 0.
   */
  fisherInverse(v: Direction<Of>): Rows<Of>;
  /** The Fisher information in minimal coordinates, a dense matrix: [..., n - 1, n - 1]. */
  fisherInformation(): Tensor<RowElementsOf<Of>>;
  /** The escort distribution p^beta / sum p^beta: the temperature divided by beta. At beta 0 all classes with p > 0 alike. */
  temper(beta: number): Categorical<Of>;
  /**
   * log p of each id: of a vector as many as there are ids, of a batch one for each distribution.
   *
   * @param ids - a class, or an array of them
   */
  logProbability<Given extends Ids>(ids: Given): LogProbabilityOf<Of, Given>;
  /**
   * Draws classes: without a count one for each distribution, a number for a vector; else [..., count]. The first draw
   * makes an alias table (Walker, 1977), which the object keeps: 20 to 40 bytes a class. A draw then takes constant time,
   * and a class has its probability within 2^-53.
   */
  sample(rng: Rng): Reduced<Of, Tensor<Int32Array>>;
  sample(rng: Rng, count: number): IsVector<Of, Int32Array, Tensor<Int32Array>>;
}

export interface CategoricalConstructor {
  /** By logits, by energies, or as another one is. */
  new <Of extends Input>(parameters: Of | Energies<Of> | CategoricalParameters<Of>): Categorical<Of>;
  readonly prototype: Categorical;
}

interface SignalOptions {
  /** Gives the call up: the promise is rejected with an AbortError. */
  signal?: AbortSignal | undefined;
}

/** Categorical of softmax-native/promises: what is computed of all classes is a promise. */
export interface PromisedCategorical<Of extends Input = Input> extends CategoricalParameters<Of> {
  readonly logPartition: Promise<Each<Of>>;
  readonly mean: Promise<Rows<Of>>;
  readonly probabilities: Promise<Rows<Of>>;
  readonly logProbabilities: Promise<Rows<Of>>;
  readonly entropy: Promise<Each<Of>>;
  readonly freeEnergy: Promise<Each<Of>>;
  readonly meanEnergy: Promise<Each<Of>>;
  readonly mode: Promise<Reduced<Of, Tensor<Int32Array>>>;
  readonly fisherLogDeterminant: Promise<Each<Of>>;
  crossEntropy(other: CategoricalParameters<Input>, options?: SignalOptions): Promise<Each<Of>>;
  klDivergence(other: CategoricalParameters<Input>, options?: SignalOptions): Promise<Each<Of>>;
  fisher(v: Direction<Of>, options?: SignalOptions): Promise<Rows<Of>>;
  fisherInverse(v: Direction<Of>, options?: SignalOptions): Promise<Rows<Of>>;
  fisherInformation(options?: SignalOptions): Promise<Tensor<RowElementsOf<Of>>>;
  temper(beta: number): PromisedCategorical<Of>;
  logProbability<Given extends Ids>(ids: Given, options?: SignalOptions): Promise<LogProbabilityOf<Of, Given>>;
  sample(rng: Rng, count?: undefined, options?: SignalOptions): Promise<Reduced<Of, Tensor<Int32Array>>>;
  sample(rng: Rng, count: number, options?: SignalOptions): Promise<IsVector<Of, Int32Array, Tensor<Int32Array>>>;
}

export interface PromisedCategoricalConstructor {
  new <Of extends Input>(parameters: Of | Energies<Of> | CategoricalParameters<Of>): PromisedCategorical<Of>;
  readonly prototype: PromisedCategorical;
}
