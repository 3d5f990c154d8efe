// Computations in steps: generators that yield what a backend is to compute and are given its result, so that one text
// serves calls and promises. A step that is nothing but a pause lets the event loop have its turn.
import type { Task } from '../optimization/run';
import { owning } from '../ownership';

// biome-ignore lint/suspicious/noExplicitAny: a task's result is of the type that its step expects
export type Steps<Result> = Generator<Task, Result, any>;

/** The arrays that a task computes with are the library's own, so that they need not be copied. */
export const perform = (task: Task): unknown => owning([], task);

export const pause: Task = () => undefined;
