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

/** True if `name` is an element type. */
export function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(FACTS, name);
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

/** Numbers as a typed array of `dtype`: int64 as bigint, float16 as raw bits, rounded to the nearest even. */
export function arrayFrom(dtype: DType, values: ArrayLike<number>): TypedArray {
  if (dtype === 'float16') return Uint16Array.from(values, toFloat16);
  if (dtype === 'int64') return BigInt64Array.from(values, toBigInt);
  const out = emptyArray(dtype, values.length) as Exclude<TypedArray, BigInt64Array>;
  out.set(values);
  return out;
}

function toBigInt(value: number): bigint {
  if (!Number.isInteger(value))
    throw new RangeError(`arrayFrom: expected whole numbers for int64, received ${value}`);
  return BigInt(value);
}

/** Elements of a tensor as plain numbers (int64 beyond 2^53 loses digits). */
export function numbersFrom(dtype: DType, data: TypedArray): number[] {
  if (dtype === 'float16') return Array.from(data as Uint16Array, fromFloat16);
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

/** The nearest whole number, a half to the even one. */
function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

const BITS = new DataView(new ArrayBuffer(8));

/** Raw bits of the float16 nearest to `value`, ties to even; subnormals, infinities and NaN included. */
export function toFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  BITS.setFloat64(0, value);
  const high = BITS.getUint32(0);
  const sign = (high >>> 16) & 0x8000;
  const size = Math.abs(value);
  // 65520 lies half way between the largest number and what would be the next: even is infinity.
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundHalfEven(size * 2 ** 24);
  const exponent = ((high >>> 20) & 0x7ff) - 1023;
  // A significand rounded up to 2048 carries into the exponent by itself.
  return sign | (((exponent + 15) << 10) + roundHalfEven(size * 2 ** (10 - exponent)) - 1024);
}

/** The number whose float16 bits are given. */
export function fromFloat16(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
