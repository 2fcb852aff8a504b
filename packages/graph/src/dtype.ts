// Element types: one table for TypeScript's arrays, ONNX's numbers and sizes, so that no other file repeats it.

/** Element type of a tensor. float16 values travel as their raw bits; bool as 0 and 1. */
export type DType = 'float32' | 'float64' | 'float16' | 'int32' | 'int64' | 'bool';

/** Typed arrays that carry tensor values in and out of a program. */
export type TypedArray = Float32Array | Float64Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array;

/** The typed array of each element type. */
export interface TypedArrayOf {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly float16: Uint16Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly bool: Uint8Array;
}

interface DTypeFacts {
  /** TensorProto.DataType. */
  readonly onnx: number;
  readonly array: { readonly BYTES_PER_ELEMENT: number; new (length: number): TypedArray };
  readonly float: boolean;
}

const FACTS: Readonly<Record<DType, DTypeFacts>> = {
  float32: { onnx: 1, array: Float32Array, float: true },
  float64: { onnx: 11, array: Float64Array, float: true },
  float16: { onnx: 10, array: Uint16Array, float: true },
  int32: { onnx: 6, array: Int32Array, float: false },
  int64: { onnx: 7, array: BigInt64Array, float: false },
  bool: { onnx: 9, array: Uint8Array, float: false },
};

/** ONNX's number of an element type (TensorProto.DataType). */
export function onnxDataType(dtype: DType): number {
  return FACTS[dtype].onnx;
}

/** True for the floating-point types, the only ones that carry gradients. */
export function isFloat(dtype: DType): boolean {
  return FACTS[dtype].float;
}

/** A zero-filled array of `length` elements. */
export function emptyArray(dtype: DType, length: number): TypedArray {
  return new FACTS[dtype].array(length);
}

/** True if `array` is the typed array that belongs to `dtype`. */
export function isArrayOf(dtype: DType, array: unknown): array is TypedArray {
  return array instanceof FACTS[dtype].array;
}

/** Numbers as a typed array of `dtype` (int64 as bigint; float16 is not converted here). */
export function arrayFrom(dtype: DType, values: ArrayLike<number>): TypedArray {
  if (dtype === 'float16') {
    throw new TypeError(
      'arrayFrom: float16 constants are given as raw bits in a Uint16Array, not as numbers',
    );
  }
  if (dtype === 'int64') return BigInt64Array.from(Array.from(values, (value) => BigInt(value)));
  const out = emptyArray(dtype, values.length) as Exclude<TypedArray, BigInt64Array>;
  out.set(values);
  return out;
}
