// ONNX models of one node, written byte by byte: an ONNX file is a protobuf message, and one this small needs no
// library. Field numbers are those of onnx.proto.

const ELEMENT_TYPES = { float32: 1, float64: 11 };
const INTEGER = 2; // AttributeProto.AttributeType.INT
const INTEGERS = 7; // AttributeProto.AttributeType.INTS

/**
 * A model with input `x` of as many dimensions as `dims`, and output `y`.
 *
 * @param node { type: 'Softmax', attributes: { axis: -1 } }: a number, or an array of numbers, for each attribute
 * @param opset 13: Softmax and LogSoftmax over one axis, and the reductions' axes still an attribute
 */
export function oneNodeModel(node, { element, dims, resultRank, opset = 13 }) {
  const graph = [
    message(1, [
      text(1, 'x'),
      text(2, 'y'),
      text(4, node.type),
      ...Object.entries(node.attributes).map(([name, value]) => message(5, attribute(name, value))),
    ]),
    text(2, node.type),
    message(11, valueInfo('x', element, dims.length)),
    message(12, valueInfo('y', element, resultRank)),
  ];
  return Uint8Array.from([integer(1, 8), message(7, graph), message(8, [text(1, ''), integer(2, opset)])].flat());
}

function attribute(name, value) {
  return Array.isArray(value)
    ? [text(1, name), ...value.map((one) => integer(8, one)), integer(20, INTEGERS)]
    : [text(1, name), integer(3, value), integer(20, INTEGER)];
}

// Dimensions are named, not numbered, so that one model serves every shape of its rank.
function valueInfo(name, element, rank) {
  const shape = Array.from({ length: rank }, (_, k) => message(1, [text(2, `${name}${k}`)]));
  return [text(1, name), message(2, [message(1, [integer(1, ELEMENT_TYPES[element]), message(2, shape)])])];
}

// Wire types: 0 is a varint, 2 is a length and as many bytes.
function integer(field, value) {
  return [...varint(field << 3), ...varint(value)];
}

function text(field, value) {
  return bytes(field, [...new TextEncoder().encode(value)]);
}

function message(field, parts) {
  return bytes(field, parts.flat());
}

function bytes(field, content) {
  return [...varint((field << 3) | 2), ...varint(content.length), ...content];
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
