// OnnxModel -> bytes of a ModelProto. Field numbers are those of onnx.proto (IR version 8).
import { onnxDataType } from '../dtype.ts';
import type { OnnxAttribute, OnnxInitializer, OnnxModel, OnnxNode, OnnxValueInfo } from './model.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

const IR_VERSION = 8;

// AttributeProto.AttributeType
const TYPE_FLOAT = 1;
const TYPE_INT = 2;
const TYPE_STRING = 3;
const TYPE_FLOATS = 6;
const TYPE_INTS = 7;

function writeAttribute(writer: ProtobufWriter, name: string, attribute: OnnxAttribute): void {
  writer.string(1, name);
  if ('i' in attribute) writer.varint(3, attribute.i).varint(20, TYPE_INT);
  else if ('f' in attribute) writer.float(2, attribute.f).varint(20, TYPE_FLOAT);
  else if ('s' in attribute) writer.string(4, attribute.s).varint(20, TYPE_STRING);
  else if ('ints' in attribute) writer.varints(8, attribute.ints).varint(20, TYPE_INTS);
  else {
    for (const value of attribute.floats) writer.float(7, value);
    writer.varint(20, TYPE_FLOATS);
  }
}

function writeNode(writer: ProtobufWriter, node: OnnxNode, index: number): void {
  for (const input of node.inputs) writer.string(1, input);
  for (const output of node.outputs) writer.string(2, output);
  writer.string(3, `n${index}`).string(4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    writer.message(5, (nested) => writeAttribute(nested, name, attribute));
  }
  if (node.domain !== undefined) writer.string(7, node.domain);
}

function writeTensor(writer: ProtobufWriter, tensor: OnnxInitializer): void {
  const { data } = tensor;
  writer
    .varints(1, tensor.shape)
    .varint(2, onnxDataType(tensor.dtype))
    .string(8, tensor.name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeValueInfo(writer: ProtobufWriter, value: OnnxValueInfo): void {
  writer.string(1, value.name).message(2, (type) =>
    type.message(1, (tensorType) =>
      tensorType.varint(1, onnxDataType(value.dtype)).message(2, (shape) => {
        for (const extent of value.shape) shape.message(1, (dimension) => dimension.varint(1, extent));
      }),
    ),
  );
}

/** Bytes of an `.onnx` file. Weights are little-endian `raw_data`, as the format demands. */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const domains = new Set(model.nodes.flatMap(({ domain }) => (domain === undefined ? [] : [domain])));
  const writer = new ProtobufWriter()
    .varint(1, IR_VERSION)
    .string(2, 'likeness-graph')
    .message(7, (graph) => {
      model.nodes.forEach((node, index) => graph.message(1, (nested) => writeNode(nested, node, index)));
      graph.string(2, 'program');
      for (const tensor of model.initializers) graph.message(5, (nested) => writeTensor(nested, tensor));
      for (const value of model.inputs) graph.message(11, (nested) => writeValueInfo(nested, value));
      for (const value of model.outputs) graph.message(12, (nested) => writeValueInfo(nested, value));
      for (const value of model.valueInfo ?? []) graph.message(13, (nested) => writeValueInfo(nested, value));
    })
    .message(8, (opset) => opset.string(1, '').varint(2, model.opset));
  for (const domain of domains) writer.message(8, (opset) => opset.string(1, domain).varint(2, 1));
  return writer.finish();
}
