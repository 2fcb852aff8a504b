// Tensors as an ONNX file holds them: more element types than the engine computes in, decoded when first needed and
// without a copy where the file's alignment allows.
import type { DType, TypedArray } from '../dtype.ts';
import { ImportError } from '../imported-model.ts';
import { formatShape, sizeOf, type Shape } from '../shape.ts';
import { varintBigInt, type PackedBytes } from './protobuf-reader.ts';
import type { TensorProto } from './proto.ts';

/** Arrays that hold the values of any element type that is read. */
export type HostArray = TypedArray | Int8Array | Int16Array | Uint32Array | BigUint64Array;

interface ElementFacts {
  readonly name: string;
  readonly array: {
    readonly BYTES_PER_ELEMENT: number;
    new (length: number): HostArray;
    new (buffer: ArrayBufferLike, byteOffset: number, length: number): HostArray;
  };
  /** The engine's type with the same array, if it has one. */
  readonly dtype?: DType;
  /** Which field of TensorProto holds the values when raw_data does not. */
  readonly field: 'floats' | 'int32s' | 'int64s' | 'doubles' | 'uint64s';
}

/** Element types by TensorProto.DataType. */
const ELEMENTS: ReadonlyMap<number, ElementFacts> = new Map<number, ElementFacts>([
  [1, { name: 'float32', array: Float32Array, dtype: 'float32', field: 'floats' }],
  [2, { name: 'uint8', array: Uint8Array, field: 'int32s' }],
  [3, { name: 'int8', array: Int8Array, field: 'int32s' }],
  [4, { name: 'uint16', array: Uint16Array, field: 'int32s' }],
  [5, { name: 'int16', array: Int16Array, field: 'int32s' }],
  [6, { name: 'int32', array: Int32Array, dtype: 'int32', field: 'int32s' }],
  [7, { name: 'int64', array: BigInt64Array, dtype: 'int64', field: 'int64s' }],
  [9, { name: 'bool', array: Uint8Array, dtype: 'bool', field: 'int32s' }],
  [10, { name: 'float16', array: Uint16Array, dtype: 'float16', field: 'int32s' }],
  [11, { name: 'float64', array: Float64Array, dtype: 'float64', field: 'doubles' }],
  [12, { name: 'uint32', array: Uint32Array, field: 'uint64s' }],
  [13, { name: 'uint64', array: BigUint64Array, field: 'uint64s' }],
  [16, { name: 'bfloat16', array: Uint16Array, field: 'int32s' }],
]);

