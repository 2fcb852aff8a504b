// Bytes of a ModelProto -> plain data. Only the structure is read here: values of tensors stay bytes of the file until
// somebody needs them. Field numbers are those of onnx.proto.
import { ImportError } from '../imported-model.ts';
import {
  functionKey,
  type AttributeProto,
  type DimensionProto,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './proto.ts';
import { PackedBytes, ProtobufReader, WIRE } from './protobuf-reader.ts';

/** Reads a ModelProto. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const reader = new ProtobufReader(bytes);
  let irVersion = 0;
  let producer = '';
  let graph: GraphProto | undefined;
  const opsets = new Map<string, number>();
  const functions = new Map<string, FunctionProto>();
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        irVersion = reader.integer();
        break;
      case 2:
        producer = reader.string();
        break;
      case 7:
        if (graph) throw new ImportError('importOnnx: expected one graph in the model, received two');
        graph = decodeGraph(reader.message());
        break;
      case 8:
        decodeOpset(reader.message(), opsets);
        break;
      case 25: {
        const fn = decodeFunction(reader.message());
        const key = functionKey(fn.domain, fn.name, fn.overload);
        if (functions.has(key)) {
          throw new ImportError(`importOnnx: the model defines the function '${fn.domain}.${fn.name}' twice`);
        }
        functions.set(key, fn);
        break;
      }
      default:
    }
  }
  if (!graph) throw new ImportError('importOnnx: expected an ONNX model, received a file without a graph');
  return { irVersion, producer, graph, opsets, functions };
}

/** OperatorSetIdProto; ONNX's own domain has two names. */
function decodeOpset(reader: ProtobufReader, into: Map<string, number>): void {
  let domain = '';
  let version = 0;
  while (reader.next()) {
    if (reader.field === 1) domain = reader.string();
    else if (reader.field === 2) version = reader.integer();
  }
  into.set(domain === 'ai.onnx' ? '' : domain, version);
}

function decodeFunction(reader: ProtobufReader): FunctionProto {
  let name = '';
  let domain = '';
  let overload = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const nodes: NodeProto[] = [];
  const defaults = new Map<string, AttributeProto>();
  const opsets = new Map<string, number>();
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        name = reader.string();
        break;
      case 4:
        inputs.push(reader.string());
        break;
      case 5:
        outputs.push(reader.string());
        break;
      case 7:
        nodes.push(decodeNode(reader.message()));
        break;
      case 9:
        decodeOpset(reader.message(), opsets);
        break;
      case 10:
        domain = reader.string();
        break;
      case 13:
        overload = reader.string();
        break;
      case 11: {
        const attribute = decodeAttribute(reader.message());
        defaults.set(attribute.name, attribute);
        break;
      }
      default:
    }
  }
  return { name, domain, overload, inputs, outputs, nodes, defaults, opsets };
}

function decodeGraph(reader: ProtobufReader): GraphProto {
  let name = '';
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const sparse: string[] = [];
  const inputs: ValueInfoProto[] = [];
  const outputs: ValueInfoProto[] = [];
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        nodes.push(decodeNode(reader.message()));
        break;
      case 2:
        name = reader.string();
        break;
      case 5:
        initializers.push(decodeTensor(reader.message()));
        break;
      case 11:
        inputs.push(decodeValueInfo(reader.message()));
        break;
      case 12:
        outputs.push(decodeValueInfo(reader.message()));
        break;
      case 15:
        sparse.push(decodeSparseName(reader.message()));
        break;
      default:
    }
  }
  return { name, nodes, initializers, sparse, inputs, outputs };
}

/** The name of a sparse initializer is that of its values. */
function decodeSparseName(reader: ProtobufReader): string {
  let name = '';
  while (reader.next()) if (reader.field === 1) ({ name } = decodeTensor(reader.message()));
  return name;
}

function decodeNode(reader: ProtobufReader): NodeProto {
  let name = '';
  let opType = '';
  let domain = '';
  let overload = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, AttributeProto>();
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        inputs.push(reader.string());
        break;
      case 2:
        outputs.push(reader.string());
        break;
      case 3:
        name = reader.string();
        break;
      case 4:
        opType = reader.string();
        break;
      case 5: {
        const attribute = decodeAttribute(reader.message());
        attributes.set(attribute.name, attribute);
        break;
      }
      case 7:
        domain = reader.string();
        break;
      case 8:
        overload = reader.string();
        break;
      default:
    }
  }
  return {
    name,
    opType,
    domain: domain === 'ai.onnx' ? '' : domain,
    overload,
    inputs,
    outputs,
    attributes,
  };
}

