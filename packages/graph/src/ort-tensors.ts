// Between our tensors and those of ONNX Runtime's JavaScript API, which onnxruntime-node and onnxruntime-web share.
import type { Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-common';
import type { DeviceTensor } from './device-tensor.ts';
import type { DType, TypedArray } from './dtype.ts';
import type { RuntimeTensor } from './runtime.ts';

type OrtTensors = Record<string, OrtTensor>;
type Given = Readonly<Record<string, RuntimeTensor | DeviceTensor>>;

/** True for memory shared between threads, which the native bindings do not take. */
function isShared(data: TypedArray): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && data.buffer instanceof SharedArrayBuffer;
}

/** Tensors that refer to the same memory, or to a copy where it is shared between threads. */
export function toOrt(Tensor: TensorConstructor, tensors: Given): OrtTensors {
  const out: OrtTensors = {};
  for (const name in tensors) {
    const tensor = tensors[name];
    if (!('data' in tensor)) {
      // Each build of ONNX Runtime has a class of its own, by which it knows its own device tensors.
      const { ort } = tensor as DeviceTensor & { readonly ort?: OrtTensor };
      if (!ort || !(ort instanceof Tensor)) {
        throw new TypeError(`Program.run: '${name}' is a device tensor of another runtime`);
      }
      out[name] = ort;
      continue;
    }
    const { data, shape, dtype } = tensor;
    out[name] = new Tensor(dtype, (isShared(data) ? data.slice() : data) as Float32Array, shape);
  }
  return out;
}

/** Which outputs to compute: into the given array, or (null) into a new one. */
export function toFetches(
  Tensor: TensorConstructor,
  names: readonly string[],
  given: Given,
): Record<string, OrtTensor | null> {
  const fetches: Record<string, OrtTensor | null> = toOrt(Tensor, given);
  for (const name of names) fetches[name] ??= null;
  return fetches;
}

/** Results as our tensors: float16 as raw bits whether or not the engine has Float16Array. */
export function fromOrt(
  results: Readonly<Record<string, OrtTensor>>,
  given: Given = {},
): Record<string, RuntimeTensor> {
  const outputs: Record<string, RuntimeTensor> = {};
  for (const name in results) {
    const wanted = given[name] as RuntimeTensor | DeviceTensor | undefined;
    if (wanted && !('data' in wanted)) continue;
    const { data, dims, type } = results[name];
    // What ONNX Runtime returns for a given array is a copy; only shared memory has not been written yet.
    if (wanted && isShared(wanted.data)) (wanted.data as Float32Array).set(data as Float32Array);
    outputs[name] = wanted ?? { data: rawBits(data as TypedArray), shape: dims, dtype: type as DType };
  }
  return outputs;
}

function rawBits(data: TypedArray): TypedArray {
  if ((data as ArrayBufferView & { [Symbol.toStringTag]: string })[Symbol.toStringTag] !== 'Float16Array') {
    return data;
  }
  return new Uint16Array(data.buffer, data.byteOffset, data.length);
}
