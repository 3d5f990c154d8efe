// Temperature scaling: the beta that minimises the mean of log sum_j e^(beta z_j) - beta z_y, which is convex in beta:
//   derivative  mean of E_p z - z_y,   second derivative  mean of Var_p z
// by Newton's method, kept between betas where the derivative is negative and positive.
import { atCallSite, invalidType, outOfRange, printShape, shapeMismatch } from '../errors';
import { kindOf } from '../intrinsics';
import { canonicalRows, measureIds, readIds } from '../layers/layer';
import { type Given, measure, readLogits } from '../operations/arguments';
import { allocateLike } from '../operations/arrange';
import type { Entry } from '../operations/execute';
import { widened } from '../operations/halves';
import { performTask, type Run, type Task } from '../optimization/run';
import { owning } from '../ownership';
import type { Backend, FloatArray, Floats } from '../types';
import { validateCount, validateOptions } from '../validate';
import type { Calibration, ConfidenceBin, Reliability } from './calibration-types';
import { keptRows, refusal } from './features';
import { readSignal } from './settings';

const defaultBins = 15;
const mostIterations = 100;
const leastChange = 1e-12;

/** Logits [rows, classes], and the class of each row. */
interface Judged {
  readonly logits: FloatArray;
  readonly labels: Int32Array;
  readonly rows: number;
  readonly classes: number;
  readonly bins: number;
}

