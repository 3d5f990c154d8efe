// The public classes of soft addressing, computed by the binary, or by the reference where none loads.
import { memory } from './addressing/memory';
import type { MemoryConstructor, Memory as MemoryOfRows } from './addressing/memory-types';
import { softmaxState } from './addressing/softmax-state';
import type { SoftmaxStateConstructor, SoftmaxState as State } from './addressing/state-types';
import { nativeBackend } from './native/backend';

export const SoftmaxState: SoftmaxStateConstructor = softmaxState(nativeBackend);
export type SoftmaxState = State;

export const Memory: MemoryConstructor = memory(nativeBackend);
export type Memory = MemoryOfRows;
