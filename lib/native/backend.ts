// Chooses what computes, once for each environment: the binary where one loads, else the reference.
import { createRequire } from 'node:module';
import { referenceBackend } from '../reference/backend';
import { tinyArgmax } from '../tiny/argmax';
import { tinyLogSoftmax, tinyLogSumExp, tinyMost, tinySoftmax } from '../tiny/rows';
import type { Backend, Operation } from '../types';
import type { Addon } from './addon';
import { descriptions } from './descriptions';
import { Flag } from './frame';
import { prompt } from './invoke';
import { inTurn, job } from './jobs';
import { NativeKernel } from './kernel';
import * as layers from './layers';
import { addon, reason } from './loaded';
import * as states from './states';

const { version } = createRequire(__filename)('../../package.json') as { version: string };

/** What computes now. */
export const nativeBackend: Backend = addon === undefined ? referenceBackend : backendOf(addon);

/** What computes for promises. Without a binary there are no threads to do it: then it is done before the promise is made. */
export const jobBackend: Backend = addon === undefined ? allInTurn(referenceBackend) : jobsOf(addon);

/** What computes on this machine. */
export interface BackendInfo {
  /** The instruction set in use; 'typescript' where no binary loads. */
  readonly kind: string;
  /** Threads that a large call may use. Results do not depend on it. */
  readonly threads: number;
  /** The version of this package. */
  readonly version: string;
  /** Why no binary was loaded. */
  readonly reason: string | undefined;
}

/** What computes here, and why. Read again after setThreads, it says what that did. */
export const backend: BackendInfo = {
  get kind() {
    return addon?.isa() ?? 'typescript';
  },
  get threads() {
    return addon?.threads() ?? 1;
  },
  version,
  reason,
};

// So that console.log shows the values and not [Getter].
Object.defineProperty(backend, Symbol.for('nodejs.util.inspect.custom'), { value: () => ({ ...backend }) });

/** 0 = the default: all processors. */
export function useThreads(threads: number): void {
  addon?.setThreads(threads);
}

function backendOf(binary: Addon): Backend {
  warnOfInstructionSet(binary, process.env.SOFTMAX_NATIVE_ISA);
  const { softmax, logSoftmax, hardmax, logSumExp, argmax } = descriptions;
  return {
    softmax: new NativeKernel(binary, softmax, 'elements', 0, { compute: tinySoftmax, most: tinyMost }),
    logSoftmax: new NativeKernel(binary, logSoftmax, 'elements', 0, { compute: tinyLogSoftmax, most: tinyMost }),
    hardmax: new NativeKernel(binary, hardmax, 'elements', Flag.splitTies, undefined),
    logSumExp: new NativeKernel(binary, logSumExp, 'numbers', Flag.overBeta, {
      compute: tinyLogSumExp,
      most: tinyMost,
    }),
    argmax: new NativeKernel(binary, argmax, 'indices', 0, { compute: tinyArgmax, most: 64 }),
    diagnose: prompt(binary, descriptions.diagnose),
    crossEntropy: prompt(binary, descriptions.crossEntropy),
    nllLoss: prompt(binary, descriptions.nllLoss),
    klDivergence: prompt(binary, descriptions.klDivergence),
    linearCrossEntropy: prompt(binary, descriptions.linearCrossEntropy),
    attention: prompt(binary, descriptions.attention),
    attentionVjp: prompt(binary, descriptions.attentionVjp),
    candidateLoss: prompt(binary, descriptions.candidateLoss),
    trainSharedCandidates: prompt(binary, descriptions.trainSharedCandidates),
    trainOwnCandidates: prompt(binary, descriptions.trainOwnCandidates),
    linear: prompt(binary, layers.linear),
    linearTopK: prompt(binary, layers.linearTopK),
    linearSample: prompt(binary, layers.linearSample),
    linearTrain: prompt(binary, layers.linearTrain),
    adaptive: prompt(binary, layers.adaptive),
    adaptiveTopK: prompt(binary, layers.adaptiveTopK),
    adaptiveSample: prompt(binary, layers.adaptiveSample),
    adaptiveCrossEntropy: prompt(binary, layers.adaptiveCrossEntropy),
    adaptiveTrain: prompt(binary, layers.adaptiveTrain),
    softmaxState: prompt(binary, states.softmaxState),
    stateProbabilities: prompt(binary, states.stateProbabilities),

    treeLoss: prompt(binary, descriptions.treeLoss),
    treeDistribution: prompt(binary, descriptions.treeDistribution),
    treeTopK: prompt(binary, descriptions.treeTopK),
    treeSample: prompt(binary, descriptions.treeSample),
    treeTrain: prompt(binary, descriptions.treeTrain),
    sample: prompt(binary, descriptions.sample),
    gumbelSoftmax: prompt(binary, descriptions.gumbelSoftmax),
    gumbelSoftmaxVjp: prompt(binary, descriptions.gumbelSoftmaxVjp),

    softmaxBetaGradient: new NativeKernel(binary, descriptions.softmaxBetaGradient, 'elements', 0, undefined),
    softmaxVjp: prompt(binary, descriptions.softmaxVjp),
    logSoftmaxVjp: prompt(binary, descriptions.logSoftmaxVjp),
    logSoftmaxJvp: prompt(binary, descriptions.logSoftmaxJvp),
    logSumExpVjp: prompt(binary, descriptions.logSumExpVjp),
    softmaxJacobian: prompt(binary, descriptions.softmaxJacobian),
    logSoftmaxJacobian: prompt(binary, descriptions.logSoftmaxJacobian),
  };
}

