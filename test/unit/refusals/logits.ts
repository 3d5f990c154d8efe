// Logits that are refused.
import { doesNotFit, isOutOfRange, mustBe, ofLogits, type Refusal, vector } from './refusal';

const expected = 'an instance of Float32Array, Float64Array, Float16Array or Array, or an object with data and dims';

const ofWrongKind: [title: string, logits: unknown, received: string][] = [
  ['nothing', undefined, 'undefined'],
  ['null', null, 'null'],
  ['a number', 3, 'type number (3)'],
  ['a long string', 'x'.repeat(40), `type string ('${'x'.repeat(24)}...)`],
  ['a symbol', Symbol('z'), 'type symbol (Symbol(z))'],
  ['a function', function f() {}, 'function f'],
  ['an Int32Array', Int32Array.of(1), 'an instance of Int32Array'],
  ['a BigInt64Array', BigInt64Array.of(1n), 'an instance of BigInt64Array'],
  ['a DataView', new DataView(new ArrayBuffer(8)), 'an instance of DataView'],
  ['an ArrayBuffer', new ArrayBuffer(8), 'an instance of ArrayBuffer'],
  ['a Proxy of an array of floats', new Proxy(vector(), {}), 'an instance of Float32Array'],
  ['an object that only looks like one', Object.create(Float32Array.prototype), 'an instance of Float32Array'],
  ['an object without dims', { data: vector() }, 'an instance of Object'],
  ['an object without data', { dims: [3] }, 'an instance of Object'],
  ['an object without prototype', Object.create(null), '[Object: null prototype] {}'],
];

const ofWrongData: [title: string, data: unknown, received: string][] = [
  ['a tensor of integers', Int32Array.of(1), 'an instance of Int32Array'],
  ['a tensor of numbers', [1], 'an instance of Array'],
];

const ofWrongElement: [title: string, logits: unknown[], index: number, received: string][] = [
  ['a string among numbers', [1, 'two'], 1, "type string ('two')"],
  ['a hole among numbers', Array(3), 0, 'undefined'],
  ['a BigInt among numbers', [1, 2, 3n], 2, 'type bigint (3n)'],
  ['rows of numbers', [[1, 2]], 0, 'an instance of Array'],
];

const tensor = (dims: unknown) => () => ({ data: vector(), dims });

export const refusedLogits: Refusal[] = [
  ...ofWrongKind.map(([title, logits, received]) =>
    ofLogits(title, () => logits, mustBe('logits', expected, received)),
  ),
  ...ofWrongData.map(([title, data, received]) =>
    ofLogits(
      title,
      () => ({ data, dims: [1] }),
      mustBe('logits.data', 'an instance of Float32Array or Float64Array or Float16Array or Uint16Array', received),
    ),
  ),
  ...ofWrongElement.map(([title, logits, index, received]) => {
    const message = `The "logits[${index}]" argument must be of type number. Received ${received}`;
    return ofLogits(title, () => logits, { ...mustBe('', '', ''), message });
  }),

  ofLogits('dims that are no array', tensor(3), mustBe('logits.dims', 'an instance of Array', 'type number (3)')),
  ofLogits('a dim that is a string', tensor(['3']), mustBe('logits.dims[0]', 'of type number', "type string ('3')")),
  ofLogits('a dim that is a BigInt', tensor([3n]), mustBe('logits.dims[0]', 'of type number', 'type bigint (3n)')),
  ...['-1', '1.5', 'NaN', '-0', '9007199254740992', 'Infinity'].map((dim) =>
    ofLogits(`a dim of ${dim}`, tensor([1, Number(dim)]), isOutOfRange('logits.dims[1]', 'an integer >= 0', dim)),
  ),
  ofLogits(
    'dims that do not fit the data',
    tensor([2, 3]),
    doesNotFit('logits.data', 'have 6 elements to match shape [2, 3]', '3'),
  ),
  ofLogits(
    'dims whose product is no number any more',
    tensor([...Array(21).fill(2 ** 52), 0]),
    doesNotFit('logits.data', `have NaN elements to match shape [${[...Array(21).fill(2 ** 52), 0].join(', ')}]`, '3'),
  ),
];
