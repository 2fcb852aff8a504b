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
      readInto(data, view, offset, stored);
      if (scale !== 1 || min !== 0) for (let i = 0; i < count; i++) data[i] = data[i] * scale + min;
      offset += count * BYTES[stored];
      weights.set(name, { shape, dtype: type, data });
    }
  }
  if (offset !== bytes.byteLength) {
    throw new ImportError(`importTfjs: expected ${offset} bytes of weights, received ${bytes.byteLength}`);
  }
  return weights;
}

/** Copies stored numbers; one tight loop per type, because these loops are most of the time to import a network. */
function readInto(
  out: Float32Array | Int32Array | Uint8Array,
  view: DataView,
  from: number,
  stored: string,
): void {
  const count = out.length;
  if (stored === 'float16') {
    const halves = float16Table();
    for (let i = 0; i < count; i++) out[i] = halves[view.getUint16(from + 2 * i, true)];
  } else if (stored === 'float32') {
    for (let i = 0; i < count; i++) out[i] = view.getFloat32(from + 4 * i, true);
  } else if (stored === 'int32') {
    for (let i = 0; i < count; i++) out[i] = view.getInt32(from + 4 * i, true);
  } else if (stored === 'uint16') {
    for (let i = 0; i < count; i++) out[i] = view.getUint16(from + 2 * i, true);
  } else {
    for (let i = 0; i < count; i++) out[i] = view.getUint8(from + i);
  }
}

let table: Float32Array | undefined;

/** All 65,536 halves, decoded once: ten times faster than decoding each weight. */
function float16Table(): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, bits) => decodeFloat16(bits));
  return table;
}
