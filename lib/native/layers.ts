// How the output layers are put to the binary: positions as in native/binding/predictions.hpp and adaptive.hpp.
import type {
  AdaptiveLossCall,
  AdaptiveShape,
  AdaptiveSource,
  AdaptiveTrainCall,
  Best,
  Distribution,
  Drawn,
  Form,
  LinearSource,
  LinearTrainCall,
  TrainCall,
} from '../layer-calls';
import { referenceBackend } from '../reference/backend';
import type { OperationName } from '../types';
import { type Description, numberOf } from './invoke';

const codeOfForm: Readonly<Record<Form, number>> = { logits: 0, probabilities: 1, logProbabilities: 2 };

/** What the binary does for an element of the logits, in steps of the short operations. */
const workOf = (rows: number, classes: number, depth: number): number => rows * classes * (1 + depth / 16);

const names = ['hidden', 'out', '', 'weight', 'bias', 'ids'];
const adaptiveNames = ['hidden', 'out', '', 'parameters', 'shape', 'ids', 'hiddenGradient', 'gradient'];

function ofLinear<Of extends LinearSource>(
  name: OperationName,
  result: (call: Of) => unknown,
  number: (call: Of) => number,
  other: (call: Of) => unknown = () => undefined,
  results: readonly number[] = [],
): Description<Of> {
  return {
    name,
    describe: (call) => ({
      arrays: [call.hidden, result(call), undefined, call.matrix, call.bias, other(call)],
      names,
      results,
      numbers: [call.depth, number(call)],
      work: workOf(call.outer, call.n, call.depth),
    }),
    instead: ({ outer }) => (outer === 0 ? (referenceBackend[name] as never) : undefined),
  };
}

export const linear = ofLinear<Distribution<LinearSource>>(
  'linear',
  ({ out }) => out,
  ({ form }) => codeOfForm[form],
);
export const linearTopK = ofLinear<Best<LinearSource>>(
  'linearTopK',
  ({ out }) => out,
  ({ k }) => k,
  ({ ids }) => ids,
  [5],
);
export const linearSample = ofLinear<Drawn<LinearSource>>(
  'linearSample',
  ({ out }) => out,
  () => 0,
  ({ uniforms }) => uniforms,
);

const arrayOf = ({ ends, widths }: AdaptiveShape): Int32Array => Int32Array.from([...ends, ...widths]);

function ofAdaptive<Of extends AdaptiveSource>(
  name: OperationName,
  result: (call: Of) => unknown,
  number: (call: Of) => number,
  others: (call: Of) => unknown[] = () => [],
  results: readonly number[] = [],
  afterwards: (call: Of) => void = () => {},
): Description<Of> {
  return {
    name,
    describe: (call) => ({
      arrays: [call.hidden, result(call), undefined, call.parameters, arrayOf(call.shape), ...others(call)],
      names: adaptiveNames,
      results,
      numbers: [call.shape.dim, number(call), 0, 0, 0, 0, call.shape.widths.length, call.shape.hasBias ? 1 : 0],
      work: workOf(call.outer, call.n, call.shape.dim),
    }),
    afterwards,
    instead: ({ outer }) => (outer === 0 ? (referenceBackend[name] as never) : undefined),
  };
}

export const adaptive = ofAdaptive<Distribution<AdaptiveSource>>(
  'adaptive',
  ({ out }) => out,
  ({ form }) => codeOfForm[form],
);
export const adaptiveTopK = ofAdaptive<Best<AdaptiveSource>>(
  'adaptiveTopK',
  ({ out }) => out,
  ({ k }) => k,
  ({ ids }) => [ids],
  [5],
);
export const adaptiveSample = ofAdaptive<Drawn<AdaptiveSource>>(
  'adaptiveSample',
  ({ out }) => out,
  () => 0,
  ({ uniforms }) => [uniforms],
);
export const adaptiveCrossEntropy = ofAdaptive<AdaptiveLossCall>(
  'adaptiveCrossEntropy',
  ({ out }) => out,
  ({ factor }) => factor,
  ({ targets, hiddenGradient, gradient }) => [targets, hiddenGradient, gradient],
  [6, 7],
  readLoss,
);

const trainNames = ['examples.table', '', '', 'weight', 'bias', 'examples.rows', 'examples.offsets', 'targets'];

function readLoss({ totals }: { totals: { loss: number } }): void {
  totals.loss = numberOf(0);
}

/** `parameters` stand at positions 3 and 4. */
function training<Of extends TrainCall>(
  name: OperationName,
  parameters: (call: Of) => readonly [unknown, unknown],
  updates: readonly number[],
  shape: (call: Of) => readonly number[] = () => [],
): Description<Of> {
  return {
    name,
    describe: (call) => ({
      arrays: [call.table, undefined, undefined, ...parameters(call), call.rows, call.offsets, call.targets],
      names: trainNames,
      updates,
      numbers: [
        call.depth,
        call.learningRate,
        call.tableLearningRate,
        call.batchSize,
        call.size,
        call.rows.length,
        ...shape(call),
      ],
      work: 3 * workOf(call.outer, call.n, call.depth),
    }),
    afterwards: readLoss,
    instead: ({ outer }) => (outer === 0 ? (referenceBackend[name] as never) : undefined),
  };
}

export const linearTrain = training<LinearTrainCall>('linearTrain', ({ matrix, bias }) => [matrix, bias], [0, 3, 4]);
export const adaptiveTrain = training<AdaptiveTrainCall>(
  'adaptiveTrain',
  ({ parameters, shape }) => [parameters, arrayOf(shape)],
  [0, 3],
  ({ shape }) => [shape.widths.length, shape.hasBias ? 1 : 0],
);