/** Names of the types that are not read at all. */
const OTHER_NAMES: ReadonlyMap<number, string> = new Map([
  [8, 'string'],
  [14, 'complex64'],
  [15, 'complex128'],
  [17, 'float8e4m3fn'],
  [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'],
  [20, 'float8e5m2fnuz'],
  [21, 'uint4'],
  [22, 'int4'],
  [23, 'float4e2m1'],
  [24, 'float8e8m0'],
  [25, 'uint2'],
  [26, 'int2'],
]);

/** A constant with its values. */
export interface HostTensor {
  readonly shape: Shape;
  /** TensorProto.DataType. */
  readonly dataType: number;
  readonly data: HostArray;
}

/** Name of an element type, for messages. */
export function elementName(dataType: number): string {
  return ELEMENTS.get(dataType)?.name ?? OTHER_NAMES.get(dataType) ?? `element type ${dataType}`;
}

/** The engine's element type, or undefined where the engine has none. */
export function engineType(dataType: number): DType | undefined {
  return ELEMENTS.get(dataType)?.dtype;
}

/** The engine's element type; an error that names the type where the engine has none. */
export function expectEngineType(dataType: number, what: string): DType {
  const dtype = engineType(dataType);
  if (dtype === undefined) {
    throw new ImportError(
      `${what} is of ${elementName(dataType)}, expected float32, float64, float16, int32, int64 or bool`,
    );
  }
  return dtype;
}

/** Number of elements of a shape from a file; refuses what no file or memory can hold. */
export function checkedSize(shape: Shape, what: string): number {
  for (const extent of shape) {
    if (extent > MAX_ELEMENTS) throw tooLarge(shape, what);
    if (!Number.isSafeInteger(extent) || extent < 0) {
      throw new ImportError(`${what}: expected whole, non-negative extents, received ${formatShape(shape)}`);
    }
  }
  const size = sizeOf(shape);
  if (size > MAX_ELEMENTS) throw tooLarge(shape, what);
  return size;
}

const tooLarge = (shape: Shape, what: string): ImportError =>
  new ImportError(`${what}: a tensor ${formatShape(shape)} is larger than ${MAX_ELEMENTS} elements`);

/** 2^31 elements: the largest count that runtimes index with 32 bits. */
export const MAX_ELEMENTS: number = 2 ** 31;

/** Bytes of a tensor's values when they are in `raw_data` form, or undefined for the typed fields. */
export type ExternalBytes = (external: ReadonlyMap<string, string>, length: number) => Uint8Array;

/** Checks that a tensor's payload has the length that its shape announces, without decoding it. */
export function checkTensor(proto: TensorProto, what: string, external?: ExternalBytes): void {
  const facts = factsOf(proto.dataType, what);
  const size = checkedSize(proto.dims, what);
  if (proto.external) {
    if (!external) throw new ImportError(`${what}: external data cannot be read here`);
    external(proto.external, size * facts.array.BYTES_PER_ELEMENT);
    return;
  }
  const { raw } = proto;
  if (raw) {
    const expected = size * facts.array.BYTES_PER_ELEMENT;
    if (raw.length !== expected) {
      throw new ImportError(
        `${what}: expected ${expected} bytes for ${facts.name}${formatShape(proto.dims)}, received ${raw.length}`,
      );
    }
    return;
  }
  const { bytes } = proto[facts.field];
  const width = FIXED_WIDTH[facts.field];
  const received = width === undefined ? countVarints(bytes) : bytes.length / width;
  if (received !== size) {
    throw new ImportError(
      `${what}: expected ${size} values for ${facts.name}${formatShape(proto.dims)}, received ${received}`,
    );
  }
}

/** Decodes a tensor's values. */
export function decodeHostTensor(proto: TensorProto, what: string, external?: ExternalBytes): HostTensor {
  checkTensor(proto, what, external);
  const facts = factsOf(proto.dataType, what);
  const size = checkedSize(proto.dims, what);
  const shape = [...proto.dims];
  const byteLength = size * facts.array.BYTES_PER_ELEMENT;
  let bytes = proto.raw;
  if (proto.external && external) bytes = external(proto.external, byteLength);
  const width = FIXED_WIDTH[facts.field];
  if (!bytes && width !== undefined) ({ bytes } = proto[facts.field]);
  const data = bytes ? viewOf(facts, bytes, size) : fromVarints(facts, proto[facts.field], size);
  return { shape, dataType: proto.dataType, data: facts.dtype === 'bool' ? normalizedBools(data) : data };
}

/** Bytes of an element in the typed fields that are not varints. */
const FIXED_WIDTH: Readonly<Partial<Record<ElementFacts['field'], number>>> = { floats: 4, doubles: 8 };

function factsOf(dataType: number, what: string): ElementFacts {
  const facts = ELEMENTS.get(dataType);
  if (!facts) throw new ImportError(`${what} is of ${elementName(dataType)}, which cannot be imported`);
  return facts;
}

/** The bytes as a typed array: a view where they are aligned, else the one copy. */
function viewOf({ array }: ElementFacts, bytes: Uint8Array, size: number): HostArray {
  if (bytes.byteOffset % array.BYTES_PER_ELEMENT === 0) {
    return new array(bytes.buffer, bytes.byteOffset, size);
  }
  // Not `slice`: Node's Buffer has one that does not copy.
  return new array(new Uint8Array(bytes).buffer, 0, size);
}

function countVarints(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte < 0x80) count++;
  return count;
}

function fromVarints({ array }: ElementFacts, packed: PackedBytes, size: number): HostArray {
  const { bytes } = packed;
  const data = new array(size);
  let start = 0;
  for (let index = 0; index < size; index++) {
    let end = start;
    while (bytes[end] >= 0x80) end++;
    end++;
    const value = varintBigInt(bytes, start, end);
    // Typed arrays wrap what does not fit, as the C readers of this format do.
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = value;
    else data[index] = Number(value);
    start = end;
  }
  return data;
}

/** Bools as 0 and 1, whatever non-zero byte the file says. */
function normalizedBools(data: HostArray): HostArray {
  const bytes = data as Uint8Array;
  return bytes.some((byte) => byte > 1) ? bytes.map((byte) => (byte === 0 ? 0 : 1)) : bytes;
}
