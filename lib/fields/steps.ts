// Computations in steps: generators that yield what a backend is to compute and are given its result, so that one text
// serves calls and promises. A step that is nothing but a pause lets the event loop have its turn.

/** What is computed next: gives its result, or a promise of it. */
export type Task = () => unknown;

// biome-ignore lint/suspicious/noExplicitAny: a task's result is of the type that its step expects
export type Steps<Result> = Generator<Task, Result, any>;

/** Runs steps to their end: gives the result, or a promise of it. The signal gives them up between two steps. */
export type Run = <Result>(steps: Steps<Result>, signal?: AbortSignal) => unknown;

export const atOnce: Run = (steps) => {
  let next = steps.next();
  while (next.done !== true) next = steps.next(next.value());
  return next.value;
};

export const pause: Task = () => undefined;
