// The typed interface of the binary. Numbers travel in the frame (frame.ts); arrays are arguments, and an operation
// without arguments works on the elements that the frame carries.
import type { OperationName } from '../types';

/** Positions 0 logits, 1 out, 2 mask; then as the operation's row in native/binding says. */
export type AddonOperation = (...arrays: unknown[]) => undefined;

export interface Addon extends Readonly<Record<OperationName, AddonOperation>> {
  /** Gives the binary this environment's frame. */
  attach(frame: Float64Array): void;
  /** 0 = as many as the machine has. */
  setThreads(threads: number): void;
  threads(): number;
  /** The instruction set in use. */
  isa(): string;
  /** Those that this machine can run. */
  isas(): string[];
  /** Uses another one; false if it cannot be. */
  select(isa: string): boolean;
}
