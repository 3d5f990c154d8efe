// The public output layers: one class for each, computed by the binary, or by the reference where none loads.
import { adaptiveSoftmax } from './layers/adaptive';
import type { AdaptiveSoftmaxConstructor, AdaptiveSoftmax as AdaptiveSoftmaxLayer } from './layers/adaptive-types';
import { noiseContrastive } from './layers/contrastive';
import type {
  NoiseContrastiveConstructor,
  NoiseContrastive as NoiseContrastiveLayer,
} from './layers/contrastive-types';
import { fullSoftmax } from './layers/full';
import type { FullSoftmaxConstructor, FullSoftmax as FullSoftmaxLayer } from './layers/full-types';
import { hierarchicalSoftmax } from './layers/hierarchical';
import type {
  HierarchicalSoftmaxConstructor,
  HierarchicalSoftmax as HierarchicalSoftmaxLayer,
} from './layers/hierarchical-types';
import { sampledSoftmax } from './layers/sampled';
import type { SampledSoftmaxConstructor, SampledSoftmax as SampledSoftmaxLayer } from './layers/sampled-types';
import { nativeBackend } from './native/backend';

export const FullSoftmax: FullSoftmaxConstructor = fullSoftmax(nativeBackend);
export type FullSoftmax = FullSoftmaxLayer;

export const AdaptiveSoftmax: AdaptiveSoftmaxConstructor = adaptiveSoftmax(nativeBackend);
export type AdaptiveSoftmax = AdaptiveSoftmaxLayer;

export const SampledSoftmax: SampledSoftmaxConstructor = sampledSoftmax(nativeBackend);
export type SampledSoftmax = SampledSoftmaxLayer;

export const NoiseContrastive: NoiseContrastiveConstructor = noiseContrastive(nativeBackend);
export type NoiseContrastive = NoiseContrastiveLayer;
export const HierarchicalSoftmax: HierarchicalSoftmaxConstructor = hierarchicalSoftmax(nativeBackend);
export type HierarchicalSoftmax = HierarchicalSoftmaxLayer;
