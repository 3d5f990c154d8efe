// Random argument lists through every public function, plain and for promises: each gives a result of the right form or
// one of the published errors, and never takes the process down.
// node test/service/arguments.mjs [lists, 100000] [first seed]; prints { lists, results, errors } as JSON. A failure names
// its seed: `arguments.mjs 1 <seed>` repeats it. sanitize.sh runs it with a binary that watches its memory.
import { createRequire } from 'node:module';
import { Arguments } from './random-arguments.mjs';
import { decodingForms } from './random-decoding.mjs';
import { distributionForms } from './random-distributions.mjs';
import { layerForms } from './random-layers.mjs';
import { modelForms } from './random-models.mjs';

const require = createRequire(import.meta.url);
const library = require('softmax-native');
const promises = require('softmax-native/promises');

const codes = new Set([
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_OUT_OF_RANGE',
  'ERR_SOFTMAX_SHAPE_MISMATCH',
  'ERR_SOFTMAX_DETACHED',
  'ERR_SOFTMAX_OVERLAP',
  'ERR_SOFTMAX_NON_FINITE',
  'ERR_SOFTMAX_TOO_MANY_JOBS',
  'ERR_SOFTMAX_TRUNCATED',
  'ERR_MEMORY_ALLOCATION_FAILED',
  'ERR_SOFTMAX_CORRUPTED',
  'ERR_SOFTMAX_NOT_FITTED',
  'ABORT_ERR',
]);

const isTensor = (value) => ArrayBuffer.isView(value?.data) && Array.isArray(value.dims);
/** `size` is how many elements the first argument had before the call, which may have lost them since. */
const isLike = (value, size) => (isTensor(value) ? value.data.length : value.length) === size;
function sizeNow(input) {
  if (isTensor(input)) return sizeOf(input.dims);
  return ArrayBuffer.isView(input) || Array.isArray(input) ? input.length : undefined;
}
const sizeOf = (dims) => dims.reduce((a, b) => a * b, 1);
const isOfRows = (value) => typeof value === 'number' || (isTensor(value) && value.data.length === sizeOf(value.dims));

/** How each function is called, and what its result looks like. */
const elementwise = {
  call: (some, dims, z) => [
    z,
    some.options(dims, { out: () => out(some, dims, z), ties: () => some.random.of(['first', 'split']) }),
  ],
  fits: (result, size) => isLike(result, size),
};
const reduction = {
  call: (some, dims, z) => [
    z,
    some.options(dims, {
      keepDims: () => some.random.oneIn(2),
      returnSign: () => some.random.oneIn(2),
      weights: () => some.tensor(dims, some.isVector),
      out: () => some.tensor([1], some.isVector),
    }),
  ],
  fits: (result) => ArrayBuffer.isView(result) || isOfRows(result.value ?? result),
};
const product = {
  call: (some, dims, z) => [
    z,
    some.random.oneIn(8) ? z : some.tensor(dims, some.isVector),
    some.options(dims, { out: () => out(some, dims, z) }),
  ],
  fits: (result, size) => isLike(result, size),
};
const loss = {
  call: (some, dims, z) => [z, some.target(dims, -1), some.options(dims, lossOptions(some, dims, z))],
  fits: (result, size) =>
    isOfRows(result.loss) &&
    typeof result.totalWeight === 'number' &&
    (result.gradient === undefined || isLike(result.gradient, size)),
};

/** The argument itself, other storage, or what overlaps the argument in part. */
function out(some, dims, z) {
  if (some.random.oneIn(2)) return some.tensor(dims, some.isVector);
  if (!ArrayBuffer.isView(z) || z.length === 0 || some.random.oneIn(2)) return z;
  const from = z.byteOffset + z.BYTES_PER_ELEMENT;
  const fits = from + z.byteLength <= z.buffer.byteLength;
  return fits ? new z.constructor(z.buffer, from, z.length) : z;
}

