// The public output layers: one class for each, computed by the binary, or by the reference where none loads.
import { adaptiveSoftmax } from './layers/adaptive';
import type { AdaptiveSoftmaxConstructor, AdaptiveSoftmax as AdaptiveSoftmaxLayer } from './layers/adaptive-types';
import { fullSoftmax } from './layers/full';
import type { FullSoftmaxConstructor, FullSoftmax as FullSoftmaxLayer } from './layers/full-types';
import { nativeBackend } from './native/backend';

export const FullSoftmax: FullSoftmaxConstructor = fullSoftmax(nativeBackend);
export type FullSoftmax = FullSoftmaxLayer;

export const AdaptiveSoftmax: AdaptiveSoftmaxConstructor = adaptiveSoftmax(nativeBackend);
export type AdaptiveSoftmax = AdaptiveSoftmaxLayer;