function jobsOf(binary: Addon): Backend {
  return {
    softmax: job(binary, descriptions.softmax),
    logSoftmax: job(binary, descriptions.logSoftmax),
    hardmax: job(binary, descriptions.hardmax),
    logSumExp: job(binary, descriptions.logSumExp),
    argmax: job(binary, descriptions.argmax),
    diagnose: job(binary, descriptions.diagnose),
    crossEntropy: job(binary, descriptions.crossEntropy),
    nllLoss: job(binary, descriptions.nllLoss),
    klDivergence: job(binary, descriptions.klDivergence),
    linearCrossEntropy: job(binary, descriptions.linearCrossEntropy),
    attention: job(binary, descriptions.attention),
    attentionVjp: job(binary, descriptions.attentionVjp),
    candidateLoss: job(binary, descriptions.candidateLoss),
    trainSharedCandidates: job(binary, descriptions.trainSharedCandidates),
    trainOwnCandidates: job(binary, descriptions.trainOwnCandidates),
    linear: job(binary, layers.linear),
    linearTopK: job(binary, layers.linearTopK),
    linearSample: job(binary, layers.linearSample),
    linearTrain: job(binary, layers.linearTrain),
    adaptive: job(binary, layers.adaptive),
    adaptiveTopK: job(binary, layers.adaptiveTopK),
    adaptiveSample: job(binary, layers.adaptiveSample),
    adaptiveCrossEntropy: job(binary, layers.adaptiveCrossEntropy),
    adaptiveTrain: job(binary, layers.adaptiveTrain),
    softmaxState: job(binary, states.softmaxState),
    stateProbabilities: job(binary, states.stateProbabilities),

    treeLoss: job(binary, descriptions.treeLoss),
    treeDistribution: job(binary, descriptions.treeDistribution),
    treeTopK: job(binary, descriptions.treeTopK),
    treeSample: job(binary, descriptions.treeSample),
    treeTrain: job(binary, descriptions.treeTrain),
    sample: job(binary, descriptions.sample),
    gumbelSoftmax: job(binary, descriptions.gumbelSoftmax),
    gumbelSoftmaxVjp: job(binary, descriptions.gumbelSoftmaxVjp),

    softmaxBetaGradient: job(binary, descriptions.softmaxBetaGradient),
    softmaxVjp: job(binary, descriptions.softmaxVjp),
    logSoftmaxVjp: job(binary, descriptions.logSoftmaxVjp),
    logSoftmaxJvp: job(binary, descriptions.logSoftmaxJvp),
    logSumExpVjp: job(binary, descriptions.logSumExpVjp),
    softmaxJacobian: job(binary, descriptions.softmaxJacobian),
    logSoftmaxJacobian: job(binary, descriptions.logSoftmaxJacobian),
  };
}

function allInTurn(backend: Backend): Backend {
  const all = Object.entries(backend).map(([name, operation]) => [name, inTurn(operation as Operation<unknown>)]);
  return Object.fromEntries(all) as Backend;
}

/** The binary itself reads the variable; what it does not know it passes over. */
function warnOfInstructionSet(binary: Addon, wanted: string | undefined): void {
  if (!wanted || binary.isas().includes(wanted)) return;
  const message = `SOFTMAX_NATIVE_ISA '${wanted}' is not one of ${binary.isas().join(', ')}: ${binary.isa()} runs`;
  process.emitWarning(message, { type: 'SoftmaxNativeWarning', code: 'SOFTMAX_NATIVE_ISA' });
}