function decodeAttribute(reader: ProtobufReader): AttributeProto {
  let name = '';
  let type = 0;
  let f = 0;
  let i = 0;
  let s = '';
  let reference = '';
  let tensor: TensorProto | undefined;
  let graph: GraphProto | undefined;
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        name = reader.string();
        break;
      case 2:
        f = reader.float();
        break;
      case 3:
        i = reader.integer();
        break;
      case 4:
        s = reader.string();
        break;
      case 5:
        tensor = decodeTensor(reader.message());
        break;
      case 6:
        graph = decodeGraph(reader.message());
        break;
      case 7:
        reader.floats(floats);
        break;
      case 8:
        reader.integers(ints);
        break;
      case 9:
        strings.push(reader.string());
        break;
      case 20:
        type = reader.integer();
        break;
      case 21:
        reference = reader.string();
        break;
      default:
    }
  }
  return { name, type, f, i, s, floats, ints, strings, tensor, graph, reference };
}

/** Reads a TensorProto; also the form of the `.pb` files of ONNX's test data. */
export function decodeTensor(reader: ProtobufReader): TensorProto {
  let name = '';
  let dataType = 0;
  let raw: Uint8Array | undefined;
  let location = 0;
  const dims: number[] = [];
  const floats = new PackedBytes();
  const int32s = new PackedBytes();
  const int64s = new PackedBytes();
  const doubles = new PackedBytes();
  const uint64s = new PackedBytes();
  const external = new Map<string, string>();
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        reader.integers(dims);
        break;
      case 2:
        dataType = reader.integer();
        break;
      case 4:
        reader.packed(WIRE.fixed32, floats);
        break;
      case 5:
        reader.packed(WIRE.varint, int32s);
        break;
      case 7:
        reader.packed(WIRE.varint, int64s);
        break;
      case 8:
        name = reader.string();
        break;
      case 9:
        raw = reader.payload();
        break;
      case 10:
        reader.packed(WIRE.fixed64, doubles);
        break;
      case 11:
        reader.packed(WIRE.varint, uint64s);
        break;
      case 13:
        decodeEntry(reader.message(), external);
        break;
      case 14:
        location = reader.integer();
        break;
      default:
    }
  }
  return {
    name,
    dims,
    dataType,
    raw,
    floats,
    int32s,
    int64s,
    doubles,
    uint64s,
    external: location === 1 ? external : undefined,
  };
}

/** StringStringEntryProto. */
function decodeEntry(reader: ProtobufReader, into: Map<string, string>): void {
  let key = '';
  let value = '';
  while (reader.next()) {
    if (reader.field === 1) key = reader.string();
    else if (reader.field === 2) value = reader.string();
  }
  into.set(key, value);
}

// Fields of TypeProto's oneof.
const KINDS: ReadonlyMap<number, ValueInfoProto['kind']> = new Map([
  [1, 'tensor'],
  [4, 'sequence'],
  [5, 'map'],
  [8, 'sparse tensor'],
  [9, 'optional'],
]);

function decodeValueInfo(reader: ProtobufReader): ValueInfoProto {
  let name = '';
  let kind: ValueInfoProto['kind'] = 'unknown';
  let dataType = 0;
  let shape: readonly DimensionProto[] | undefined;
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) {
      const type = reader.message();
      while (type.next()) {
        kind = KINDS.get(type.field) ?? kind;
        if (type.field !== 1) continue;
        const tensor = type.message();
        while (tensor.next()) {
          if (tensor.field === 1) dataType = tensor.integer();
          else if (tensor.field === 2) shape = decodeShape(tensor.message());
        }
      }
    }
  }
  return { name, kind, dataType, shape };
}

function decodeShape(reader: ProtobufReader): DimensionProto[] {
  const shape: DimensionProto[] = [];
  while (reader.next()) {
    if (reader.field !== 1) continue;
    let extent: DimensionProto = '';
    const dimension = reader.message();
    while (dimension.next()) {
      if (dimension.field === 1) extent = dimension.integer();
      else if (dimension.field === 2) extent = dimension.string();
    }
    shape.push(extent);
  }
  return shape;
}
