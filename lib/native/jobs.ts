// Operations that run behind JavaScript's back, on the threads of the binary. A job has all it touches to itself: arrays
// that the caller can reach are copied, those made for the call are lent. Results go into the caller's arrays at the end,
// on this thread, after a look whether they are still what they were.
import { aborted, detached, outOfMemory, tooManyJobs } from '../errors';
import { lengthOf } from '../intrinsics';
import { isOwn } from '../ownership';
import type { Canonical, Conclude, Operation } from '../types';
import type { Addon } from './addon';
import { type Description, type Invocation, prompt, verdictOf, writeFrame } from './invoke';

let signal: AbortSignal | undefined;

/** Runs `call`, whose jobs are given up when the signal says so. */
export function withSignal<Result>(of: AbortSignal | undefined, call: () => Result): Result {
  const before = signal;
  signal = of;
  try {
    return call();
  } finally {
    signal = before;
  }
}

const checked = Symbol('checked');
let isOnlyChecking = false;

/** Runs `call` as far as to its first job: throws what is wrong with the arguments, and computes nothing. */
export function onlyChecking(call: () => unknown): void {
  isOnlyChecking = true;
  try {
    call();
  } catch (error) {
    if (error !== checked) throw error;
  } finally {
    isOnlyChecking = false;
  }
}

/** What every call for a promise looks at before it computes. */
export function beforeWork(): void {
  if (isOnlyChecking) throw checked;
  if (signal?.aborted) throw aborted(signal.reason);
}

/** The operation as one for promises where no binary loads: it computes before the promise is made. */
export function inTurn<Of>(operation: Operation<Of>): Operation<Of> {
  return {
    perform(call: Of, conclude: Conclude): unknown {
      beforeWork();
      return operation.perform(call, conclude);
    },
  };
}

// Up to here a job takes less time than handing it over: some 5 microseconds.
const promptWork = 16384;

interface Job {
  readonly finish: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly cancel: () => void;
}

// By slot. N.B. no Map: V8 chains the tables that a Map grows out of, and once one of them is old, all that comes after
// it, jobs included, outlives the scavenges. That made each scavenge 10 times longer.
type Jobs = (Job | undefined)[];

// Test runners load modules anew, but never a binary: all loads of this file must know the jobs of the one it has.
const place = Symbol.for('softmax-native jobs');

function jobsOf(addon: Addon & { [place]?: Jobs }): Jobs {
  if (addon[place] !== undefined) return addon[place];
  const inFlight: Jobs = [];
  if (!addon.attachJobs((slot, givenUp) => settle(addon, inFlight, slot, givenUp))) throw outOfMemory();
  addon[place] = inFlight;
  return inFlight;
}

/** The operation as one that runs behind JavaScript's back, unless it is over sooner than it could be handed over. */
export function job<Of extends Canonical>(addon: Addon, description: Description<Of>): Operation<Of> {
  const now = prompt(addon, description);
  return {
    perform(call: Of, conclude: Conclude): unknown {
      beforeWork();
      if (description.instead?.(call) !== undefined) return now.perform(call, conclude);
      const invocation = description.describe(call);
      const work = invocation.work ?? call.outer * call.n * call.inner;
      if (work <= promptWork) return now.perform(call, conclude);
      const results = resultsOf(invocation);
      const finish = (slot: number): unknown => {
        const verdict = verdictOf(invocation);
        if (verdict < 0) collect(addon, slot, results);
        description.afterwards?.(call);
        return conclude(verdict);
      };
      return start(addon, addon.rows.indexOf(description.name), call, invocation, finish);
    },
  };
}

function start(
  addon: Addon,
  row: number,
  call: Canonical,
  invocation: Invocation,
  finish: (slot: number) => unknown,
): Promise<unknown> {
  const inFlight = jobsOf(addon);
  let own = 0;
  let written = 0;
  invocation.arrays.forEach((array, position) => {
    if (array === undefined) return;
    if (isOwn(array)) own += 1 << position;
    if (isResult(invocation, position)) written += 1 << position;
  });
  writeFrame(call, invocation);
  const slot = addon.startJob(row, own, written, ...invocation.arrays);
  if (slot === -1) throw tooManyJobs(inFlight.length);
  if (slot < 0) throw outOfMemory();
  const abort = signal;
  return new Promise((resolve, reject) => {
    const cancel = (): void => void addon.cancelJob(slot);
    // Known before any code of the user runs: the binary will say that it has ended.
    inFlight[slot] = { finish: () => finish(slot), resolve, reject, signal: abort, cancel };
    try {
      abort?.addEventListener('abort', cancel, { once: true });
    } catch (error) {
      cancel();
      throw error;
    }
  });
}

/** Called by the binary when a job has ended. */
function settle(addon: Addon, inFlight: Jobs, slot: number, givenUp: boolean): void {
  const { finish, resolve, reject, signal: abort, cancel } = inFlight[slot] as Job;
  inFlight[slot] = undefined;
  try {
    abort?.removeEventListener('abort', cancel);
    if (givenUp) throw aborted(abort?.reason);
    // What the call does next is given up by the same signal.
    resolve(withSignal(abort, finish));
  } catch (error) {
    reject(error);
  } finally {
    addon.endJob(slot);
  }
}

const isResult = ({ results = [] }: Invocation, position: number): boolean =>
  position === 1 || results.includes(position);

/** A result that goes into an array of the caller's. */
interface Result {
  readonly position: number;
  readonly array: unknown;
  readonly name: string;
  readonly length: number;
}

function resultsOf(invocation: Invocation): Result[] {
  return invocation.arrays.flatMap((array, position) => {
    const comesBack = isResult(invocation, position) || invocation.updates?.includes(position);
    if (array === undefined || !comesBack || isOwn(array)) return [];
    return [{ position, array, name: invocation.names[position] as string, length: lengthOf(array) }];
  });
}

/** All of them, or none. */
function collect(addon: Addon, slot: number, results: readonly Result[]): void {
  for (const { array, name, length } of results) if (lengthOf(array) !== length) throw detached(name);
  for (const { position, array, name } of results) {
    if (!addon.collectJob(slot, position, array)) throw detached(name);
  }
}
