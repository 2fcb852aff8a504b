// What of onnx.proto the import reads, as plain data (field names after onnx.proto).
import type { PackedBytes } from './protobuf-reader.ts';

/** A tensor as the file has it; nothing is decoded yet, large payloads are views of the file. */
export interface TensorProto {
  readonly name: string;
  readonly dims: readonly number[];
  /** TensorProto.DataType. */
  readonly dataType: number;
  readonly raw: Uint8Array | undefined;
  /** float_data, int32_data, int64_data, double_data, uint64_data in packed form. */
  readonly floats: PackedBytes;
  readonly int32s: PackedBytes;
  readonly int64s: PackedBytes;
  readonly doubles: PackedBytes;
  readonly uint64s: PackedBytes;
  /** external_data, when data_location says so. */
  readonly external: ReadonlyMap<string, string> | undefined;
}

/** One attribute of a node; `type` is AttributeProto.AttributeType. */
export interface AttributeProto {
  readonly name: string;
  readonly type: number;
  readonly f: number;
  readonly i: number;
  readonly s: string;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly strings: readonly string[];
  readonly tensor: TensorProto | undefined;
  readonly graph: GraphProto | undefined;
  /** Name of the attribute of the enclosing function that this one stands for, or ''. */
  readonly reference: string;
}

export interface NodeProto {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  /** Which of several functions of one name, or ''. */
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeProto>;
}

/** One extent: a number, a symbol, or unknown (''). */
export type DimensionProto = number | string;

export interface ValueInfoProto {
  readonly name: string;
  /** What the value is: only tensors can be imported. */
  readonly kind: 'tensor' | 'sparse tensor' | 'sequence' | 'map' | 'optional' | 'unknown';
  readonly dataType: number;
  /** Undefined where the file gives no shape. */
  readonly shape: readonly DimensionProto[] | undefined;
}

export interface GraphProto {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  /** Names of sparse initializers, which are not read. */
  readonly sparse: readonly string[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
}

export interface FunctionProto {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes with a default. */
  readonly defaults: ReadonlyMap<string, AttributeProto>;
  readonly nodes: readonly NodeProto[];
  readonly opsets: ReadonlyMap<string, number>;
}

export interface ModelProto {
  readonly irVersion: number;
  readonly producer: string;
  readonly graph: GraphProto;
  /** Version by domain; '' is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Model-local functions by `functionKey`. */
  readonly functions: ReadonlyMap<string, FunctionProto>;
}

/** Under what a model's function is kept, and looked up for a node. */
export function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain, name, overload]);
}
