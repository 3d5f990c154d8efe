// The search of a fit: L-BFGS, which begins anew from where it has come to with a preconditioner of that point after 5,
// 10, 20, 40, ... steps.
import { lbfgs } from '../optimization/lbfgs';
import type { Task } from '../optimization/run';
import type { Evaluation, Minimum, Progress, Search, SearchOptions } from '../optimization/search';
import type { Objective } from './objective';
import type { Preconditioner } from './preconditioner';

const firstStage = 5;

export function* minimize(
  start: Float64Array,
  { evaluate }: Objective,
  preconditioner: Preconditioner | undefined,
  { tolerance, maxIterations, onProgress }: SearchOptions,
): Generator<Task, Minimum, unknown> {
  let point = start;
  const before = { iterations: 0, evaluations: 0 };
  for (;;) {
    const { iterations, evaluations } = before;
    const stage = preconditioner === undefined ? Infinity : Math.max(firstStage, iterations);
    const found = yield* tasksOf(
      lbfgs(point, {
        tolerance,
        maxIterations: Math.min(stage, maxIterations - iterations),
        precondition: preconditioner && (yield* preconditioner.at(point)),
        onProgress: onProgress && ((progress) => onProgress(after(progress, iterations, evaluations))),
      }),
      evaluate,
    );
    before.iterations += found.iterations;
    before.evaluations += found.evaluations;
    if (found.reason !== 'maxIterations' || before.iterations >= maxIterations) return { ...found, ...before };
    point = found.point;
  }
}

const after = (progress: Progress, iterations: number, evaluations: number): Progress => ({
  iterations: progress.iterations + iterations,
  evaluations: progress.evaluations + evaluations,
  gradientNorm: progress.gradientNorm,
  loss: progress.loss,
});

function* tasksOf(search: Search, evaluate: Objective['evaluate']): Generator<Task, Minimum, unknown> {
  let next = search.next();
  while (next.done !== true) {
    const point = next.value;
    next = search.next((yield () => evaluate(point)) as Evaluation);
  }
  return next.value;
}
