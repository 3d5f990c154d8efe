// The public classes of what softmax is: a distribution, and a joint distribution of many variables; computed by the
// binary, or by the reference where none loads.
import { categorical } from './distributions/categorical';
import type { CategoricalConstructor, Categorical as Distribution } from './distributions/categorical-types';
import type { MarkovRandomField as Field, MarkovRandomFieldConstructor } from './fields/field-types';
import { markovRandomField } from './fields/markov-random-field';
import { nativeBackend } from './native/backend';
import { atOnce } from './optimization/run';
import type { Input } from './types';

export type { CategoricalParameters, Energies } from './distributions/categorical-types';
export type {
  BoltzmannMachine,
  Elimination,
  Evidence,
  Factor,
  FactorLike,
  FieldDescription,
  FieldFitOptions,
  FieldOptions,
  FieldStructure,
  Fit,
  GibbsOptions,
  GibbsSamples,
  Likelihood,
  States,
} from './fields/field-types';

export const Categorical: CategoricalConstructor = categorical(nativeBackend);
export type Categorical<Of extends Input = Input> = Distribution<Of>;

export const MarkovRandomField: MarkovRandomFieldConstructor = markovRandomField(nativeBackend, atOnce);
export type MarkovRandomField = Field;
