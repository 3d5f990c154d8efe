// ONNX models written byte by byte: an ONNX file is a protobuf message, and a small graph needs no library. Field numbers
// are those of onnx.proto.

/** TensorProto.DataType: what a Cast node takes as `to`. */
export const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7, float16: 10, float64: 11 };

const INTEGER = 2; // AttributeProto.AttributeType.INT
const TEXT = 3; // AttributeProto.AttributeType.STRING
const INTEGERS = 7; // AttributeProto.AttributeType.INTS

/**
 * @param nodes [{ type: 'Softmax', from: ['x'], to: 'y', attributes: { axis: -1 } }]: of each attribute a number, a text,
 *   or an array of numbers
 * @param inputs, outputs { x: { type: 'float32', dims: [1, 2] } }: of dims only the number matters, so that one model serves
 *   every shape of its rank; or { type, axes: ['batch', 1] } with a name or a size for each axis
 * @param constants { y: { type, dims, data } }
 * @param opset 13: Softmax and LogSoftmax over one axis, the axes of most reductions still an attribute
 * @returns the bytes of the model
 */
export function onnxModel({ nodes, inputs, outputs, constants = {}, opset = 13 }) {
  const all = (object, field, write) =>
    Object.entries(object).map(([name, tensor]) => message(field, write(name, tensor)));
  const graph = [
    ...nodes.map(({ type, from, to, attributes = {} }) =>
      message(1, [
        ...from.map((name) => text(1, name)),
        text(2, to),
        text(4, type),
        ...Object.entries(attributes).map(([name, value]) => message(5, attribute(name, value))),
      ]),
    ),
    text(2, 'graph'),
    ...all(constants, 5, constant),
    ...all(inputs, 11, valueInfo),
    ...all(outputs, 12, valueInfo),
  ];
  return Buffer.concat([integer(1, 8), message(7, graph), message(8, [text(1, ''), integer(2, opset)])]);
}

function attribute(name, value) {
  if (Array.isArray(value)) return [text(1, name), ...value.map((one) => integer(8, one)), integer(20, INTEGERS)];
  if (typeof value === 'string') return [text(1, name), text(4, value), integer(20, TEXT)];
  return [text(1, name), integer(3, value), integer(20, INTEGER)];
}

function constant(name, { type, dims, data }) {
  const content = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return [...dims.map((size) => integer(1, size)), integer(2, ELEMENT_TYPES[type]), text(8, name), bytes(9, content)];
}

function valueInfo(name, { type, dims, axes = dims.map((_, k) => `${name}${k}`) }) {
  const shape = axes.map((axis) => message(1, [typeof axis === 'number' ? integer(1, axis) : text(2, axis)]));
  return [text(1, name), message(2, [message(1, [integer(1, ELEMENT_TYPES[type]), message(2, shape)])])];
}

// Wire types: 0 is a varint, 2 is a length and as many bytes.
function integer(field, value) {
  return Buffer.from([...varint(field << 3), ...varint(value)]);
}

function text(field, value) {
  return bytes(field, Buffer.from(value));
}

function message(field, parts) {
  return bytes(field, Buffer.concat(parts));
}

function bytes(field, content) {
  return Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(content.length)]), content]);
}

// Seven bits at a time, the lowest first; negative numbers as 64-bit two's complement.
function varint(value) {
  const result = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    result.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...result, Number(rest)];
}