function lossOptions(some, dims, z) {
  const gradient = () => (some.random.oneIn(2) ? true : out(some, dims, z));
  return {
    weight: () => some.array(dims.at(-1) ?? 1),
    ignoreIndex: () => some.random.below(5) - 1,
    labelSmoothing: () => (some.random.oneIn(2) ? 0.1 : { epsilon: 0.2, over: 'others' }),
    reduction: () => some.random.of(['mean', 'sum', 'none']),
    zLoss: () => 0.01,
    softcap: () => 3,
    gradient,
    gradientAgain: gradient,
    targetGradient: () => some.random.oneIn(2) || some.tensor(dims, some.isVector),
  };
}

const forms = {
  softmax: elementwise,
  logSoftmax: elementwise,
  hardmax: elementwise,
  softmaxBetaGradient: elementwise,
  logSumExp: reduction,
  smoothMax: reduction,
  argmax: reduction,
  softmaxVjp: product,
  softmaxJvp: product,
  logSoftmaxVjp: product,
  logSoftmaxJvp: product,
  crossEntropy: loss,
  nllLoss: loss,
  logSumExpVjp: {
    call: (some, dims, z) => {
      const g = some.isVector ? some.number() : some.tensor(dims.slice(0, -1), false);
      return [z, g, some.options(dims, { out: () => out(some, dims, z) })];
    },
    fits: elementwise.fits,
  },
  klDivergence: {
    call: (some, dims, z) => [z, some.tensor(dims, some.isVector), some.options(dims, { keepDims: () => true })],
    fits: reduction.fits,
  },
  diagnose: {
    call: (some, dims, z) => [z, some.options(dims)],
    fits: (result) => isOfRows(result.pMax) && isOfRows(result.firstNonFinite),
  },
  linearCrossEntropy: {
    call: (some, dims, z) => {
      const classes = 1 + some.random.below(some.random.oneIn(20) ? 3000 : 12);
      const shape = [...dims.slice(0, -1), classes];
      return [
        z,
        some.tensor([classes, dims.at(-1) ?? 1], false),
        some.target(shape, -1),
        some.options(shape, {
          ...lossOptions(some, dims, z),
          weight: () => some.array(classes),
          bias: () => some.array(classes),
          gradient: () => some.random.of([true, { hidden: true }, { hidden: z }, { weight: true, bias: true }]),
        }),
      ];
    },
    fits: (result) => isOfRows(result.loss) && isOfRows(result.logSumExp),
  },
};
/** Query, key and value of shapes that mostly fit, and the options of scores. */
function attended(some) {
  const size = (most) =>
    some.random.below(some.random.oneIn(some.isLarge ? 2 : 20) ? 3 * most : most) + (some.random.oneIn(20) ? 0 : 1);
  const [batch, heads, queries, keys, depth, width] = [2, 3, 9, 12, 6, 6].map(size);
  const keyHeads = some.random.of([1, heads]);
  const scores = [batch, heads, queries, keys];
  const shape = some.random.of([scores, [keys], [queries, 1], [heads, 1, keys], [batch, 1, 1, 1]]);
  const reach = () => some.random.of([0, 1, 5, Infinity, -1, 2.5]);
  const options = {
    scale: () => some.number(),
    causal: () => some.random.of([true, false, 'topLeft', 'bottomRight', 'left']),
    window: () => some.random.of([reach(), [reach(), reach()]]),
    softcap: () => some.number(),
    mask: () => ({ data: some.array(sizeOf(shape), Uint8Array), dims: shape }),
    bias: () => some.tensor(shape, false),
  };
  const tensors = [
    some.tensor([batch, heads, queries, depth], false),
    some.tensor([batch, keyHeads, keys, depth], false),
    some.tensor([batch, keyHeads, keys, width], false),
  ];
  return { tensors, scores, options, output: [batch, heads, queries, width] };
}
forms.attention = {
  call: (some) => {
    const { tensors, scores, options, output } = attended(some);
    const flag = () => some.random.oneIn(2);
    const more = { returnLogSumExp: flag, returnWeights: flag, out: () => some.tensor(output, false) };
    return [...tensors, some.options(scores, { ...options, ...more })];
  },
  fits: ({ output }) => ArrayBuffer.isView(output) || isOfRows(output),
};
forms.attentionVjp = {
  call: (some) => {
    const { tensors, scores, options, output } = attended(some);
    const more = {
      output: () => some.tensor(output, false),
      logSumExp: () => some.tensor(output.slice(0, -1), false),
      biasGradient: () => some.random.oneIn(2),
    };
    return [...tensors, some.tensor(output, false), some.options(scores, { ...options, ...more })];
  },
  fits: (result) => isOfRows(result.queryGradient) && isOfRows(result.keyGradient) && isOfRows(result.valueGradient),
};
const jacobian = {
  call: (some, dims, z) => [z, some.options(dims)],
  fits: (result) => isTensor(result) && result.data.length === sizeOf(result.dims),
};
forms.softmaxJacobian = jacobian;
forms.logSoftmaxJacobian = jacobian;
const invoked = { ...layerForms, ...decodingForms, ...distributionForms, ...modelForms };
Object.assign(forms, invoked);

