// The public models and what is fitted to data, computed by the binary, or by the reference where none loads.
import { nativeBackend } from './native/backend';
import { atOnce } from './optimization/run';
import type { SoftmaxRegression as Regression, SoftmaxRegressionConstructor } from './regression/regression-types';
import { softmaxRegression } from './regression/softmax-regression';

export const SoftmaxRegression: SoftmaxRegressionConstructor = softmaxRegression(nativeBackend, atOnce);
export type SoftmaxRegression<Label extends string | number = number> = Regression<Label>;
