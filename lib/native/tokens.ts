// How drawing tokens is put to the binary: positions and numbers as in native/binding/tokens.hpp.
import { lengthOf } from '../intrinsics';
import type { GumbelCall, SampleCall, Stage } from '../token-calls';
import type { Description } from './invoke';

// Of three bits each in one number, the first stage lowest; 0 = no more.
const codes: Readonly<Record<Stage, number>> = {
  bias: 1,
  penalties: 2,
  temperature: 3,
  minP: 4,
  topK: 5,
  topP: 6,
  typicalP: 7,
};

const sizeOf = (array: Int32Array | undefined): number => (array === undefined ? 0 : lengthOf(array));

/** As in native/binding/half_arrays.hpp. */
const codeOfArrays = ({ half }: Pick<SampleCall, 'half'>): number =>
  half === undefined ? 0 : half === 'float16' ? 1 : 2;

export const sample: Description<SampleCall> = {
  name: 'sample',
  describe: (call) => ({
    arrays: [
      call.logits,
      call.ids,
      undefined,
      call.values,
      call.uniforms,
      call.allowed,
      call.history,
      call.offsets,
      call.biasIds,
      call.biases,
    ],
    names: ['logits', 'ids', '', 'values', 'options.rng', 'options.allow', 'options.history', '', 'options.logitBias'],
    results: [3],
    numbers: [
      call.stages.reduceRight((code, stage) => 8 * code + codes[stage], 0),
      call.topK,
      call.topP,
      call.leastLog,
      call.typicalP,
      call.repetition,
      call.presence,
      call.frequency,
      call.keepsTies ? 1 : 0,
      call.count,
      call.replace ? 1 : 0,
      call.top,
      sizeOf(call.history),
      sizeOf(call.biasIds),
      sizeOf(call.allowed),
      codeOfArrays(call),
    ],
    // Two passes of exponentials.
    work: 2 * call.outer * call.n + 32 * call.outer * call.count,
  }),
};

function perturbed(name: 'gumbelSoftmax' | 'gumbelSoftmaxVjp'): Description<GumbelCall> {
  return {
    name,
    describe: (call) => ({
      arrays: [call.logits, call.out, call.mask, call.direction, call.positions],
      names: ['logits', 'options.out', 'options.mask', 'g', 'logits'],
      numbers: [call.seed[0], call.seed[1], codeOfArrays(call), call.single ? 1 : 0, call.hard ? 1 : 0],
      // The noise takes some eight times as long as the rest.
      work: 8 * call.outer * call.n * call.inner,
    }),
  };
}

export const gumbelSoftmax: Description<GumbelCall> = perturbed('gumbelSoftmax');
export const gumbelSoftmaxVjp: Description<GumbelCall> = perturbed('gumbelSoftmaxVjp');