const untested = Object.keys(library).filter((name) => !(name in forms) && !['backend', 'setThreads'].includes(name));
if (untested.length > 0) throw new Error(`no form is known for ${untested.join(', ')}`);

// What they give is looked at where they are tested: here that they give it.
for (const form of Object.values(invoked)) form.fits = () => true;

const seen = { lists: 0, results: 0, errors: {} };

function judge(seed, name, error) {
  const code = error?.code;
  if (!codes.has(code)) {
    console.error(`seed ${seed}, ${name}:`, error);
    process.exit(1);
  }
  seen.errors[code] = (seen.errors[code] ?? 0) + 1;
}

function look(seed, name, result, size) {
  seen.results += 1;
  if (forms[name].fits(result, size)) return;
  console.error(`seed ${seed}, ${name} of ${size} elements: a result of another form:`, result);
  process.exit(1);
}

async function plain(seed) {
  const { name, invoke, size } = listOf(seed, library);
  try {
    const result = invoke();
    // Some programs of several calls are asynchronous whatever they call.
    look(seed, name, name in invoked ? await result : result, size);
  } catch (error) {
    judge(seed, name, error);
  }
}

/** Some are given up, and some lose their arrays while they are computed. */
async function promised(seed) {
  const { name, invoke, args, size, some } = listOf(seed, promises);
  const options = args.at(-1);
  const given = typeof options === 'object' && options !== null && !Array.isArray(options);
  const control = new AbortController();
  if (given && some.random.oneIn(4)) options.signal = some.random.oneIn(10) ? 'no signal' : control.signal;
  if (given && some.random.oneIn(4)) options.transfer = some.random.oneIn(10) ? 1 : true;
  const transfers = given && options.transfer === true;
  try {
    const promise = invoke();
    const takes = some.random.oneIn(3);
    if (takes) some.detachAny();
    if (some.random.oneIn(2)) control.abort();
    const result = await promise;
    // Storage that was given may be gone since.
    if (takes) seen.results += 1;
    else look(seed, name, transfers ? result.result : result, size);
  } catch (error) {
    judge(seed, name, error);
  }
}

function listOf(seed, functions) {
  const some = new Arguments(seed, functions === promises);
  const name = some.random.of(Object.keys(forms).filter((known) => known in functions));
  if (forms[name].invoke !== undefined)
    return { name, some, args: [], invoke: () => forms[name].invoke(functions, some) };
  // n times n for each row: short ones.
  const dims = name.endsWith('Jacobian') ? some.shape().map((d) => d % 40) : some.shape();
  const z = some.tensor(dims, some.isVector);
  const args = forms[name].call(some, dims, z);
  return { name, some, args, size: sizeNow(z), invoke: () => functions[name](...args) };
}

const [lists = '100000', first = '1'] = process.argv.slice(2);
for (let seed = Number(first); seen.lists < Number(lists); seed += 1) {
  seen.lists += 1;
  if (seed % 3 === 0) await promised(seed);
  else await plain(seed);
}
console.log(JSON.stringify(seen));
