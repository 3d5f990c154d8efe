// How the mergeable states are put to the binary: positions as in native/binding/softmax_state.hpp.
import type { StateCall, StateProbabilitiesCall } from '../state-calls';
import type { Description } from './invoke';

const names = ['logits', 'fields', '', 'ids', 'options.values', 'value', 'top'];

export const softmaxState: Description<StateCall> = {
  name: 'softmaxState',
  describe: ({ logits, fields, ids, best, values, valueSums, width, n }) => ({
    arrays: [logits, fields, undefined, ids, values, valueSums, best],
    names,
    results: [3, 5, 6],
    numbers: [ids?.length ?? 0, width],
    // In float64: some three times as long as the others.
    work: n * (3 + width / 4),
  }),
};

export const stateProbabilities: Description<StateProbabilitiesCall> = {
  name: 'stateProbabilities',
  describe: ({ logits, out, max, logTotal }) => ({
    arrays: [logits, out],
    names: ['logits', 'out'],
    numbers: [max, logTotal],
  }),
};
