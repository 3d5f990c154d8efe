// Runs computations in steps for promises: what a step wants computed runs as a job.
import { owning } from '../ownership';
import { beforeWork } from './jobs';
import { inTurns } from './turns';

/** A task makes the arrays that it computes with known as its own, so that they need not be copied. */
export function stepsInTurns<Result>(steps: Generator<() => unknown, Result, unknown>, signal?: AbortSignal): unknown {
  beforeWork();
  return inTurns(steps, (task) => owning([], task), signal);
}
