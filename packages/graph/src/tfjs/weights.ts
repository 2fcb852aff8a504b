// TF.js weights: one binary of tensors in manifest order, plain or quantised to float16, uint8 or uint16.
import { emptyArray, type DType, type TypedArray } from '../dtype.ts';
import { ImportError } from '../imported-model.ts';
import { sizeOf } from '../shape.ts';
import { expectArray, expectObject, expectString } from './graph-def.ts';

/** A decoded weight. */
export interface TfWeight {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: TypedArray;
}

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  uint8: 1,
  bool: 1,
  float16: 2,
  uint16: 2,
};

/** IEEE 754 half to single precision, exact. */
export function decodeFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Decodes every tensor of the manifest; `bytes` is the concatenation of all its paths, in order. */
export function decodeWeights(manifest: unknown, bytes: ArrayBuffer): Map<string, TfWeight> {
  const weights = new Map<string, TfWeight>();
  const view = new DataView(bytes);
  let offset = 0;
  for (const group of expectArray(manifest, 'weightsManifest')) {
    for (const item of expectArray(expectObject(group, 'a weight group')['weights'], 'weights')) {
      const spec = expectObject(item, 'a weight');
      const name = expectString(spec['name'], 'a weight name');
      const shape = expectArray(spec['shape'], `shape of weight '${name}'`).map(Number);
      const dtype = expectString(spec['dtype'], `dtype of weight '${name}'`);
      const quantization = spec['quantization'] as
        { readonly dtype?: unknown; readonly scale?: unknown; readonly min?: unknown } | undefined;
      const stored = quantization ? expectString(quantization.dtype, `quantisation of '${name}'`) : dtype;
      if (!(stored in BYTES) || !['float32', 'int32', 'bool', 'uint8'].includes(dtype)) {
        throw new ImportError(
          `importTfjs: weight '${name}' has type ${dtype} stored as ${stored}, which is not supported`,
        );
      }
      const count = sizeOf(shape);
      if (!Number.isSafeInteger(count) || count < 0 || offset + count * BYTES[stored] > bytes.byteLength) {
        throw new ImportError(
          `importTfjs: weight '${name}' ends at byte ${offset + count * BYTES[stored]}, but there are ${bytes.byteLength}`,
        );
      }
      const type: DType = dtype === 'float32' ? 'float32' : dtype === 'bool' ? 'bool' : 'int32';
      const data = emptyArray(type, count) as Float32Array | Int32Array | Uint8Array;
      const scale = quantization?.scale === undefined ? 1 : Number(quantization.scale);
      const min = quantization?.min === undefined ? 0 : Number(quantization.min);
      const read = reader(view, stored);
      for (let i = 0; i < count; i++) data[i] = read(offset + i * BYTES[stored]) * scale + min;
      offset += count * BYTES[stored];
      weights.set(name, { shape, dtype: type, data });
    }
  }
  if (offset !== bytes.byteLength) {
    throw new ImportError(`importTfjs: expected ${offset} bytes of weights, received ${bytes.byteLength}`);
  }
  return weights;
}

function reader(view: DataView, stored: string): (at: number) => number {
  if (stored === 'float32') return (at) => view.getFloat32(at, true);
  if (stored === 'int32') return (at) => view.getInt32(at, true);
  if (stored === 'float16') return (at) => decodeFloat16(view.getUint16(at, true));
  if (stored === 'uint16') return (at) => view.getUint16(at, true);
  return (at) => view.getUint8(at);
}
