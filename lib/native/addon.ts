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
  /** The operations by the numbers that startJob knows them by. */
  readonly rows: readonly string[];
  /** Once, before the first job: what is called when one has ended, with its numbers in the frame. */
  attachJobs(settled: (slot: number, givenUp: boolean) => void): boolean;
  /** The job's slot; -1 when too many are in flight, -2 without memory or threads. */
  startJob(row: number, own: number, written: number, ...arrays: unknown[]): number;
  /** True if it had not begun. It is settled all the same. */
  cancelJob(slot: number): boolean;
  /** The result at that position into an array; false if that has changed its length, or is gone. */
  collectJob(slot: number, position: number, array: unknown): boolean;
  endJob(slot: number): boolean;
}
