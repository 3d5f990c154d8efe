// The workloads, and the targets they are held to: times of one call from JavaScript with storage for the results, which is
// reused, on a Zen 3 core at 3.15 GHz (see README.md). `target` is for one thread and for two, in microseconds; a `peer`
// is a contestant that must not be faster.
import { product } from './inputs.mjs';
import * as attention from './operations/attention.mjs';
import * as derivatives from './operations/derivatives.mjs';
import * as linear from './operations/linear.mjs';
import * as losses from './operations/losses.mjs';
import * as softmaxFamily from './operations/softmax-family.mjs';

const FAMILIES = [softmaxFamily, derivatives, losses, linear, attention];

/**
 * What has to be known of each operation to run it:
 *
 *   inputs(workload)             { name: tensor }, the same for all contestants
 *   outputs(workload, inputs)    { name: tensor }, storage for all results that are compared
 *   given(inputs)                the arguments before the options
 *   wanted?(workload, outputs?)  the options that ask for the results, in `outputs` if given; default { out }
 *   allocates?                   the function takes no storage
 *   values?(result)              { name: number, array or tensor }, what of its result is compared; default { out: result }
 *   rowLength?(workload)         of results that are differences: errors are measured against the largest of so many
 *                                numbers; default: each number is measured against itself
 *   exact?(workload, inputs)     { name: array }, where the reference would take too long
 *   sampled?(values, workload, inputs)   what is compared with it
 *   timesReference?              whether the reference answers, and is timed, at any size
 *   shape?(dims, listed), size?(shape), label?(dims, listed)     where dims are not those of the logits, or an element is no logit
 */
const OPERATIONS = Object.assign({}, ...FAMILIES.map(({ operations }) => operations));

/** Each with `name`, `size`, what is known of its operation, and `shape`: the axis of the classes is the middle one. */
export const CASES = FAMILIES.flatMap(({ cases }) => cases).map((listed) => completed(listed));

/** A case as CASES has it, of what stands in a list: { operation, dims, type?, options?, words?, target? }. */
export function completed(listed, dims = listed.dims) {
  const { type = 'float32', options = {}, words = [] } = listed;
  const axis = options.axis ?? dims.length - 1;
  const usual = { shape: () => shapeOf(dims, axis), size: () => product(dims), label, wanted, values };
  const steps = { ...usual, ...OPERATIONS[listed.operation] };
  const shape = steps.shape(dims, listed);
  const suffix = [...Object.entries(options).map(([key, value]) => `${key} ${value}`), ...words];
  const name = [`${listed.operation} ${steps.label(dims, listed)} ${type}`, ...suffix].join(', ');
  return { ...listed, dims, type, options, axis, shape, size: steps.size(shape), name, steps };
}

/** Those whose name contains every word given; "quick" leaves out whatever is larger than the first caches. */
export function chosenCases(words, { quick = false } = {}) {
  return CASES.filter(({ name, size }) => words.every((word) => name.includes(word)) && !(quick && size > 200_000));
}

function shapeOf(dims, axis) {
  return { outer: product(dims.slice(0, axis)), n: dims[axis], inner: product(dims.slice(axis + 1)) };
}

function label(dims) {
  return dims.join('x');
}

function wanted(_, outputs) {
  return outputs ? { out: outputs.out } : {};
}

function values(result) {
  return { out: result };
}