export function calibration(
  backend: Backend,
  run: Run,
  entry: Entry,
  logits: unknown,
  labels: unknown,
  options: object = {},
): unknown {
  try {
    validateOptions(options);
    const { bins: givenBins, signal } = options as Record<string, unknown>;
    const bins = givenBins === undefined ? defaultBins : validateCount('options.bins', givenBins);
    if (bins === 0) throw outOfRange('options.bins', '>= 1', bins);
    const abortion = readSignal(signal);
    const given = readLogits(logits);
    if (given.dims === undefined) throw invalidType('logits', 'an object with data and dims', logits);
    const givenLabels = readIds('labels', labels);
    const judged = measureJudged(given, givenLabels, bins);
    return run(calibrated(backend, judged), performTask, abortion);
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

function measureJudged(given: Given<Floats>, labels: Parameters<typeof measureIds>[0], bins: number): Judged {
  const dims = measure(given);
  const [rows, classes] = dims as [number, number];
  if (dims.length !== 2 || rows === 0 || classes === 0) {
    throw shapeMismatch('logits', 'have shape [rows, classes], with at least one of both', `shape ${printShape(dims)}`);
  }
  const data = keptRows(widened(given.kind, given.data));
  const ids = measureIds(labels, rows, classes);
  for (let i = 0; i < data.length; i += 1) {
    if (!Number.isFinite(data[i] as number)) throw refusal('logits', { data, rows, width: classes });
  }
  return { logits: data, labels: ids, rows, classes, bins };
}

function* calibrated(backend: Backend, judged: Judged): Generator<Task, Calibration, unknown> {
  const before = yield* reliability(backend, judged, 1);
  const { beta, iterations, reason } = yield* best(backend, judged);
  const after = yield* reliability(backend, judged, beta);
  return {
    temperature: 1 / beta,
    beta,
    before: before.reliability,
    after: after.reliability,
    accuracy: before.accuracy,
    iterations,
    reason,
  };
}

function* best(
  backend: Backend,
  judged: Judged,
): Generator<Task, { beta: number; iterations: number; reason: Calibration['reason'] }, unknown> {
  if (areAllGreatest(judged)) return { beta: Infinity, iterations: 0, reason: 'allRight' };
  const atZero = slopesOf(judged, yield* softmaxAt(backend, judged, 0));
  if (!(atZero.slope < 0)) return { beta: 0, iterations: 0, reason: 'noInformation' };
  let low = 0;
  let high = Infinity;
  let beta = 1;
  for (let iterations = 1; ; iterations += 1) {
    const { slope, curvature } = slopesOf(judged, yield* softmaxAt(backend, judged, beta));
    if (slope < 0) low = beta;
    else high = beta;
    const newton = slope === 0 ? beta : beta - slope / curvature;
    const isThere = Math.abs(newton - beta) <= leastChange * beta;
    if (isThere || iterations >= mostIterations)
      return { beta: isThere ? newton : beta, iterations, reason: 'minimum' };
    const isWithin = newton > low && newton < high && newton <= 4 * beta;
    const next = isWithin ? newton : high === Infinity ? 4 * beta : (low + high) / 2;
    beta = next;
  }
}

/** Whether the label has the greatest logit of every row: then the loss falls for ever, to 0 or log of the ties. */
function areAllGreatest({ logits, labels, rows, classes }: Judged): boolean {
  for (let r = 0; r < rows; r += 1) {
    const mine = logits[r * classes + (labels[r] as number)] as number;
    for (let c = 0; c < classes; c += 1) if ((logits[r * classes + c] as number) > mine) return false;
  }
  return true;
}

function* softmaxAt(backend: Backend, judged: Judged, beta: number): Generator<Task, FloatArray, unknown> {
  const { logits, rows, classes } = judged;
  const out = allocateLike(kindOf(logits) as string, rows * classes);
  const call = {
    ...canonicalRows(rows, classes),
    ...{ beta, logits, out, sign: undefined, weights: undefined, weightStrides: undefined, variant: false },
  };
  yield () => owning([logits, out], () => backend.softmax.perform(call, () => undefined));
  return out;
}

/** The first two derivatives of the mean loss in beta. */
function slopesOf({ logits, labels, rows, classes }: Judged, p: FloatArray): { slope: number; curvature: number } {
  let slope = 0;
  let curvature = 0;
  for (let r = 0; r < rows; r += 1) {
    const first = r * classes;
    const mine = logits[first + (labels[r] as number)] as number;
    // Relative to the label's logit, so that nothing cancels where it has all the mass.
    let mean = 0;
    let square = 0;
    for (let c = first; c < first + classes; c += 1) {
      const gap = (logits[c] as number) - mine;
      mean += (p[c] as number) * gap;
      square += (p[c] as number) * gap * gap;
    }
    slope += mean;
    curvature += square - mean * mean;
  }
  return { slope: slope / rows, curvature: curvature / rows };
}

function* reliability(
  backend: Backend,
  judged: Judged,
  beta: number,
): Generator<Task, { reliability: Reliability; accuracy: number }, unknown> {
  const { logits, labels, rows, classes } = judged;
  const p = yield* softmaxAt(backend, judged, beta);
  const totals = { loss: 0, totalWeight: 0 };
  const logSumExp = allocateLike(kindOf(logits) as string, rows);
  const call = {
    ...canonicalRows(rows, classes),
    ...{ beta, logits, classes: labels, probabilities: undefined, ignored: -1, weight: undefined, smoothing: 0 },
    ...{ overOthers: false, zLoss: 0, softcap: 0, losses: undefined, logSumExp, gradient: undefined },
    ...{ targetGradient: undefined, totals, reduction: 'mean' as const },
  };
  yield () => owning([logits, labels, logSumExp], () => backend.crossEntropy.perform(call, () => undefined));
  const { bins, accuracy, error } = binned(judged, p);
  return { reliability: { loss: totals.loss, expectedCalibrationError: error, bins }, accuracy };
}

/** By the greatest logit, which stays the greatest at any temperature. */
function binned({ logits, labels, rows, classes, bins: count }: Judged, p: FloatArray) {
  const sums = Array.from({ length: count }, () => ({ count: 0, right: 0, confidence: 0 }));
  let right = 0;
  for (let r = 0; r < rows; r += 1) {
    let likeliest = 0;
    for (let c = 1; c < classes; c += 1) {
      if ((logits[r * classes + c] as number) > (logits[r * classes + likeliest] as number)) likeliest = c;
    }
    const confidence = p[r * classes + likeliest] as number;
    const bin = sums[Math.min(count, Math.max(1, Math.ceil(confidence * count))) - 1] as (typeof sums)[number];
    const isRight = likeliest === labels[r] ? 1 : 0;
    bin.count += 1;
    bin.right += isRight;
    bin.confidence += confidence;
    right += isRight;
  }
  const bins = sums.map(
    (sum, i): ConfidenceBin => ({
      lower: i / count,
      upper: (i + 1) / count,
      count: sum.count,
      accuracy: sum.right / sum.count,
      confidence: sum.confidence / sum.count,
    }),
  );
  const error = sums.reduce((total, sum) => total + Math.abs(sum.right - sum.confidence) / rows, 0);
  return { bins, accuracy: right / rows, error };
}
